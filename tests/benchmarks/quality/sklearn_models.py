"""Configuration → an unfitted model of scikit-learn, for each of the spaces in ``problems_sklearn``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from boxwright.terms import Config

Maker: TypeAlias = Callable[[Config, bool], Any]
"""Takes a configuration and whether the target is a number."""

MLP_EPOCHS = 15


def svc(config: Config, is_regression: bool) -> Any:
    """Return a support vector classifier behind a scaler."""
    from sklearn.svm import SVC

    assert not is_regression
    # Without a limit on iterations a few corners of the space take minutes.
    return _scaled(SVC(**dict(config), max_iter=5000, random_state=0))


def svr(config: Config, is_regression: bool) -> Any:
    """Return a support vector regression behind a scaler."""
    from sklearn.svm import SVR

    assert is_regression
    return _scaled(SVR(**dict(config), max_iter=5000))


def kernel_ridge(config: Config, is_regression: bool) -> Any:
    """Return a ridge regression with an RBF kernel behind a scaler."""
    from sklearn.kernel_ridge import KernelRidge

    assert is_regression
    return _scaled(KernelRidge(kernel="rbf", **dict(config)))


def mlp(config: Config, is_regression: bool) -> Any:
    """Return a perceptron of one to three hidden layers."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    widths = tuple(int(config[f"width{layer}"]) for layer in range(1, int(config["layers"]) + 1))
    return _scaled(
        (MLPRegressor if is_regression else MLPClassifier)(
            hidden_layer_sizes=widths,
            activation=config["activation"],
            solver=config["solver"],
            momentum=config.get("momentum", 0.9),
            learning_rate_init=config["rate"],
            alpha=config["alpha"],
            batch_size=config["batch"],
            max_iter=MLP_EPOCHS,
            random_state=0,
        )
    )


def network(config: Config, is_regression: bool) -> Any:
    """Return a perceptron whose layers are all of one width, trained by Adam."""
    width = int(config["width"])
    widths = {f"width{layer}": width for layer in range(1, int(config["layers"]) + 1)}
    return mlp({**config, **widths, "solver": "adam"}, is_regression)


def boosting(config: Config, is_regression: bool) -> Any:
    """Return gradient-boosted trees."""
    from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

    return (GradientBoostingRegressor if is_regression else GradientBoostingClassifier)(
        learning_rate=config["rate"],
        n_estimators=config["trees"],
        max_depth=config["depth"],
        min_samples_leaf=config["leaf"],
        subsample=config["subsample"],
        max_features=config["features"],
        random_state=0,
    )


def forest(config: Config, is_regression: bool) -> Any:
    """Return a forest of one of two kinds."""
    from sklearn import ensemble

    kind = "RandomForest" if config.get("kind", "forest") == "forest" else "ExtraTrees"
    return getattr(ensemble, f"{kind}{'Regressor' if is_regression else 'Classifier'}")(
        n_estimators=config.get("trees", 20),
        max_features=config["features"],
        min_samples_leaf=config["leaf"],
        min_samples_split=config.get("split", 2),
        bootstrap=config.get("bootstrap", True),
        max_depth=config.get("depth"),
        random_state=0,
        **({"criterion": config["criterion"]} if "criterion" in config else {}),
    )


def choice(config: Config, is_regression: bool) -> Any:
    """Return one of four models with parameters of its own, behind a scaler of choice."""
    name = str(config["model"])
    own = {key.removeprefix(f"{name}_"): value for key, value in config.items() if key.startswith(f"{name}_")}
    model = {"svm": _svm, "neighbours": _neighbours, "forest": forest, "linear": _linear}[name](own, is_regression)
    return _scaled(model, str(config["scaler"]))


def _svm(config: Config, is_regression: bool) -> Any:
    from sklearn.svm import SVC, SVR

    return (SVR(max_iter=5000) if is_regression else SVC(max_iter=5000, random_state=0)).set_params(**dict(config))


def _neighbours(config: Config, is_regression: bool) -> Any:
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    return (KNeighborsRegressor if is_regression else KNeighborsClassifier)(
        n_neighbors=config["k"], weights=config["weights"], p=config["p"]
    )


def _linear(config: Config, is_regression: bool) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge

    if is_regression:
        return Ridge(alpha=config["alpha"])
    return LogisticRegression(C=1 / float(config["alpha"]), max_iter=200)


def _scaled(model: Any, scaler: str = "standard") -> Any:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import RobustScaler, StandardScaler

    steps = {"none": [], "standard": [StandardScaler()], "robust": [RobustScaler()]}[scaler]
    return make_pipeline(*steps, model)
