"""ConfigSpace's conditions, with four corrections, and the reader of their PCS text.

What ConfigSpace 1.2 gets wrong, and what matters as soon as configurations travel between processes as plain
values: ``!=`` holds for an inactive parent when it looks at vectors but not when it looks at values; ``==`` on a
log integer may miss by one unit in the last place; all of them look at a real value before it is
rounded; an AND and an OR of the same parts are taken for one condition.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from ConfigSpace import (
    AndConjunction,
    EqualsCondition,
    GreaterThanCondition,
    InCondition,
    LessThanCondition,
    NotEqualsCondition,
    OrConjunction,
    UniformFloatHyperparameter,
)
from ConfigSpace.conditions import ConditionLike
from ConfigSpace.hyperparameters import Hyperparameter
from numpy.typing import NDArray

from boxwright.errors import SpaceError, nearest
from boxwright.space.domain import domain_of
from boxwright.space.values import DECIMALS
from boxwright.terms import Value

Parameters: TypeAlias = Mapping[str, Hyperparameter[Any, Any]]

MOST_TERMS = 100
"""ConfigSpace compares every part of a condition with every other one, again for each of them."""

_ULPS = 1e-15  # positions lie in [0, 1] or are small whole numbers
_SPACINGS = 64  # of neighbouring real numbers, in a value's way to its position and back
_TERM = re.compile(r"([^\s()]+)\s+(==|!=|<(?!=)|>(?!=)|in\b)\s*(.*)", re.DOTALL)


class ExactEquals(EqualsCondition):
    """``parent == value``, also where the vector of a log integer is off by one unit in the last place."""

    def satisfied_by_vector(self, vector: Any) -> bool:
        """Say whether it holds; never for an inactive parent."""
        return bool(self.satisfied_by_vector_array(np.asarray(vector)[:, None])[0])

    def satisfied_by_vector_array(self, arr: Any) -> Any:
        """Say where it holds."""
        return _above(self, arr) == 0.0


class ActiveNotEquals(NotEqualsCondition):
    """``parent != value``, and the parent is active."""

    def satisfied_by_vector(self, vector: Any) -> bool:
        """Say whether it holds; never for an inactive parent."""
        return bool(self.satisfied_by_vector_array(np.asarray(vector)[:, None])[0])

    def satisfied_by_vector_array(self, arr: Any) -> Any:
        """Say where it holds."""
        return np.abs(_above(self, arr)) > 0.0


class ExactIn(InCondition):
    """``parent in {values}``, as exact as the above."""

    def satisfied_by_vector(self, vector: Any) -> bool:
        """Say whether it holds; never for an inactive parent."""
        return bool(self.satisfied_by_vector_array(np.asarray(vector)[:, None])[0])

    def satisfied_by_vector_array(self, arr: Any) -> Any:
        """Say where it holds."""
        seen = _seen(self, arr)
        pairs = zip(self.values, self.vector_values, strict=True)
        return np.any([_apart(self.parent, seen, value, place) == 0.0 for value, place in pairs], axis=0)


class ExactLessThan(LessThanCondition):
    """``parent < value`` for the value that a run is given."""

    def satisfied_by_vector(self, vector: Any) -> bool:
        """Say whether it holds; never for an inactive parent."""
        return bool(self.satisfied_by_vector_array(np.asarray(vector)[:, None])[0])

    def satisfied_by_vector_array(self, arr: Any) -> Any:
        """Say where it holds."""
        return _above(self, arr) < 0.0


class ExactGreaterThan(GreaterThanCondition):
    """``parent > value`` for the value that a run is given."""

    def satisfied_by_vector(self, vector: Any) -> bool:
        """Say whether it holds; never for an inactive parent."""
        return bool(self.satisfied_by_vector_array(np.asarray(vector)[:, None])[0])

    def satisfied_by_vector_array(self, arr: Any) -> Any:
        """Say where it holds."""
        return _above(self, arr) > 0.0


def _above(condition: Any, arr: Any) -> NDArray[np.float64]:
    """Return by how much the parent is above the value that the condition names; see ``_apart``."""
    return _apart(condition.parent, _seen(condition, arr), condition.value, condition.vector_value)


def _seen(condition: Any, arr: Any) -> NDArray[np.float64]:
    """Return what a condition looks at: the values of a real parent, positions of another one.

    The values are those that a run is given, which are rounded: the vector of a sample holds more decimals.
    """
    parent = condition.parent
    positions: NDArray[np.float64] = np.asarray(arr[condition.parent_vector_id], dtype=np.float64)
    is_real = isinstance(parent, UniformFloatHyperparameter)
    return _kept(parent, parent.to_value(positions)) if is_real else positions


def _apart(parent: Any, seen: NDArray[np.float64], value: Value, position: Any) -> NDArray[np.float64]:
    """Return by how much what is seen is above a value: 0 where it is the same, NaN where it is inactive.

    What is lost on the way from a value to its position and back is no difference.
    """
    limit: Any = position
    slack: Any = _ULPS
    if isinstance(parent, UniformFloatHyperparameter):
        limit = _kept(parent, value)
        slack = _SPACINGS * np.spacing(np.maximum(np.abs(limit), 0.0 if parent.log else parent.upper - parent.lower))
    apart = seen - limit
    return np.where(np.abs(apart) <= slack, 0.0, apart)


def _kept(parent: UniformFloatHyperparameter, values: Any) -> NDArray[np.float64]:
    return np.asarray(np.clip(np.round(values, DECIMALS), parent.lower, parent.upper), dtype=np.float64)


class ExactAnd(AndConjunction):
    """All of its parts; equivalent only to an AND of the same parts."""

    def equivalent_condition_on_parent(self, other: ConditionLike) -> bool:
        """Say whether another child hangs on the same condition."""
        return type(other) is type(self) and _same_parts(self, other)


class ExactOr(OrConjunction):
    """At least one of its parts; equivalent only to an OR of the same parts."""

    def equivalent_condition_on_parent(self, other: ConditionLike) -> bool:
        """Say whether another child hangs on the same condition."""
        return type(other) is type(self) and _same_parts(self, other)


def _same_parts(one: Any, other: Any) -> bool:
    return len(one.components) == len(other.components) and all(
        a.equivalent_condition_on_parent(b) for a, b in zip(one.components, other.components, strict=True)
    )


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison of a condition, as written: ``parent operator value`` or ``parent in {values}``."""

    parent: str
    operator: str
    values: tuple[str, ...]


