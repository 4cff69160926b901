"""An expression's tree → a function that says whether a configuration is forbidden by it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from boxwright.errors import SpaceError, nearest
from boxwright.space.arithmetic import ARITHMETIC, COMPARISONS, FUNCTIONS, SIGNS
from boxwright.space.domain import Domain
from boxwright.space.expressions import Binary, Call, Node, Number, Word
from boxwright.space.values import text_of
from boxwright.terms import Config, Value

Numeric: TypeAlias = Callable[[Config], float]
Test: TypeAlias = Callable[[Config], bool]


@dataclass(frozen=True, slots=True)
class Predicate:
    """Says whether a configuration is forbidden; only asked where all its parameters are active.

    Attributes:
        names: The parameters that it looks at, in the order of their first mention.
    """

    names: tuple[str, ...]
    test: Test


def compile_predicate(tree: Node, domains: Mapping[str, Domain], place: str) -> Predicate:
    """Return the predicate of an expression.

    Raises:
        SpaceError: It names no parameter, compares what cannot be compared, or calculates with texts.
    """
    compiler = _Compiler(domains, place)
    number = compiler.number(tree)
    if not compiler.names:
        raise SpaceError("an expression that names no parameter.", place=place)

    def test(values: Config) -> bool:
        result = number(values)
        return result != 0 and not math.isnan(result)  # what is not a number forbids nothing

    return Predicate(tuple(compiler.names), test)


class _Compiler:
    def __init__(self, domains: Mapping[str, Domain], place: str) -> None:
        self._domains = domains
        self._place = place
        self.names: dict[str, None] = {}

    def number(self, node: Node) -> Numeric:
        """Return what calculates a node that must be a number."""
        if isinstance(node, Number):
            constant = node.value
            return lambda values: constant
        if isinstance(node, Word):
            return self._numeric_parameter(node)
        if isinstance(node, Call):
            argument = self.number(node.argument)
            function = SIGNS.get(node.function) or FUNCTIONS[node.function]
            return lambda values: function(argument(values))
        if node.operator in COMPARISONS:
            return self._comparison(node)
        left, right, combine = self.number(node.left), self.number(node.right), ARITHMETIC[node.operator]
        return lambda values: combine(left(values), right(values))

    def _comparison(self, node: Binary) -> Numeric:
        for text_side, other in ((node.left, node.right), (node.right, node.left)):
            if (domain := self._text_parameter(text_side)) is not None:
                return self._text_comparison(node, domain, other)
        left, right, holds = self.number(node.left), self.number(node.right), COMPARISONS[node.operator]
        return lambda values: float(holds(left(values), right(values)))

    def _text_parameter(self, node: Node) -> Domain | None:
        if not isinstance(node, Word) or node.quoted:
            return None
        domain = self._domains.get(node.text)
        return None if domain is None or domain.is_numeric else domain

    def _text_comparison(self, node: Binary, domain: Domain, other: Node) -> Numeric:
        """Compare choices: as texts, or by their place in the order of an ordinal."""
        other_domain = self._text_parameter(other)
        if node.operator in ("==", "!="):
            order = None
        elif not domain.ordered or (other_domain is not None and other_domain.values != domain.values):
            raise SpaceError(
                f'"{node.operator}" needs ordinals with the same order, but {domain.name} has none in common with '
                "the other side. Use == or !=.",
                place=self._place,
            )
        else:
            order = {text_of(value): place for place, value in enumerate(domain.values)}
        left = self._text(node.left, domain)
        right = self._text(node.right, domain)
        holds = COMPARISONS[node.operator]
        if order is None:
            return lambda values: float(holds(left(values), right(values)))
        places = order
        return lambda values: float(holds(places[left(values)], places[right(values)]))

    def _text(self, node: Node, domain: Domain) -> Callable[[Config], str]:
        """Return the text of one side of a comparison with this parameter."""
        if (own := self._text_parameter(node)) is not None:
            name = own.name
            self.names[name] = None
            return lambda values: text_of(values[name])
        if not isinstance(node, Number | Word) or (
            isinstance(node, Word) and not node.quoted and node.text in self._domains
        ):
            raise SpaceError(f"{domain.name} can be compared with one of its values only.", place=self._place)
        text = text_of(domain.from_text(node.text, self._place))
        return lambda values: text

    def _numeric_parameter(self, node: Word) -> Numeric:
        name = node.text
        if node.quoted or name not in self._domains:
            raise SpaceError(f'no parameter "{name}". {nearest(name, self._domains)}', place=self._place)
        domain = self._domains[name]
        if not domain.is_numeric:
            raise SpaceError(f"{name} is no number: {domain.describe()}. Compare it with ==.", place=self._place)
        self.names[name] = None
        numbers = _numbers(domain.values)
        if numbers is None:
            return lambda values: float(values[name])
        table = numbers
        return lambda values: table[values[name]]


def _numbers(values: Sequence[Value]) -> dict[Value, float] | None:
    """Return the numbers that choices stand for (in a PCS file all choices are texts)."""
    return {value: float(value) for value in values} or None
