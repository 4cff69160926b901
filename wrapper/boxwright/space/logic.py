"""Conditions and forbidden clauses → plain functions of plain values.

ConfigSpace checks vectors of a whole Configuration; a design of 100,000 points asks 100,000 times and wants plain
values. An inactive parameter is simply absent from the values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

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
    ForbiddenEqualsRelation,
    ForbiddenGreaterThanClause,
    ForbiddenGreaterThanEqualsClause,
    ForbiddenGreaterThanEqualsRelation,
    ForbiddenGreaterThanRelation,
    ForbiddenInClause,
    ForbiddenLessThanClause,
    ForbiddenLessThanEqualsClause,
    ForbiddenLessThanEqualsRelation,
    ForbiddenLessThanRelation,
    ForbiddenLike,
    ForbiddenOrConjunction,
    ForbiddenRelation,
)
from ConfigSpace.hyperparameters import Hyperparameter

from boxwright.errors import SpaceError
from boxwright.space.arithmetic import COMPARISONS
from boxwright.space.domain import domain_of
from boxwright.space.forbidden import ForbiddenExpression
from boxwright.terms import Config

Test: TypeAlias = Callable[[Config], bool]

_MISSING = object()

# the class that says "or equal" inherits from the one that does not, so it stands before it
_RELATIONS: tuple[tuple[type, str], ...] = (
    (ForbiddenLessThanEqualsRelation, "<="),
    (ForbiddenGreaterThanEqualsRelation, ">="),
    (ForbiddenLessThanRelation, "<"),
    (ForbiddenGreaterThanRelation, ">"),
    (ForbiddenEqualsRelation, "=="),
)
_CLAUSES: tuple[tuple[type, str], ...] = (
    (ForbiddenLessThanEqualsClause, "<="),
    (ForbiddenGreaterThanEqualsClause, ">="),
    (ForbiddenLessThanClause, "<"),
    (ForbiddenGreaterThanClause, ">"),
)


def condition_test(condition: ConditionLike) -> Test:
    """Return what says whether a condition holds for the active parameters' values."""
    if isinstance(condition, AndConjunction | OrConjunction):
        parts = [condition_test(part) for part in condition.components]
        combine = all if isinstance(condition, AndConjunction) else any
        return lambda values: combine(part(values) for part in parts)
    name = condition.parent.name  # type: ignore[union-attr]
    if isinstance(condition, InCondition):
        wanted = list(condition.values)
        return lambda values: values.get(name, _MISSING) in wanted
    value = condition.value  # type: ignore[union-attr]
    if isinstance(condition, EqualsCondition):
        return lambda values: values.get(name, _MISSING) == value
    if isinstance(condition, NotEqualsCondition):
        return lambda values: name in values and values[name] != value
    if isinstance(condition, LessThanCondition | GreaterThanCondition):
        return _compared(condition.parent, "<" if isinstance(condition, LessThanCondition) else ">", value)
    raise SpaceError(f"a condition of a kind that is not known here: {condition}.")


def forbidden_test(clause: ForbiddenLike) -> Test:
    """Return what says whether a clause forbids the active parameters' values."""
    if isinstance(clause, ForbiddenExpression):
        names, test = clause.predicate.names, clause.predicate.test
        return lambda values: all(name in values for name in names) and test(values)
    if isinstance(clause, ForbiddenAndConjunction | ForbiddenOrConjunction):
        parts = [forbidden_test(part) for part in clause.components]
        combine = all if isinstance(clause, ForbiddenAndConjunction) else any
        return lambda values: combine(part(values) for part in parts)
    if isinstance(clause, ForbiddenRelation):
        return _related(clause)
    if isinstance(clause, ForbiddenEqualsClause):
        name, value = clause.hyperparameter.name, clause.value
        return lambda values: values.get(name, _MISSING) == value
    if isinstance(clause, ForbiddenInClause):
        name, wanted = clause.hyperparameter.name, list(clause.values)
        return lambda values: values.get(name, _MISSING) in wanted
    for kind, operator in _CLAUSES:
        if isinstance(clause, kind):
            comparison: Any = clause
            return _compared(comparison.hyperparameter, operator, comparison.value)
    raise SpaceError(f"a forbidden clause of a kind that is not known here: {clause}.")


def _compared(parameter: Hyperparameter[Any, Any], operator: str, value: Any) -> Test:
    """Compare a parameter with a value: numbers as such, ordinals by their place in the order."""
    name, holds, domain = parameter.name, COMPARISONS[operator], domain_of(parameter)
    if domain.kind != "choices":
        return lambda values: name in values and holds(values[name], value)
    places: Mapping[object, int] = {choice: place for place, choice in enumerate(domain.values)}
    limit = places[value]
    return lambda values: name in values and holds(places[values[name]], limit)


def _related(clause: ForbiddenRelation) -> Test:
    left, right = clause.left.name, clause.right.name
    operator = next(operator for kind, operator in _RELATIONS if isinstance(clause, kind))
    kinds = {_kind(clause.left), _kind(clause.right)}
    if len(kinds) > 1 or "mixed" in kinds:
        raise SpaceError(f"{left} {operator} {right}: the values of the two cannot be compared.")
    holds = COMPARISONS[operator]
    return lambda values: left in values and right in values and holds(values[left], values[right])


def _kind(parameter: Hyperparameter[Any, Any]) -> str:
    domain = domain_of(parameter)
    texts = [isinstance(value, str) for value in domain.values]
    return "numbers" if not any(texts) else "texts" if all(texts) else "mixed"
