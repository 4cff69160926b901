"""Tunings of real models on data that scikit-learn brings; the optimum is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from quality import sklearn_models as models
from quality.problem import Klass, Listed, Problem, space_of
from quality.sklearn_models import Maker
from quality.sklearn_scores import DataSet, make_score

from boxwright.terms import Config

SVC = """
C = { type = "float", lower = 1e-3, upper = 1e3, log = true }
kernel = { type = "categorical", choices = ["linear", "poly", "rbf", "sigmoid"] }
gamma = { type = "float", lower = 1e-5, upper = 10, log = true, when = "kernel in {poly, rbf, sigmoid}" }
degree = { type = "int", lower = 2, upper = 5, when = "kernel == poly" }
coef0 = { type = "float", lower = -1, upper = 1, when = "kernel in {poly, sigmoid}" }
shrinking = { type = "categorical", choices = [true, false] }
"""

MLP = """
layers = { type = "int", lower = 1, upper = 3 }
width1 = { type = "int", lower = 4, upper = 64, log = true }
width2 = { type = "int", lower = 4, upper = 64, log = true, when = "layers > 1" }
width3 = { type = "int", lower = 4, upper = 64, log = true, when = "layers > 2" }
activation = { type = "categorical", choices = ["relu", "tanh", "logistic"] }
solver = { type = "categorical", choices = ["adam", "sgd"] }
momentum = { type = "float", lower = 0, upper = 0.99, when = "solver == sgd" }
rate = { type = "float", lower = 1e-4, upper = 0.3, log = true }
alpha = { type = "float", lower = 1e-6, upper = 1, log = true }
batch = { type = "ordinal", sequence = [16, 32, 64, 128] }
"""

CHOICE = """
scaler = { type = "categorical", choices = ["standard", "robust", "none"] }
model = { type = "categorical", choices = ["svm", "neighbours", "forest", "linear"] }
svm_C = { type = "float", lower = 1e-3, upper = 1e3, log = true, when = "model == svm" }
svm_gamma = { type = "float", lower = 1e-5, upper = 10, log = true, when = "model == svm" }
neighbours_k = { type = "int", lower = 1, upper = 40, log = true, when = "model == neighbours" }
neighbours_weights = { type = "categorical", choices = ["uniform", "distance"], when = "model == neighbours" }
neighbours_p = { type = "float", lower = 1, upper = 4, when = "model == neighbours" }
forest_trees = { type = "int", lower = 3, upper = 40, log = true, when = "model == forest" }
forest_features = { type = "float", lower = 0.05, upper = 1, when = "model == forest" }
forest_leaf = { type = "int", lower = 1, upper = 20, log = true, when = "model == forest" }
linear_alpha = { type = "float", lower = 1e-5, upper = 1e3, log = true, when = "model == linear" }
forbidden = ["{model=svm, scaler=none}"]
"""

BOOSTING = """
rate = { type = "float", lower = 0.01, upper = 1, log = true }
trees = { type = "int", lower = 5, upper = 80, log = true }
depth = { type = "int", lower = 1, upper = 6 }
leaf = { type = "int", lower = 1, upper = 30, log = true }
subsample = { type = "float", lower = 0.3, upper = 1 }
features = { type = "ordinal", sequence = [0.1, 0.2, 0.4, 0.7, 1.0] }
"""

FOREST = """
kind = { type = "categorical", choices = ["forest", "extra"] }
trees = { type = "int", lower = 3, upper = 40, log = true }
features = { type = "float", lower = 0.05, upper = 1 }
leaf = { type = "int", lower = 1, upper = 20, log = true }
split = { type = "int", lower = 2, upper = 20, log = true }
bootstrap = { type = "categorical", choices = [true, false] }
"""

SVR = """
C = { type = "float", lower = 1e-2, upper = 1e4, log = true }
gamma = { type = "float", lower = 1e-5, upper = 10, log = true }
epsilon = { type = "float", lower = 1e-3, upper = 1, log = true }
"""

RBF = """
C = { type = "float", lower = 1e-3, upper = 1e3, log = true }
gamma = { type = "float", lower = 1e-5, upper = 10, log = true }
"""

KERNEL = """
alpha = { type = "float", lower = 1e-6, upper = 1e2, log = true }
gamma = { type = "float", lower = 1e-5, upper = 10, log = true }
"""

_C, _M, _S = Klass.CONDITIONAL, Klass.MIXED, Klass.SMOOTH
_LISTED: tuple[tuple[str, Klass, bool, str, Maker, DataSet], ...] = (
    ("svc-digits", _C, False, SVC, models.svc, DataSet("digits", 400)),
    ("mlp-wine", _C, False, MLP, models.mlp, DataSet("wine", 178)),
    ("choice-breast", _C, False, CHOICE, models.choice, DataSet("breast_cancer", 300)),
    ("choice-diabetes", _C, False, CHOICE, models.choice, DataSet("diabetes", 300)),
    ("svc-breast", _C, True, SVC, models.svc, DataSet("breast_cancer", 300)),
    ("mlp-digits", _C, True, MLP, models.mlp, DataSet("digits", 300)),
    ("choice-wine", _C, True, CHOICE, models.choice, DataSet("wine", 178)),
    ("boosting-diabetes", _M, False, BOOSTING, models.boosting, DataSet("diabetes", 300)),
    ("forest-digits", _M, False, FOREST, models.forest, DataSet("digits", 400)),
    ("boosting-breast", _M, True, BOOSTING, models.boosting, DataSet("breast_cancer", 300)),
    ("svr-diabetes", _S, False, SVR, models.svr, DataSet("diabetes", 442)),
    ("rbf-digits", _S, False, RBF, models.svc, DataSet("digits", 400)),
    ("kernel-diabetes", _S, True, KERNEL, models.kernel_ridge, DataSet("diabetes", 442)),
)


def sklearn() -> Iterator[Listed]:
    """Yield the problems of this module."""
    for name, klass, held_back, text, maker, data in _LISTED:
        yield Listed(f"sklearn/{name}", klass, held_back, partial(_tuning, text, maker, data))
    noisy = partial(_tuning, SVC, models.svc, DataSet("digits", 400), noise_share=0.1)
    yield Listed("sklearn-noise/svc-digits", Klass.NOISY, False, noisy)


def _tuning(text: str, maker: Maker, data: DataSet, noise_share: float = 0.0) -> Problem:
    evaluate = partial(_evaluate, maker, data)
    return Problem(space_of(text), evaluate, noise_share=noise_share, is_slow=True)


def _evaluate(maker: Maker, data: DataSet, config: Config) -> float | None:
    return make_score(data)(lambda: maker(config, data.is_regression))
