"""Metrics that clients attach to runs under way: a line each in ``reports.jsonl``, which can rebuild the database."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from boxwright.json_faults import NOT_JSON
from boxwright.store.layout import REPORTS


class Report(msgspec.Struct, frozen=True):
    """One line.

    Attributes:
        time: UNIX seconds.
    """

    run: int
    metrics: dict[str, float]
    time: float


def add_report(study: Path, run: int, metrics: Mapping[str, float]) -> None:
    """Append a line.

    Raises:
        OSError: The system refuses.
    """
    line = msgspec.json.encode(Report(run, dict(metrics), time.time())) + b"\n"
    with (study / REPORTS).open("ab", buffering=0) as file:
        start = file.tell()
        if file.write(line) != len(line):  # the disk is full
            file.truncate(start)
            raise OSError("the disk took a part of the line only")


def read_reports(study: Path) -> dict[int, dict[str, float]]:
    """Return by run what was attached to it; of one name the last value."""
    found: dict[int, dict[str, float]] = {}
    with contextlib.suppress(OSError):
        for line in (study / REPORTS).read_bytes().splitlines():
            with contextlib.suppress(*NOT_JSON):  # a line that was cut off
                report = msgspec.json.decode(line, type=Report)
                found.setdefault(report.run, {}).update(report.metrics)
    return found