def parse_condition(text: str, place: str) -> list[list[Term]]:
    """Return a condition as an OR of ANDs of terms: ``&&`` binds tighter than ``||``.

    Raises:
        SpaceError: It is no condition.
    """
    return [[_term(part.strip(), place) for part in side.split("&&")] for side in text.split("||")]


def make_condition(child: str, sides: list[list[Term]], parameters: Parameters, place: str) -> ConditionLike:
    """Return ConfigSpace's condition for a child.

    Raises:
        SpaceError: A parameter is unknown, a value is none of its parent's, or there are too many comparisons.
    """
    count = sum(map(len, sides))
    if count > MOST_TERMS:
        raise SpaceError(
            f"a condition of {count} comparisons; at most {MOST_TERMS} are read. Use in {{a, b}}.", place=place
        )
    ors = []
    for side in sides:
        ands = [_leaf(child, term, parameters, place) for term in side]
        ors.append(ands[0] if len(ands) == 1 else ExactAnd(*ands))
    return ors[0] if len(ors) == 1 else ExactOr(*ors)


def parents_of(condition: ConditionLike) -> set[str]:
    """Return the names of the parameters that a condition looks at."""
    leaves = condition.dlcs if isinstance(condition, AndConjunction | OrConjunction) else (condition,)
    return {leaf.parent.name for leaf in leaves}  # type: ignore[union-attr]


def _term(text: str, place: str) -> Term:
    found = _TERM.fullmatch(text)
    if not found or not found[3].strip():
        if re.search(r"<=|>=", text):
            hint = "conditions know < and >, not <= and >=."
        elif "(" in text:
            hint = "conditions have no parentheses."
        else:
            hint = 'write "parent == value" with blanks around ==, !=, < or >, or "parent in {a, b}".'
        raise SpaceError(f'"{text}" is no condition: {hint}', place=place)
    parent, operator, rest = found[1], found[2], found[3].strip()
    if operator != "in":
        return Term(parent, operator, (rest,))
    if not (rest.startswith("{") and rest.endswith("}")) or len(rest) < 3:
        raise SpaceError(f'"{text}": "in" needs its values in braces: {parent} in {{a, b}}.', place=place)
    return Term(parent, operator, tuple(value.strip() for value in rest[1:-1].split(",")))


def _leaf(child: str, term: Term, parameters: Parameters, place: str) -> ConditionLike:
    for name in (child, term.parent):
        if name not in parameters:
            raise SpaceError(f'no parameter "{name}". {nearest(name, parameters)}', place=place)
    if child == term.parent:
        raise SpaceError(f"{child} depends on itself.", place=place)
    parent = parameters[term.parent]
    domain = domain_of(parent)
    values: list[Value] = []
    for text in term.values:
        value = domain.from_text(text, place)
        if value not in values:
            values.append(value)
    if term.operator in "<>" and not (domain.kind != "choices" or domain.ordered):
        raise SpaceError(
            f'"{term.operator}" needs an ordered parameter, but {term.parent} is categorical. Use ==, != or in.',
            place=place,
        )
    if len(values) > 1:
        return ExactIn(parameters[child], parent, values)
    return _CLASSES[term.operator](parameters[child], parent, values[0])


_CLASSES: Mapping[str, Callable[[Any, Any, Any], ConditionLike]] = {
    "==": ExactEquals,
    "in": ExactEquals,
    "!=": ActiveNotEquals,
    "<": ExactLessThan,
    ">": ExactGreaterThan,
}
