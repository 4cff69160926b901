"""What a file of SMAC v2 says of runs, and how a file of elsewhere is opened."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path

from boxwright.errors import ScenarioError
from boxwright.scenario.layers import shorten
from boxwright.store.smac2.told import CODES, ToldRun

LARGEST_FILE = 2**30
"""A file of 100,000 runs takes a tenth of that."""

MOST_RUNS = 1_000_000

_SYNONYMS = {"SUCCESS": "SAT", "SATISFIABLE": "SAT", "UNSATISFIABLE": "UNSAT"}


@dataclass(frozen=True, slots=True)
class FoundRun:
    """One run of a file.

    Attributes:
        settings: Text of each parameter by name; the same object for runs of one configuration.
        place: Where it stands, for messages.
    """

    run: ToldRun
    settings: dict[str, str]
    place: str


@dataclass
class FoundRuns:
    """What one file holds.

    Attributes:
        instances: Their names, in order; empty where the file does not list them.
        cutoff_s: The scenario's, None where the file does not say.
        note: What is odd about it, in a few words; empty if nothing is.
    """

    instances: tuple[str, ...] = ()
    runs: list[FoundRun] = field(default_factory=list)
    cutoff_s: float | None = None
    note: str = ""

    def add(self, run: FoundRun) -> None:
        """Take a run in.

        Raises:
            ScenarioError: There are too many.
        """
        if len(self.runs) >= MOST_RUNS:
            raise ScenarioError(f"more than {MOST_RUNS:,} runs.", place=run.place)
        self.runs.append(run)


def status_named(text: str) -> str | None:
    """Return the status that a name stands for; None if there is none, or no finished run has it."""
    name = text.strip().upper()
    name = _SYNONYMS.get(name, name)
    return name if name in CODES else None


def open_found(path: Path, shown: str) -> FileIO:
    """Open a file of elsewhere for reading.

    Raises:
        ScenarioError: It cannot be read, is no ordinary file, or is too large.
    """
    try:
        file = FileIO(path, opener=_without_waiting)
    except OSError as error:
        raise ScenarioError(f"cannot be read: {error.strerror}", place=shown) from error
    found = os.fstat(file.fileno())
    problem = "is no ordinary file" if not stat.S_ISREG(found.st_mode) else ""
    if found.st_size > LARGEST_FILE:
        problem = f"is larger than {LARGEST_FILE >> 20} MiB"
    if problem:
        file.close()
        raise ScenarioError(f"{problem}.", place=shown)
    return file


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a pipe that nobody writes to is not waited for."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)


def unreadable(error: OSError, shown: str) -> ScenarioError:
    """Return the error for a file that fails in the middle."""
    reason = error.strerror or errno.errorcode.get(error.errno or 0, "")
    return ScenarioError(f"cannot be read: {reason}", place=shown)


def short(value: object) -> str:
    """Return a value for a message."""
    return shorten(str(value), 60)
