"""Forbidden clauses from PCS text: classic ``{a=1, b=x}``, and advanced expressions ``{x^2 + y > 1}``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from ConfigSpace import ForbiddenAndConjunction, ForbiddenEqualsClause
from ConfigSpace.forbidden import ForbiddenClause, ForbiddenConjunction, ForbiddenLessThanEqualsClause, ForbiddenLike
from ConfigSpace.hyperparameters import Hyperparameter

from boxwright.errors import SpaceError, nearest
from boxwright.space.conditions import Parameters
from boxwright.space.domain import domain_of, value_at
from boxwright.space.expressions import parse_expression
from boxwright.space.predicates import Predicate, compile_predicate

_CLASSIC = re.compile(r"([^\s=<>!&|]+)\s*=(?!=)([^=<>!]*)")


class Operand(ForbiddenClause):
    """One parameter that an expression looks at; forbids nothing by itself."""

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.hyperparameter == getattr(other, "hyperparameter", None)

    __hash__ = None  # type: ignore[assignment]

    def __copy__(self) -> Operand:
        return Operand(self.hyperparameter)

    def __repr__(self) -> str:
        return self.hyperparameter.name

    def is_forbidden_value(self, values: dict[str, Any]) -> bool:
        """Never."""
        return False

    def is_forbidden_vector(self, vector: Any) -> bool:
        """Never."""
        return False

    def is_forbidden_vector_array(self, arr: Any) -> Any:
        """Never."""
        return np.zeros(arr.shape[1], dtype=np.bool_)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"type": "OPERAND", "name": self.hyperparameter.name}


class ForbiddenExpression(ForbiddenConjunction):
    """An advanced forbidden clause, which none of ConfigSpace's own can say.

    A conjunction, because that is the only kind of clause that ConfigSpace lets look at more than two parameters.
    It forbids nothing where one of its parameters is inactive.
    """

    def __init__(self, text: str, parameters: Parameters, place: str = "") -> None:
        """Read the expression.

        Raises:
            SpaceError: It cannot be read, or does not fit the parameters.
        """
        domains = {name: domain_of(parameter) for name, parameter in parameters.items()}
        self.text = text
        self.predicate: Predicate = compile_predicate(parse_expression(text, place), domains, place)
        super().__init__(*(Operand(parameters[name]) for name in self.predicate.names))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ForbiddenExpression) and self.text == other.text and super().__eq__(other) is True

    __hash__ = None  # type: ignore[assignment]

    def __copy__(self) -> ForbiddenExpression:
        return ForbiddenExpression(self.text, self._parameters())

    def __reduce__(self) -> tuple[Any, ...]:
        # compiled closures cannot be pickled or copied; the text can
        return _restore, (self.text, self._parameters(), [part.vector_id for part in self.dlcs])  # type: ignore[union-attr]

    def __repr__(self) -> str:
        return f"Forbidden: {{{self.text}}}"

    def is_forbidden_value(self, values: dict[str, Any]) -> bool:
        """Say whether the values are forbidden."""
        plain = {}
        for name in self.predicate.names:
            if name not in values:
                return False
            plain[name] = values[name]
        return self.predicate.test(plain)

    def is_forbidden_vector(self, vector: Any) -> bool:
        """Say whether the configuration at this vector is forbidden."""
        values = {}
        for operand in self.components:
            assert isinstance(operand, Operand)
            position = vector[operand.vector_id]
            if np.isnan(position):
                return False
            values[operand.hyperparameter.name] = value_at(operand.hyperparameter, position)
        return self.predicate.test(values)

    def is_forbidden_vector_array(self, arr: Any) -> Any:
        """Say which columns are forbidden."""
        return np.fromiter((self.is_forbidden_vector(column) for column in arr.T), np.bool_, arr.shape[1])

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"type": "EXPRESSION", "expression": self.text}

    def _parameters(self) -> dict[str, Hyperparameter[Any, Any]]:
        return {part.hyperparameter.name: part.hyperparameter for part in self.dlcs}  # type: ignore[union-attr]


class ForbiddenAtMost(ForbiddenLessThanEqualsClause):
    """``parameter <= value``. ConfigSpace 1.2 looks for ``>=`` where it tests many vectors at once."""

    def is_forbidden_vector_array(self, arr: Any) -> Any:
        """Say which columns are forbidden."""
        return np.less_equal(arr[self.vector_id], self.vector_value)


def make_forbidden(text: str, parameters: Parameters, place: str) -> ForbiddenLike:
    """Return the forbidden clause that a text in braces says.

    Raises:
        SpaceError: It cannot be read, or names an unknown parameter or value.
    """
    text = text.strip()
    if len(text) < 2 or not (text.startswith("{") and text.endswith("}")):
        raise SpaceError(f'"{text}" is no forbidden clause: write {{a=1, b=x}} or {{x^2 + y > 1}}.', place=place)
    inner = text[1:-1].strip()
    if not inner:
        raise SpaceError("a forbidden clause is empty: write {a=1, b=x} or {x^2 + y > 1}.", place=place)
    parts = [_CLASSIC.fullmatch(part.strip()) for part in inner.split(",")]
    if all(parts):
        return _classic([(part[1], part[2]) for part in parts if part], parameters, place)
    return ForbiddenExpression(inner, parameters, place)


def mentioned(clause: ForbiddenLike) -> set[str]:
    """Return the names of the parameters that a forbidden clause looks at."""
    if isinstance(clause, ForbiddenConjunction):
        return set().union(*(mentioned(part) for part in clause.components))
    if isinstance(clause, ForbiddenClause):
        return {clause.hyperparameter.name}
    return {clause.left.name, clause.right.name}


def _classic(pairs: list[tuple[str, str]], parameters: Parameters, place: str) -> ForbiddenLike:
    clauses: dict[str, ForbiddenEqualsClause] = {}
    for name, text in pairs:
        if name not in parameters:
            raise SpaceError(f'no parameter "{name}". {nearest(name, parameters)}', place=place)
        if name in clauses:
            raise SpaceError(f"{name} stands twice in one forbidden clause. Write one clause for each.", place=place)
        value = domain_of(parameters[name]).from_text(text, place)
        clauses[name] = ForbiddenEqualsClause(parameters[name], value)
    found = list(clauses.values())
    return found[0] if len(found) == 1 else ForbiddenAndConjunction(*found)


def _restore(text: str, parameters: Mapping[str, Any], indices: list[Any]) -> ForbiddenExpression:
    clause = ForbiddenExpression(text, parameters)
    for part, index in zip(clause.dlcs, indices, strict=True):
        part.vector_id = index  # type: ignore[union-attr]
    return clause
