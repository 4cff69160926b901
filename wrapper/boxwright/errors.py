"""Every error that boxwright raises on purpose, split by who can mend it.

    BoxwrightError
    ├── UserError            the person can mend it: exit code 2
    │   ├── ScenarioError    a scenario file is wrong, at a known place
    │   ├── SpaceError       a parameter file is wrong, at a known line
    │   └── TemplateError    a template and its space disagree
    ├── RunError             one run went wrong; it is recorded and the study goes on
    └── StudyError           the study cannot go on: disk full, store locked, no slot left
        └── SchedulerError   a batch scheduler refuses, or does not answer; it may do so later

A message holds the place, the value found, and what would be right; it is one line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class BoxwrightError(Exception):
    """Anything that boxwright raises on purpose."""


class UserError(BoxwrightError):
    """The person can mend it: one line on stderr and exit code 2.

    Attributes:
        place: Where it is wrong: ``file``, ``file:line`` or ``file: key``; may be empty.
        problem: The value found and what would be right, without the place.
    """

    def __init__(self, problem: str, *, place: str = "") -> None:
        self.place = place
        self.problem = one_line(problem)
        super().__init__(f"{one_line(place)}: {self.problem}" if place else self.problem)


class ScenarioError(UserError):
    """A scenario file is wrong, at a known place."""


class SpaceError(UserError):
    """A parameter file, or the space of a scenario, is wrong, at a known place."""


class TemplateError(UserError):
    """A template or a command line asks for a value that nobody gives, or cannot be read."""


class RunError(BoxwrightError):
    """One run went wrong; it is recorded and the study goes on."""


class StudyError(BoxwrightError):
    """The study cannot go on: the disk is full, the store is locked, no slot is left."""


class SchedulerError(StudyError):
    """A batch scheduler refuses, or does not answer. Whoever can wait tries again later."""


def one_line(text: str) -> str:
    """Return the text with line breaks and other control characters made visible, so that it fits one line."""
    return "".join(ch if ch.isprintable() else ch.encode("unicode_escape").decode("ascii") for ch in text)


def nearest(word: str, known: Iterable[str], *, in_order: bool = False) -> str:
    """Return `` Did you mean "…"?`` for the known word nearest to this one, or a list of the known ones.

    Args:
        word: What was written.
        known: What may be written.
        in_order: Whether the known words stand in an order that means something; else they are sorted.
    """
    names = list(dict.fromkeys(known)) if in_order else sorted(set(known))
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if not close:
        close = difflib.get_close_matches(word.lower(), [n.lower() for n in names], n=1, cutoff=0.6)
        close = [n for n in names if close and n.lower() == close[0]]
    if close:
        return f'Did you mean "{close[0]}"?'
    if len(names) > 12:
        names = [*names[:12], "…"]
    return f"Known: {', '.join(names)}."
