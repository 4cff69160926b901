"""Reads the incumbents over time that SMAC v2 leaves: ``traj-run-N.txt``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from boxwright.errors import ScenarioError
from boxwright.parse.numbers import java_double
from boxwright.scenario.smac2.words import read_state_form
from boxwright.store.smac2.reading import open_found, short

_LARGEST_BYTES = 2**26
_CELLS = 5
_FORM = "CPU time, performance, wall clock time, incumbent, configurator's CPU time, name='value', …"


@dataclass(frozen=True, slots=True)
class FoundEntry:
    """An incumbent.

    Attributes:
        wall_s: When it became it, seconds from the start.
        performance: What it came to by then.
        settings: The texts of its parameters by name.
        place: Where it stands.
    """

    wall_s: float
    performance: float
    settings: dict[str, str]
    place: str


def read_trajectory(path: Path, shown: str) -> list[FoundEntry]:
    """Return the incumbents of a file in their order.

    Raises:
        ScenarioError: It cannot be read, or is none; the message names the line.
    """
    with open_found(path, shown) as file:
        data = file.read(_LARGEST_BYTES + 1)
    if len(data) > _LARGEST_BYTES:
        raise ScenarioError(f"this file is larger than {_LARGEST_BYTES >> 20} MiB.", place=shown)
    return trajectory_entries(data.decode("utf-8", "backslashreplace"), shown)


def trajectory_entries(text: str, shown: str) -> list[FoundEntry]:
    """Return the incumbents of a trajectory's text.

    Raises:
        ScenarioError: It is none; the message names the line.
    """
    entries = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() and not line.startswith('"'):  # its first line names the columns
            entries.append(_entry(line, f"{shown}:{number}"))
    if not entries:
        raise ScenarioError(f"holds no incumbent. A line is: {_FORM}", place=shown)
    return entries


def _entry(line: str, place: str) -> FoundEntry:
    cells = line.split(",", _CELLS)
    numbers = [java_double(cell) for cell in cells[:_CELLS]]
    performance, wall_s = (numbers[1], numbers[2]) if len(cells) > _CELLS else (None, None)
    if performance is None or wall_s is None or not math.isfinite(wall_s) or math.isnan(performance):
        raise ScenarioError(f"{short(line)} is no incumbent. A line is: {_FORM}", place=place)
    try:
        return FoundEntry(wall_s, performance, read_state_form(cells[_CELLS]), place)
    except ValueError as error:
        raise ScenarioError(f"{error}. Write name='value', name='value', …", place=place) from error
