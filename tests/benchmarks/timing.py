"""What the benchmarks share: pairs of measurements taken in turn, medians, one line per figure."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def wall_s(argv: Sequence[str], **options: object) -> float:
    """Return the seconds that a command takes; it must succeed."""
    began = time.perf_counter()
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, **options)  # type: ignore[call-overload]
    return time.perf_counter() - began


def in_turn(rounds: int, measures: dict[str, Callable[[], T]]) -> dict[str, list[T]]:
    """Take each measure once per round, one after the other, so that a drift of the machine hits all alike."""
    found: dict[str, list[T]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            found[name].append(measure())
    return found


def spread(values: Sequence[float]) -> str:
    """Return ``median [min..max]``."""
    return f"{statistics.median(values):.3g} [{min(values):.3g}..{max(values):.3g}]"


def ratios(above: Sequence[float], below: Sequence[float]) -> str:
    """Return the spread of the ratios pair by pair."""
    return spread([a / b for a, b in zip(above, below, strict=True)])


def machine() -> str:
    """Return a line about this machine."""
    cores = len(os.sched_getaffinity(0))
    return f"{platform.platform()}, Python {platform.python_version()}, {cores} cores, load {os.getloadavg()[0]:.1f}"
