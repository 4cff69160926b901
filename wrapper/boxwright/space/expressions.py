"""Expressions of advanced forbidden clauses: ``x^2 + y > 1 && act == relu``.

A small parser; nothing is ever ``eval``-ed. From loose to tight: ``||``, ``&&``, ``== !=``, ``< > <= >=``,
``+ -``, ``* / %``, signs, ``^`` (to the right). Comparisons give 1 or 0. Arithmetic follows Java: a division by
zero is infinite or not a number, never an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from boxwright.errors import SpaceError
from boxwright.space.arithmetic import FUNCTIONS
from boxwright.space.values import number_from

LONGEST = 2000
MOST_TOKENS = 300
DEEPEST = 40

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<word>[^\W\d][\w.]*)"
    r"|(?P<quoted>'[^']*'|\"[^\"]*\")|(?P<operator>&&|\|\||[<>=!]=|[-+*/%^<>()]))"
)
_LEVELS: dict[str, int] = {
    "||": 1,
    "&&": 2,
    **dict.fromkeys(("==", "!="), 3),
    **dict.fromkeys(("<", ">", "<=", ">="), 4),
    **dict.fromkeys("+-", 5),
    **dict.fromkeys("*/%", 6),
}
_SIGN_LEVEL = 7


@dataclass(frozen=True, slots=True)
class Number:
    """A number, with its text as written (a categorical value may look like one)."""

    value: float
    text: str


@dataclass(frozen=True, slots=True)
class Word:
    """A name: of a parameter, or of a value that it is compared with."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A function of one argument; ``-`` and ``+`` are the signs."""

    function: str
    argument: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """Two sides and the operator between them."""

    operator: str
    left: Node
    right: Node


Node: TypeAlias = Number | Word | Call | Binary


def parse_expression(text: str, place: str) -> Node:
    """Return the tree of an expression.

    Raises:
        SpaceError: It is no expression, or longer or deeper than anyone would write.
    """
    if len(text) > LONGEST:
        raise SpaceError(f"an expression of {len(text)} characters; at most {LONGEST} are read.", place=place)
    tokens = list(_tokens(text, place))
    if len(tokens) > MOST_TOKENS:
        raise SpaceError(f"an expression of {len(tokens)} words; at most {MOST_TOKENS} are read.", place=place)
    parser = _Parser(tokens, place)
    tree = parser.binary(1)
    if parser.peek() != ("end", ""):
        raise SpaceError(f'unexpected "{parser.peek()[1]}" in an expression.', place=place)
    return tree


def _tokens(text: str, place: str) -> Iterator[tuple[str, str]]:
    position = 0
    text = text.rstrip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if not found:
            rest = text[position:].strip()
            hint = " Compare with ==." if rest.startswith("=") else ""
            raise SpaceError(f'cannot read "{rest[:20]}" in an expression.{hint}', place=place)
        assert found.lastgroup
        yield found.lastgroup, found[found.lastgroup]
        position = found.end()


class _Parser:
    """Precedence climbing over a list of tokens."""

    def __init__(self, tokens: list[tuple[str, str]], place: str) -> None:
        self._tokens = tokens
        self._position = 0
        self._depth = 0
        self._place = place

    def peek(self) -> tuple[str, str]:
        return self._tokens[self._position] if self._position < len(self._tokens) else ("end", "")

    def binary(self, lowest: int) -> Node:
        """Read operators of this level and tighter; equal levels group to the left."""
        left = self._sign()
        while (level := _LEVELS.get(self._operator(), 0)) >= lowest:
            operator = self._take()[1]
            left = Binary(operator, left, self.binary(level + 1))
        return left

    def _operator(self) -> str:
        kind, text = self.peek()
        return text if kind == "operator" else ""

    def _take(self) -> tuple[str, str]:
        token = self.peek()
        self._position += 1
        return token

    def _sign(self) -> Node:
        if self._operator() in ("-", "+"):
            operator = self._take()[1]
            return Call(operator, self._deeper(self._sign))
        base = self._primary()
        if self._operator() == "^":
            self._take()
            return Binary("^", base, self._deeper(self._sign))
        return base

    def _primary(self) -> Node:
        kind, text = self._take()
        if kind == "number":
            value = number_from(text)
            if value is None:
                raise SpaceError(f'"{text}" is too large a number.', place=self._place)
            return Number(value, text)
        if kind == "quoted":
            return Word(text[1:-1], quoted=True)
        if text == "(":
            return self._bracket()
        if kind != "word":
            found = f'"{text}"' if text else "the end"
            raise SpaceError(f"a name or a number is missing before {found} in an expression.", place=self._place)
        if self._operator() == "(":
            if text not in FUNCTIONS:
                known = ", ".join(sorted(FUNCTIONS))
                raise SpaceError(f'no function "{text}". Known: {known}.', place=self._place)
            self._take()
            return Call(text, self._bracket())
        return Word(text)

    def _bracket(self) -> Node:
        inner = self._deeper(lambda: self.binary(1))
        if self._take()[1] != ")":
            raise SpaceError('a ")" is missing in an expression.', place=self._place)
        return inner

    def _deeper(self, read: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise SpaceError(f"an expression nested deeper than {DEEPEST} levels.", place=self._place)
        node = read()
        self._depth -= 1
        return node
