"""What differs between two texts or two configurations, line by line, in bounded time."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from boxwright.report.words import value_text
from boxwright.terms import Value

_MOST_LINES = 1500
_MOST_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a comparison; ``kind`` is ``same``, ``added``, ``removed`` or ``gap``."""

    kind: str
    text: str


_KINDS = {" ": "same", "+": "added", "-": "removed", "@": "gap"}


def differing_lines(before: str, after: str) -> list[Line]:
    """Return what differs, with three lines around it; empty if nothing does.

    Of a long text only the beginning is compared, which the last line then says.
    """
    old, new = before.splitlines(), after.splitlines()
    is_long = max(len(old), len(new)) > _MOST_LINES
    lines = difflib.unified_diff(old[:_MOST_LINES], new[:_MOST_LINES], lineterm="")
    found = [
        Line(_KINDS[line[0]], "⋯" if line[0] == "@" else line[1:][:_MOST_CHARACTERS]) for line in list(lines)[2:]
    ]
    if is_long:
        found.append(Line("gap", f"only the first {_MOST_LINES:,} lines were compared"))
    return found


def differing_values(
    first: Mapping[str, Value], second: Mapping[str, Value]
) -> list[tuple[str, str | None, str | None]]:
    """Return names with the values of both where these differ; None where one has no such parameter."""
    return [
        (name, _text(first.get(name)), _text(second.get(name)))
        for name in dict.fromkeys((*first, *second))
        if first.get(name) != second.get(name) or type(first.get(name)) is not type(second.get(name))
    ]


def _text(value: Value | None) -> str | None:
    return None if value is None else value_text(value)
