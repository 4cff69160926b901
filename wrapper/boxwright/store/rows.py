"""Turns rows of the database into records; a row that was damaged is told as such."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from boxwright.errors import StudyError
from boxwright.store.layout import DATABASE, run_path
from boxwright.store.records import RunRecord
from boxwright.terms import Status, Trial

_FAULTS = (ValueError, TypeError, IndexError)


def record_of(row: sqlite3.Row, study: Path) -> RunRecord:
    """Return the run that a row of ``runs`` joined with ``trials`` holds.

    Raises:
        StudyError: The row is damaged.
    """
    try:
        return RunRecord(
            run=row["number"],
            trial=row["trial"],
            status=Status(row["status"]),
            quality=row["quality"],
            cost=row["cost"],
            metrics=json.loads(row["metrics"]),
            config=json.loads(row["config"]),
            instance=row["instance"],
            seed=row["seed"],
            budget=row["budget"],
            optimizer_seed=row["optimizer_seed"],
            slot=row["slot"],
            gpus=tuple(json.loads(row["gpus"])),
            started=row["started"],
            ended=row["ended"],
            wall_s=row["wall_s"],
            cpu_s=row["cpu_s"],
            max_rss_bytes=row["max_rss_bytes"],
            exit_code=row["exit_code"],
            reason=row["reason"],
            folder=run_path(study, row["number"]),
            attempt=row["attempt"],
            origin=row["origin"],
            runtime_s=row["runtime_s"],
            additional=row["additional"],
            settles=row["settled_by"] == row["number"],
        )
    except _FAULTS as error:
        raise _damaged(row, error) from error


def trial_of(row: sqlite3.Row) -> Trial:
    """Return the trial that a row of ``trials`` holds.

    Raises:
        StudyError: The row is damaged.
    """
    try:
        return Trial(
            number=row["number"],
            config=json.loads(row["config"]),
            instance=row["instance"],
            seed=row["seed"],
            budget=row["budget"],
            optimizer_seed=row["optimizer_seed"],
            origin=row["origin"],
        )
    except _FAULTS as error:
        raise _damaged(row, error) from error


def _damaged(row: sqlite3.Row, error: Exception) -> StudyError:
    return StudyError(
        f"{DATABASE}: number {row['number']} is damaged ({error}). Move {DATABASE} away, and `boxwright resume` makes"
        " it anew from the runs"
    )
