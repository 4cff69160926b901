"""Rebuilds the database from the run folders: they are the truth, the database is an index.

A killed controller loses nothing from the database. A power failure may lose its last transactions, and a
person may delete it; then every ``run.json`` without a row is taken up as a run that is under way, and
``resume`` finds its ``exit.json`` or finds it lost.
"""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import msgspec

from boxwright.errors import UserError
from boxwright.json_faults import NOT_JSON
from boxwright.store.database import Store
from boxwright.store.layout import RUN_RECORD, run_folder
from boxwright.store.reports import read_reports
from boxwright.terms import Slot, Trial, Value


class _RunFile(msgspec.Struct, frozen=True):
    """What is needed of a ``run.json``."""

    run: int
    study_id: str
    config: dict[str, Value]
    slot: int
    gpus: tuple[str, ...]
    seed: int
    instance: str | None = None
    budget: float | None = None
    optimizer_seed: int | None = None
    origin: str = ""
    stages: tuple[int, ...] = ()


def recover_runs(store: Store) -> int:
    """Take up every run folder without a row in the database; return how many there were.

    A folder without a readable ``run.json`` never started anything: it is set aside as ``….broken``.
    """
    known = store.run_numbers()
    reports = read_reports(store.study)
    found = 0
    for folder in sorted(store.study.glob("runs/[0-9]*/[0-9]*")):
        if not folder.name.isdigit() or int(folder.name) in known:
            continue
        record = _read(folder)
        if record is None or record.run != int(folder.name) or folder != run_folder(store.study, record.run):
            _set_aside(folder)
            continue
        trial, _ = store.add_trial(
            Trial(0, record.config, record.instance, record.seed, record.budget, record.optimizer_seed, record.origin)
        )
        started = (folder / RUN_RECORD).stat().st_mtime
        store.start_run(trial.number, Slot(record.slot, record.gpus), started, number=record.run)
        store.attach_metrics(record.run, reports.get(record.run, {}))
        found += 1
    return found


def restore_database(study: Path) -> None:
    """Make an empty database for a study that has lost its own.

    Raises:
        UserError: No run folder tells which study this was.
    """
    # The latest run knows all sizes that the study was asked for, without which its design would not be the same.
    for folder in sorted(study.glob("runs/[0-9]*/[0-9]*"), reverse=True):
        record = _read(folder)
        if record is not None:
            meta = {"study_id": record.study_id, "stages": ",".join(map(str, record.stages))}
            Store.create(study, meta).close()
            return
    raise UserError("its database is gone and it has no runs to rebuild it from. Start it anew.", place=str(study))


def _read(folder: Path) -> _RunFile | None:
    with contextlib.suppress(OSError, *NOT_JSON):
        return msgspec.json.decode((folder / RUN_RECORD).read_bytes(), type=_RunFile)
    return None


def _set_aside(folder: Path) -> None:
    target = folder.with_name(f"{folder.name}.broken")
    shutil.rmtree(target, ignore_errors=True)
    folder.rename(target)
