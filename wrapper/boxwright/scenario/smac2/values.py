"""What the values of options are read as, each with a message that says what would be right."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from boxwright.errors import ScenarioError, nearest
from boxwright.scenario.layers import shorten
from boxwright.scenario.smac2.reading import Entry

UNLIMITED = 2**31 - 1
"""SMAC v2's default for most limits."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[dDfF]?", re.ASCII)
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_LONGEST = 400


class Values:
    """The entries of an option file by the name of their option; of several with one name, the first counts."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = {entry.option.name: entry for entry in reversed(entries)}
        self._entries = entries
        self._read: set[str] = set()

    def unread(self) -> list[str]:
        """Return the options that nobody has asked for, though they may have an effect."""
        return [name for name, entry in self.entries.items() if name not in self._read and not entry.option.no_effect]

    def all(self, name: str) -> list[Entry]:
        """Return the entries of an option that may stand several times."""
        self._read.add(name)
        return [entry for entry in self._entries if entry.option.name == name]

    def text(self, name: str, default: str | None = None) -> str | None:
        """Return the text of an option.

        Raises:
            ScenarioError: It is empty.
        """
        self._read.add(name)
        entry = self.entries.get(name)
        if entry is None:
            return default
        if not entry.value:
            raise ScenarioError("has no value. Write one, or take the line out.", place=entry.place)
        return entry.value

    def flag(self, name: str, default: bool) -> bool:
        """Return what a ``true`` or ``false`` says; ``1`` and ``0`` are taken, too.

        Raises:
            ScenarioError: It is neither.
        """
        text = self.text(name)
        if text is None:
            return default
        if text.lower() not in ("true", "false", "1", "0"):
            raise self.wrong(name, "true or false")
        return text.lower() in ("true", "1")

    def whole(self, name: str, default: int | None = None, *, least: int = 0) -> int | None:
        """Return a whole number.

        Raises:
            ScenarioError: It is none, or too small.
        """
        text = self.text(name)
        if text is None:
            return default
        number = int(text) if _WHOLE.fullmatch(text) else None
        if number is None or not least <= number < 2**63:
            raise self.wrong(name, f"a whole number of at least {least}")
        return number

    def seconds(self, name: str) -> float | None:
        """Return a time in seconds; None where there is no limit.

        Raises:
            ScenarioError: It is no number above 0.
        """
        number = self.number(name, least=0.0)
        if number == 0:
            raise self.wrong(name, "a number above 0")
        return None if number is None or number >= UNLIMITED else number

    def number(self, name: str, default: float | None = None, *, least: float | None = None) -> float | None:
        """Return a number.

        Raises:
            ScenarioError: It is none, or too small.
        """
        text = self.text(name)
        if text is None:
            return default
        number = float(text.rstrip("dDfF")) if len(text) < _LONGEST and _NUMBER.fullmatch(text) else math.nan
        if not math.isfinite(number) or (least is not None and number < least):
            raise self.wrong(name, "a number" if least is None else f"a number of at least {least:g}")
        return number

    def word(self, name: str, known: Mapping[str, object], default: str) -> str:
        """Return one of some words, in capitals.

        Raises:
            ScenarioError: It is none of them.
        """
        text = self.text(name, default) or default
        if text.upper() not in known:
            problem = f'found "{shorten(text, 60)}". {nearest(text[:60].upper(), known)}'
            raise ScenarioError(problem, place=self.place(name))
        return text.upper()

    def place(self, name: str) -> str:
        """Return where an option is set."""
        entry = self.entries.get(name)
        return "" if entry is None else entry.place

    def wrong(self, name: str, wanted: str) -> ScenarioError:
        """Return the error for a value that is not what is wanted."""
        entry = self.entries[name]
        remark = " A comment stands on a line of its own." if " #" in entry.value else ""
        return ScenarioError(f'found "{shorten(entry.value, 60)}", expected {wanted}.{remark}', place=entry.place)
