"""Conditions and forbidden clauses → functions of many rows at once; see ``columns`` for what a row is.

What an inactive parameter is compared with does not hold: its NaN is neither equal to anything nor unequal.

Values are compared, not places: in a wide range the places of many values lie as close together as rounding brings
those of one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from ConfigSpace import (
    AndConjunction,
    EqualsCondition,
    GreaterThanCondition,
    InCondition,
    LessThanCondition,
    NotEqualsCondition,
    OrConjunction,
)
from ConfigSpace.conditions import ConditionLike
from ConfigSpace.forbidden import (
    ForbiddenAndConjunction,
    ForbiddenEqualsClause,
    ForbiddenInClause,
    ForbiddenLike,
    ForbiddenOrConjunction,
)
from numpy.typing import NDArray

from boxwright.space.forbidden import mentioned
from boxwright.space.logic import forbidden_test

if TYPE_CHECKING:
    from boxwright.propose.search.columns import Column, Columns

Rule: TypeAlias = Callable[[NDArray[np.float64]], NDArray[np.bool_]]


def condition_rule(condition: ConditionLike, index: Mapping[str, int], columns: Sequence[Column]) -> Rule:
    """Return what says in which rows a condition holds."""
    if isinstance(condition, AndConjunction | OrConjunction):
        parts = [condition_rule(part, index, columns) for part in condition.components]
        return _combined(parts, np.logical_and if isinstance(condition, AndConjunction) else np.logical_or)
    compared: Any = condition
    j = index[compared.parent.name]
    column = columns[j]
    if isinstance(condition, InCondition):
        return _among(j, column, condition.values)
    if isinstance(condition, EqualsCondition):
        return _among(j, column, [compared.value])
    number = column.number_of(_plain(compared.value))
    if isinstance(condition, NotEqualsCondition):
        return lambda rows: _unequal(column.exact(rows[:, j]), number)
    if isinstance(condition, LessThanCondition):
        return lambda rows: column.exact(rows[:, j]) < number
    assert isinstance(condition, GreaterThanCondition)
    return lambda rows: column.exact(rows[:, j]) > number


def forbidden_rule(clause: ForbiddenLike, index: Mapping[str, int], columns: Columns) -> Rule:
    """Return what says which rows a clause forbids; the rarer kinds are asked row by row."""
    if isinstance(clause, ForbiddenAndConjunction | ForbiddenOrConjunction):
        parts = [forbidden_rule(part, index, columns) for part in clause.components]
        return _combined(parts, np.logical_and if isinstance(clause, ForbiddenAndConjunction) else np.logical_or)
    single: Any = clause
    if isinstance(clause, ForbiddenEqualsClause):
        j = index[single.hyperparameter.name]
        return _among(j, columns.columns[j], [single.value])
    if isinstance(clause, ForbiddenInClause):
        j = index[single.hyperparameter.name]
        return _among(j, columns.columns[j], single.values)
    test, names = forbidden_test(clause), sorted(mentioned(clause))
    places = [index[name] for name in names]

    def row_by_row(rows: NDArray[np.float64]) -> NDArray[np.bool_]:
        found = np.zeros(len(rows), dtype=bool)
        active = np.flatnonzero(~np.isnan(rows[:, places]).any(axis=1))
        cells = zip(*(columns.columns[j].values_at(rows[active, j]) for j in places), strict=True)
        found[active] = [test(dict(zip(names, values, strict=True))) for values in cells]
        return found

    return row_by_row


def _combined(parts: Sequence[Rule], combine: np.ufunc) -> Rule:
    return lambda rows: reduce(combine, [part(rows) for part in parts])


def _among(j: int, column: Column, values: Sequence[Any]) -> Rule:
    numbers = np.array([column.number_of(_plain(value)) for value in values])
    return lambda rows: (column.exact(rows[:, j])[:, None] == numbers).any(axis=1)


def _unequal(numbers: NDArray[np.float64], number: float) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (numbers < number) | (numbers > number)  # unlike "!=", false for NaN
    return found


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
