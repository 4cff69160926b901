"""PCS files, SMAC v2's parameter files: old and new form, mixed as one likes.

lr real [1e-5, 0.1] [0.01] log        new form
batch [8, 256] [32]il                 old form: i = integer, l = log
act {relu, tanh} [relu]
dropout | act in {relu} && batch > 16
{act=tanh, batch=8}                   forbidden, or {lr * batch > 1}
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from boxwright.errors import SpaceError, nearest
from boxwright.scenario.parameters import (
    CategoricalParameter,
    ConstantParameter,
    FloatParameter,
    IntParameter,
    OrdinalParameter,
    Parameter,
)
from boxwright.space.conditions import Term, make_condition, parse_condition
from boxwright.space.draft import Draft
from boxwright.space.values import number_from, whole_number_from

_HEADING = re.compile(r"(conditionals?|conditions?|forbiddens?)\s*:", re.IGNORECASE)
_PARAMETER = re.compile(
    r"(?P<name>[^\s{}\[\]]+)(?:\s+(?P<type>[^\s{}\[\]]+))?\s*"
    r"(?:\{(?P<values>[^{}]*)\}|\[(?P<range>[^\[\]]*)\])\s*\[(?P<default>[^\[\]]*)\]\s*(?P<suffix>\S*)"
)
_OLD_CONDITION = re.compile(r"\S+\s+in\s*\{[^{}]*\}")
_NUMERIC_TYPES = ("integer", "real")
_CHOICE_TYPES = ("categorical", "ordinal")
_LONGEST_SHOWN = 120


class _Line(NamedTuple):
    """One line without its comment, and where it stands."""

    text: str
    place: str


@dataclass(frozen=True, slots=True)
class _Condition:
    child: str
    sides: list[list[Term]]
    is_old: bool
    place: str


def read_pcs(text: str, file: str, draft: Draft) -> None:
    """Take up all that a PCS file says.

    Args:
        text: Of the file.
        file: Its name, for messages.
        draft: What it is added to.

    Raises:
        SpaceError: A line is wrong; the message names it.
    """
    draft.strict = True
    conditions: list[_Line] = []
    forbidden: list[_Line] = []
    for line in _lines(text, file):
        if line.text.startswith("{"):
            forbidden.append(line)
        elif (found := _PARAMETER.fullmatch(line.text)) and found["name"] != "|" and found["type"] != "|":
            draft.add(found["name"], _parameter(found, line.place), line.place, drop_log="leave out the log")
        elif "|" in line.text:
            conditions.append(line)
        else:
            raise SpaceError(
                "this is no parameter, condition or forbidden clause. Write e.g. lr real [1e-5, 0.1] [0.01] log.",
                place=line.place,
            )
    _add_conditions([_condition(line) for line in conditions], draft)
    for line in forbidden:
        draft.add_forbidden(line.text, line.place)


def _lines(text: str, file: str) -> list[_Line]:
    lines = []
    for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        line = raw.partition("#")[0].strip()
        if line and not _HEADING.fullmatch(line):
            lines.append(_Line(line, f'{file}:{number}: "{_shown(line)}"'))
    return lines


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _parameter(found: re.Match[str], place: str) -> Parameter:
    kind, suffix = found["type"], found["suffix"]
    wants_range = found["values"] is None
    known = (*_NUMERIC_TYPES, *_CHOICE_TYPES)
    if kind is not None and kind not in known:
        raise SpaceError(f'no type "{_shown(kind)}". {nearest(kind, known)}', place=place)
    if kind is not None and (kind in _NUMERIC_TYPES) != wants_range:
        shape = "a range in [ ]" if kind in _NUMERIC_TYPES else "values in { }"
        raise SpaceError(f"the type {kind} needs {shape}.", place=place)
    if not wants_range:
        if suffix:
            raise SpaceError(
                f'nothing may follow the default of a list of values, found "{_shown(suffix)}".', place=place
            )
        return _choice(found["values"], found["default"].strip(), kind == "ordinal", place)
    if kind is None:
        if set(suffix) - set("il") or len(suffix) != len(set(suffix)):
            raise SpaceError(f'after the default only i and l may follow, found "{_shown(suffix)}".', place=place)
        return _range(found["range"], found["default"], "i" in suffix, "l" in suffix, place)
    if suffix not in ("", "log"):
        raise SpaceError(f'after the default only log may follow, found "{_shown(suffix)}".', place=place)
    return _range(found["range"], found["default"], kind == "integer", suffix == "log", place)


def _choice(text: str, default: str, ordered: bool, place: str) -> Parameter:
    values = tuple(value.strip() for value in text.split(","))
    for value in (*values, default):
        if not value:
            raise SpaceError("a value is empty. Separate values by single commas.", place=place)
        if any(ch in "'\"" for ch in value):
            raise SpaceError(f"the value {_shown(value)} holds a quote. Write it without quotes.", place=place)
    if ordered:
        return OrdinalParameter(sequence=values, default=default)
    return CategoricalParameter(choices=values, default=default)


def _range(text: str, default: str, is_integer: bool, log: bool, place: str) -> Parameter:
    bounds = text.split(",")
    if len(bounds) != 2:
        raise SpaceError(f"a range has two bounds, found {len(bounds)}: write [1, 10].", place=place)
    texts = (*bounds, default)
    if not is_integer:
        lower, upper, start = (_number(text, place) for text in texts)
        return FloatParameter(lower=lower, upper=upper, default=start, log=log)
    low, high, middle = (_whole_number(text, place) for text in texts)
    if low == high == middle and not (log and low < 1):
        return ConstantParameter(value=low)  # SMAC v2 takes integer [5, 5] [5]
    return IntParameter(lower=low, upper=high, default=middle, log=log)


def _number(text: str, place: str) -> float:
    number = number_from(text)
    if number is None:
        raise SpaceError(f'"{_shown(text.strip())}" is no finite number.', place=place)
    return number


def _whole_number(text: str, place: str) -> int:
    number = whole_number_from(text)
    if number is None:
        raise SpaceError(
            f'"{_shown(text.strip())}" is no whole number, but this is an integer parameter.', place=place
        )
    return number


def _condition(line: _Line) -> _Condition:
    child, _, rest = (part.strip() for part in line.text.partition("|"))
    if not child or not rest or rest.startswith("|"):
        raise SpaceError("a condition has a child and a rule: child | parent in {a, b}.", place=line.place)
    return _Condition(child, parse_condition(rest, line.place), bool(_OLD_CONDITION.fullmatch(rest)), line.place)


def _add_conditions(conditions: list[_Condition], draft: Draft) -> None:
    """Several old conditions of one child must all hold; the new form wants all in one line."""
    by_child: dict[str, list[_Condition]] = {}
    for condition in conditions:
        if condition.child not in draft.parameters:
            message = f'no parameter "{condition.child}". {nearest(condition.child, draft.parameters)}'
            raise SpaceError(message, place=condition.place)
        by_child.setdefault(condition.child, []).append(condition)
    for child, found in by_child.items():
        if len(found) > 1 and not all(condition.is_old for condition in found):
            raise SpaceError(
                f'a second condition for "{child}". Join them with && or || in one line.', place=found[1].place
            )
        for condition in found:  # each alone first, so that a message names the line that is wrong
            made = make_condition(child, condition.sides, draft.parameters, condition.place)
        if len(found) > 1:
            sides = [[term for condition in found for term in condition.sides[0]]]
            made = make_condition(child, sides, draft.parameters, found[0].place)
        draft.conditions[child] = made, found[0].place
