"""Tables: real models on bundled data over finite grids, where costs have few levels and many configurations tie."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from quality import sklearn_models as models
from quality.problem import Klass, Listed, Problem, space_of
from quality.sklearn_models import Maker
from quality.sklearn_scores import DataSet, make_score

from boxwright.terms import Config


def _grid(name: str, values: list[float]) -> str:
    return f'{name} = {{ type = "ordinal", sequence = {values} }}\n'


_POWERS = [2.0**exponent for exponent in range(-10, 11)]

SVM = _grid("C", _POWERS) + _grid("gamma", _POWERS)

FOREST = (
    _grid("depth", [1, 2, 3, 5, 8, 13, 20, 30])
    + _grid("features", [0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.85, 1.0])
    + _grid("leaf", [1, 2, 3, 5, 8, 13, 20])
    + _grid("split", [2, 4, 8, 16, 32])
    + 'kind = { type = "categorical", choices = ["forest", "extra"] }\n'
    + 'criterion = { type = "categorical", choices = ["gini", "entropy"] }\n'
)

BOOSTING = (
    _grid("rate", [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0])
    + _grid("trees", [5, 10, 20, 40, 80])
    + 'depth = { type = "int", lower = 1, upper = 6 }\n'
    + _grid("leaf", [1, 2, 5, 10, 20, 40])
    + _grid("subsample", [0.3, 0.5, 0.7, 0.85, 1.0])
    + _grid("features", [0.1, 0.2, 0.4, 0.7, 1.0])
)

NETWORK = (
    'layers = { type = "int", lower = 1, upper = 3 }\n'
    + _grid("width", [4, 8, 16, 32, 64, 128])
    + _grid("batch", [8, 16, 32, 64, 128])
    + _grid("alpha", [10.0**exponent for exponent in range(-7, 1)])
    + _grid("rate", [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1])
    + 'activation = { type = "categorical", choices = ["relu", "tanh", "logistic"] }\n'
)

_LISTED: tuple[tuple[str, bool, str, Maker, DataSet], ...] = (
    ("svm-digits", False, SVM, models.svc, DataSet("digits", 400)),
    ("forest-breast", False, FOREST, models.forest, DataSet("breast_cancer", 300)),
    ("network-wine", False, NETWORK, models.network, DataSet("wine", 178)),
    ("svm-wine", True, SVM, models.svc, DataSet("wine", 178)),
    ("boosting-wine", True, BOOSTING, models.boosting, DataSet("wine", 178)),
    ("network-digits", True, NETWORK, models.network, DataSet("digits", 300)),
    ("forest-digits", True, FOREST, models.forest, DataSet("digits", 300)),
)


def tables() -> Iterator[Listed]:
    """Yield the problems of this module."""
    for name, held_back, text, maker, data in _LISTED:
        yield Listed(f"tables/{name}", Klass.TABULAR, held_back, partial(_table, text, maker, data))


def _table(text: str, maker: Maker, data: DataSet) -> Problem:
    return Problem(space_of(text), partial(_evaluate, maker, data), is_slow=True)


def _evaluate(maker: Maker, data: DataSet, config: Config) -> float | None:
    return make_score(data, is_stepped=True)(lambda: maker(config, data.is_regression))
