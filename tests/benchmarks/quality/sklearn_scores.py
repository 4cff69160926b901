"""What a tuning costs: cross-validated loss of a model on a sample of a bundled data set."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

FOLDS = 3
_LOSS_LIMIT = 20.0
"""An iteration that diverges gives an absurd loss; one limit for all keeps the medians of problems sane."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """A bundled data set and how many of its rows are used."""

    name: str
    rows: int

    @property
    def is_regression(self) -> bool:
        """Whether the target is a number."""
        return self.name == "diabetes"


@functools.cache
def make_score(data: DataSet, *, is_stepped: bool = False) -> Callable[[Callable[[], Any]], float | None]:
    """Return a function that says what a model costs: log-loss-like for classes, relative squared error for numbers.

    Folds are drawn once and the same for all, so that the cost of a configuration is one number.

    Args:
        is_stepped: For classes, the share of errors alone, which has few levels.
    """
    loss = partial(_errors if is_stepped else _loss, data)
    x, y = _load(data)
    folds = _folds(y, data)

    def score(make_model: Callable[[], Any]) -> float | None:
        losses = []
        for train, test in folds:
            model = make_model()
            try:
                model.fit(x[train], y[train])
                losses.append(loss(model, x[test], y[test]))
            except (ValueError, FloatingPointError):
                return None
        mean = float(np.mean(losses))
        return min(mean, _LOSS_LIMIT) if math.isfinite(mean) else _LOSS_LIMIT

    return score


def _load(data: DataSet) -> tuple[Any, Any]:
    from sklearn import datasets
    from sklearn.utils import resample

    x, y = getattr(datasets, f"load_{data.name}")(return_X_y=True)
    if data.is_regression:
        y = (y - y.mean()) / y.std()
    rows = min(data.rows, len(x))
    x, y = resample(x, y, n_samples=rows, replace=False, random_state=0, stratify=None if data.is_regression else y)
    return x, y


def _folds(y: Any, data: DataSet) -> list[tuple[Any, Any]]:
    from sklearn.model_selection import KFold, StratifiedKFold

    splitter = (KFold if data.is_regression else StratifiedKFold)(FOLDS, shuffle=True, random_state=0)
    return list(splitter.split(np.zeros(len(y)), y))


def _loss(data: DataSet, model: Any, x: Any, y: Any) -> float:
    if data.is_regression:
        with np.errstate(over="ignore"):
            return float(np.mean((model.predict(x) - y) ** 2))
    # The share of errors has few levels; a smooth hundredth tells apart what errs equally often.
    return _errors(data, model, x, y) + 0.01 * _doubt(model, x, y)


def _errors(data: DataSet, model: Any, x: Any, y: Any) -> float:
    assert not data.is_regression
    return float(np.mean(model.predict(x) != y))


def _doubt(model: Any, x: Any, y: Any) -> float:
    """Return a number in [0, 1] that falls with the confidence in the true class."""
    rows, true = np.arange(len(y)), np.searchsorted(model.classes_, y)
    if hasattr(model, "predict_proba"):
        return float(np.mean(1 - np.asarray(model.predict_proba(x))[rows, true]))
    scores = np.asarray(model.decision_function(x))
    if scores.ndim == 1:
        scores = np.column_stack([-scores, scores])
    others = scores.copy()
    others[rows, true] = -np.inf
    margin = np.clip(scores[rows, true] - others.max(axis=1), -30, 30)
    return float(np.mean(1 / (1 + np.exp(margin))))
