"""The grammar of ``--where``: exactly one ``NAME OPERATOR VALUE``. Whatever else is written is refused."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from boxwright.commands.columns import Column, Kind, find_column
from boxwright.errors import UserError, nearest, one_line
from boxwright.parse.numbers import finite
from boxwright.terms import Status

if TYPE_CHECKING:
    from boxwright.store.records import RunRecord

OPERATORS: dict[str, Callable[..., bool]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EQUALITY = ("=", "==", "!=")
_CONDITION = re.compile(
    r"""(?: "(?P<double>[^"]+)" | '(?P<single>[^']+)' | (?P<bare>[^\s<>=!"'&|,]+) )
        \s* (?P<sign><=|>=|==|!=|<|>|=) \s* (?P<value>.*)""",
    re.VERBOSE | re.DOTALL,
)
_QUOTED = re.compile(r"""(["'])(?P<inner>.*?)\1(?P<rest>.*)""", re.DOTALL)
_JOINED = re.compile(r"[,;&|]|\s(?:and|or)\s", re.IGNORECASE)
_FORM = f"Write NAME OPERATOR VALUE; operators: {' '.join(OPERATORS)}."
_ONE_EACH = "One condition to a --where: give --where several times, all must hold; quote a value with a comma."


def condition(text: str, known: dict[str, Column]) -> Callable[[RunRecord], bool]:
    """Return the test that a condition is. A run without a value in its column does not pass, whatever is asked.

    Args:
        text: ``NAME OPERATOR VALUE``; a name or a value with blanks stands in quotes.
        known: The columns by name.

    Raises:
        UserError: It is no condition, or its value does not suit the column.
    """
    match = _CONDITION.fullmatch(text.strip())
    if match is None:
        raise _refused(f'"{one_line(text)}" is no condition. {_FORM}')
    name = match["double"] or match["single"] or match["bare"]
    sign = match["sign"]
    column = find_column(name, known, "--where")
    return _test(column, sign, _value(match["value"], sign, column))


def _value(text: str, sign: str, column: Column) -> str:
    quoted = _QUOTED.fullmatch(text)
    if quoted is not None and not quoted["rest"]:
        return quoted["inner"]
    if not text:
        raise _refused(f'no value after "{column.name}{sign}". {_FORM}')
    if quoted is not None or text[0] in "\"'" or _JOINED.search(text):
        raise _refused(f'"{one_line(text)}" is not one value. {_ONE_EACH}')
    if column.kind is not Kind.NUMBER and re.search(r"[\s<>=!]", text):
        raise _refused(f'"{one_line(text)}" is not one value. Put a value with blanks, <, >, = or ! in quotes.')
    return text


def _test(column: Column, sign: str, text: str) -> Callable[[RunRecord], bool]:
    compare = OPERATORS[sign]
    if column.kind not in (Kind.NUMBER, Kind.UNKNOWN) and sign not in _EQUALITY:
        raise _refused(f'{column.name} is {column.kind.value}, so "{sign}" says nothing. Use = or !=.')
    if column.kind is Kind.TEXT:
        return lambda record: (found := column.value(record)) is not None and compare(_is_text(found, text), True)
    wanted = _wanted(column, text)

    def test(record: RunRecord) -> bool:
        found = column.value(record)
        return found is not None and compare(found, wanted)

    return test


def _wanted(column: Column, text: str) -> object:
    match column.kind:
        case Kind.NUMBER:
            number = finite(text)
            if number is None:
                raise _refused(f'{column.name} is a number, found "{one_line(text)}".')
            return int(text) if re.fullmatch(r"[+-]?[0-9]+", text) else number
        case Kind.STATUS:
            if text.upper() not in Status.__members__:
                raise _refused(f'no status "{one_line(text)}". {_known_statuses(text)}')
            return Status[text.upper()]
        case Kind.TRUTH:
            if text.lower() not in ("true", "false"):
                raise _refused(f'{column.name} is true or false, found "{one_line(text)}".')
            return text.lower() == "true"
        case _:
            return text


def _known_statuses(text: str) -> str:
    statuses = f"Statuses: {', '.join(Status)}."
    hint = nearest(text, Status)
    return f"{hint} {statuses}" if hint.startswith("Did") else statuses


def _is_text(found: object, text: str) -> bool:
    """Return whether a cell of a column of texts, which may hold other values among them, is this one."""
    if isinstance(found, bool):
        return str(found).lower() == text.lower()
    return found == finite(text) if isinstance(found, int | float) else found == text


def _refused(problem: str) -> UserError:
    return UserError(problem, place="--where")
