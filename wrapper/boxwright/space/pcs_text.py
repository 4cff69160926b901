"""Writes a space as a PCS file that ``read_pcs`` reads back the same, as far as SMAC v2 has words for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ConfigSpace import (
    AndConjunction,
    CategoricalHyperparameter,
    Constant,
    ForbiddenAndConjunction,
    ForbiddenEqualsClause,
    ForbiddenInClause,
    OrConjunction,
    OrdinalHyperparameter,
    UniformFloatHyperparameter,
    UniformIntegerHyperparameter,
)
from ConfigSpace.conditions import (
    ConditionLike,
    EqualsCondition,
    GreaterThanCondition,
    InCondition,
    LessThanCondition,
    NotEqualsCondition,
)
from ConfigSpace.forbidden import ForbiddenLike
from ConfigSpace.hyperparameters import Hyperparameter

from boxwright.errors import SpaceError
from boxwright.space.forbidden import ForbiddenExpression
from boxwright.space.model import Space, clause_text
from boxwright.space.values import number_from, text_of
from boxwright.terms import Value

_NOT_IN_VALUES = frozenset(",{}[]#'\"|\n\r")


def space_to_pcs(space: Space) -> tuple[str, list[str]]:
    """Return the text of a PCS file in the new form, and in one line each what of the space it does not say.

    Raises:
        SpaceError: A value, condition or clause cannot be written at all.
    """
    lost = [f"space.{name}: is drawn uniformly: SMAC v2 has no such distribution" for name in space.distributions]
    for name in space.unbounded:
        raise SpaceError("a PCS file needs bounds. Give lower and upper.", place=f"space.{name}")
    lines: list[str] = []
    for name in space.names:
        parameter = space.configspace[name]
        lines.append(f"{name} {_domain(parameter)}")
        if any(not isinstance(value, str) for value in _values(parameter)) and not _is_whole_constant(parameter):
            lost.append(f'space.{name}: its values become texts: a PCS file does not tell 1 from "1"')
    conditions = dict(space.conditions_parents_first())
    lines += [f"{name} | {_condition(conditions[name])}" for name in space.names if name in conditions]
    for clause in space.configspace.forbidden_clauses:
        lines += _clauses(clause)
    if any(isinstance(clause, ForbiddenExpression) for clause in space.configspace.forbidden_clauses):
        lost += _refused_beside_expressions(space)
    return "\n".join(lines) + "\n", lost


def _refused_beside_expressions(space: Space) -> Iterator[str]:
    """Yield what we read and SMAC v2 refuses once there is an advanced clause: there, all of them are variables."""
    names = set(space.names)
    for name in space.names:
        if not _is_variable(name):
            yield f'space.{name}: beside an advanced clause SMAC v2 takes only names such as "a_1"'
        for text in map(text_of, map(_plain, _values(space.configspace[name]))):
            if text in names:
                yield f'space.{name}: beside an advanced clause SMAC v2 takes no value that is a name: "{text}"'
            elif not _is_variable(text) and number_from(text) is None:
                yield f'space.{name}: beside an advanced clause SMAC v2 takes no value such as "{text}"'


def _is_variable(text: str) -> bool:
    return text.isascii() and text.isidentifier()


def _is_whole_constant(parameter: Hyperparameter[Any, Any]) -> bool:
    return isinstance(parameter, Constant) and type(parameter.value) is int


def _values(parameter: Hyperparameter[Any, Any]) -> tuple[Value, ...]:
    if isinstance(parameter, CategoricalHyperparameter):
        return tuple(parameter.choices)
    if isinstance(parameter, OrdinalHyperparameter):
        return tuple(parameter.sequence)
    return (parameter.value,) if isinstance(parameter, Constant) else ()


def _domain(parameter: Hyperparameter[Any, Any]) -> str:
    if isinstance(parameter, UniformIntegerHyperparameter | UniformFloatHyperparameter):
        kind = "integer" if isinstance(parameter, UniformIntegerHyperparameter) else "real"
        numbers = [repr(_plain(number)) for number in (parameter.lower, parameter.upper, parameter.default_value)]
        return f"{kind} [{numbers[0]}, {numbers[1]}] [{numbers[2]}]{' log' if parameter.log else ''}"
    if isinstance(parameter, Constant) and _is_whole_constant(parameter):
        return f"integer [{parameter.value}, {parameter.value}] [{parameter.value}]"
    values = _values(parameter)
    if not values:
        raise SpaceError(f"{type(parameter).__name__} has no form in a PCS file.", place=f"space.{parameter.name}")
    texts = [_value(value, parameter.name) for value in values]
    kind = "ordinal" if isinstance(parameter, OrdinalHyperparameter) else "categorical"
    return f"{kind} {{{', '.join(texts)}}} [{_value(parameter.default_value, parameter.name)}]"


def _plain(number: Any) -> Any:
    """Return numpy's numbers as Python's, and any other value as it is."""
    return number.item() if hasattr(number, "item") else number


def _value(value: Any, name: str) -> str:
    text = text_of(_plain(value))
    if not text or text != text.strip() or any(ch in _NOT_IN_VALUES for ch in text):
        raise SpaceError(f'the value "{text}" cannot stand in a PCS file.', place=f"space.{name}")
    return text


def _condition(condition: ConditionLike) -> str:
    if isinstance(condition, OrConjunction):
        return " || ".join(map(_side, condition.components))
    return _side(condition)


def _side(condition: ConditionLike) -> str:
    if isinstance(condition, AndConjunction):
        return " && ".join(map(_term, condition.components))
    return _term(condition)


def _term(condition: ConditionLike) -> str:
    if isinstance(condition, InCondition):
        values = ", ".join(_condition_value(condition, value) for value in condition.values)
        return f"{condition.parent.name} in {{{values}}}"
    operators = (
        (EqualsCondition, "=="),
        (NotEqualsCondition, "!="),
        (LessThanCondition, "<"),
        (GreaterThanCondition, ">"),
    )
    for kind, operator in operators:
        if isinstance(condition, kind):
            return f"{condition.parent.name} {operator} {_condition_value(condition, condition.value)}"
    raise SpaceError(f"the condition {condition} cannot be written: SMAC v2 has no parentheses.", place="space")


def _condition_value(condition: Any, value: Any) -> str:
    text = _value(value, condition.parent.name)
    if "&&" in text:
        raise SpaceError(f'the value "{text}" cannot stand in a condition.', place=f"space.{condition.parent.name}")
    return text


def _clauses(clause: ForbiddenLike) -> Iterator[str]:
    if isinstance(clause, ForbiddenExpression):
        yield f"{{{clause.text}}}"
    elif isinstance(clause, ForbiddenInClause):
        yield from (f"{{{_equality(clause, value)}}}" for value in clause.values)
    elif isinstance(clause, ForbiddenEqualsClause):
        yield f"{{{_equality(clause, clause.value)}}}"
    elif isinstance(clause, ForbiddenAndConjunction) and all(
        isinstance(part, ForbiddenEqualsClause) for part in clause.components
    ):
        parts: tuple[Any, ...] = clause.components
        yield "{" + ", ".join(_equality(part, part.value) for part in parts) + "}"
    else:
        raise SpaceError(
            f"the clause {clause_text(clause)} cannot be written in a PCS file.", place="space.forbidden"
        )


def _equality(clause: Any, value: Any) -> str:
    text = _value(value, clause.hyperparameter.name)
    if any(character in text for character in "=<>!&|"):
        raise SpaceError(f'the value "{text}" cannot stand in a clause.', place="space.forbidden")
    return f"{clause.hyperparameter.name}={text}"
