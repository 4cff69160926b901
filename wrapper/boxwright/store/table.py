"""``results.csv``: one row per finished run, appended as it ends; the columns never move."""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from boxwright.store.layout import RESULTS
from boxwright.store.records import RunRecord

_ENCODING = ("utf-8", "surrogateescape")
_HEAD = ("run", "trial", "status", "quality", "cost")
_TAIL = (
    "instance",
    "seed",
    "budget",
    "optimizer_seed",
    "slot",
    "gpus",
    "started",
    "ended",
    "wall_s",
    "cpu_s",
    "max_rss_bytes",
    "exit_code",
    "reason",
    "folder",
    "other_metrics",
)

FIXED_COLUMNS = frozenset((*_HEAD, *_TAIL))
"""Columns that are in every such file, whatever its study's metrics and parameters."""


class ResultsTable:
    """The file ``results.csv`` of one study.

    A metric that was not declared in the scenario goes into the last column as JSON, so that no column ever
    moves. A parameter and a metric of one name are told apart by a prefix ``config.``.
    """

    def __init__(self, study: Path, parameters: Sequence[str], metrics: Sequence[str]) -> None:
        self._path = study / RESULTS
        self._study = study
        self._parameters = tuple(parameters)
        self._metrics = tuple(metrics)

    HEAD = _HEAD

    def columns(self) -> tuple[str, ...]:
        """Return the header."""
        return self.columns_of(self._parameters, self._metrics)

    @staticmethod
    def columns_of(parameters: Sequence[str], metrics: Sequence[str]) -> tuple[str, ...]:
        """Return the header for these parameters and metrics."""
        taken = {*_HEAD, *_TAIL, *metrics}
        return (
            *_HEAD,
            *(f"metric.{name}" if name in {*_HEAD, *_TAIL} else name for name in metrics),
            *(f"config.{name}" if name in taken else name for name in parameters),
            *_TAIL,
        )

    def append(self, records: Sequence[RunRecord]) -> None:
        """Add finished runs: all of their rows or, if the disk refuses, none.

        Raises:
            OSError: The system refuses.
        """
        with self._path.open("ab", buffering=0) as file:
            start = file.tell()
            text = io.StringIO()
            self._write(text, records, header=start == 0)
            data = text.getvalue().encode(*_ENCODING)
            try:
                # One write of whole rows to a file opened for appending: a reader never sees half a row.
                if file.write(data) != len(data):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            except OSError:
                with contextlib.suppress(OSError):
                    file.truncate(start)
                raise

    def rewrite(self, records: Iterable[RunRecord]) -> None:
        """Write the whole file anew, in one step: a killed controller may have left a row out, or cut one off.

        Args:
            records: In the order of their rows.

        Raises:
            OSError: The system refuses; the file is as before.
        """
        fresh = self._path.with_name(f"{RESULTS}.new")
        try:
            with fresh.open("w", encoding=_ENCODING[0], errors=_ENCODING[1], newline="") as file:
                self._write(file, records, header=True)
            fresh.replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                fresh.unlink()
            raise

    def _write(self, file: TextIO, records: Iterable[RunRecord], *, header: bool) -> None:
        writer = csv.writer(file, lineterminator="\n")
        if header:
            writer.writerow(self.columns())
        writer.writerows(self.row(record) for record in records)

    def row(self, record: RunRecord) -> list[object]:
        """Return the cells of one run."""
        values = record.as_json()
        values["gpus"] = ",".join(record.gpus)
        values["folder"] = record.folder.removeprefix(f"{self._study}/")
        values["other_metrics"] = json.dumps(
            {name: value for name, value in record.metrics.items() if name not in self._metrics}, ensure_ascii=False
        )
        return [
            *(values[name] for name in _HEAD),
            *(record.metrics.get(name) for name in self._metrics),
            *(_cell(record.config.get(name)) for name in self._parameters),
            *(values[name] for name in _TAIL),
        ]


def _cell(value: object) -> object:
    return json.dumps(value) if isinstance(value, bool) else value
