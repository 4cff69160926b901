"""Optuna's storage: an SQLite file for ``optuna.load_study``, its plots and optuna-dashboard.

Optuna makes the file with its own tables and the study in it. The trials are then inserted in bulk, since its own
functions take several transactions for each.
"""

from __future__ import annotations

import json
import sqlite3
import warnings
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from boxwright.exports.formats import need
from boxwright.report.charts import Axis
from boxwright.report.source import Source
from boxwright.store.records import RunRecord
from boxwright.terms import Direction, Status

_BATCH = 2000
_ATTRIBUTES = ("run", "status", "seed", "instance", "optimizer_seed", "slot", "origin", "reason", "folder", "wall_s")
_LONGEST_NAME = 512
"""Of the columns that Optuna indexes."""


def write_optuna(source: Source, path: Path) -> list[str]:
    """Write each trial of the study, settled or running, as a trial of Optuna; its run says the rest in attributes.

    Raises:
        UserError: Optuna is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise need("Optuna", "optuna") from error

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        directions = optuna.study.StudyDirection
        direction = directions.MAXIMIZE if source.objective.direction is Direction.MAXIMIZE else directions.MINIMIZE
        storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
        study = optuna.create_study(storage=storage, study_name=source.name, direction=direction)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            study.set_metric_names([source.objective.metric])
        study_id = storage.get_study_id_from_name(source.name)
        storage.engine.dispose()
    finally:
        optuna.logging.set_verbosity(before)
    with closing(sqlite3.connect(path)) as db:
        _insert(db, study_id, source)
    return []


def _insert(db: sqlite3.Connection, study_id: int, source: Source) -> None:
    import optuna

    forms = {axis.name: optuna.distributions.distribution_to_json(_distribution(axis)) for axis in source.axes}
    axes = {axis.name: axis for axis in source.axes if len(axis.name) <= _LONGEST_NAME}
    db.execute("PRAGMA synchronous = OFF")  # a file that is not whole is thrown away
    number = 0
    runs = _chosen(source.store.runs())
    while rows := list(islice(runs, _BATCH)):
        trials, parameters, values, attributes = [], [], [], []
        for record in rows:
            trial_id = number + 1
            trials.append((trial_id, number, study_id, _state(record), _time(record.started), _time(record.ended)))
            number += 1
            if _is_complete(record):
                values.append((trial_id, 0, record.quality, "FINITE"))
            attributes += [(trial_id, name, json.dumps(value)) for name, value in _attributes(record, axes)]
            for name, axis in axes.items():
                position = axis.position(record.config.get(name))
                if position == position:  # not NaN: active, and a value of the space  # noqa: PLR0124
                    parameters.append((trial_id, name, position, forms[name]))
        with db:
            for table, columns, entries in (
                ("trials", "trial_id, number, study_id, state, datetime_start, datetime_complete", trials),
                ("trial_params", "trial_id, param_name, param_value, distribution_json", parameters),
                ("trial_values", "trial_id, objective, value, value_type", values),
                ("trial_user_attributes", "trial_id, key, value_json", attributes),
            ):
                marks = ", ".join("?" for _ in columns.split(","))
                db.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", entries)  # noqa: S608


def _chosen(records: Iterable[RunRecord]) -> Iterator[RunRecord]:
    return (record for record in records if record.settles or record.status is Status.RUNNING)


def _is_complete(record: RunRecord) -> bool:
    return record.quality is not None and record.status in (Status.SUCCESS, Status.TIMEOUT)


def _state(record: RunRecord) -> str:
    if record.status is Status.RUNNING:
        return "RUNNING"
    return "COMPLETE" if _is_complete(record) else "FAIL"


def _time(stamp: float | None) -> str | None:
    """Return UNIX seconds as SQLAlchemy keeps times in SQLite: UTC, without saying so."""
    if stamp is None:
        return None
    return datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _attributes(record: RunRecord, axes: dict[str, Axis]) -> Iterator[tuple[str, object]]:
    for name in _ATTRIBUTES:
        value = getattr(record, name)
        if value is not None:
            yield name, str(value) if name == "status" else value
    for name, number in record.metrics.items():
        yield f"metric.{name}"[:_LONGEST_NAME], number
    for name, value in record.config.items():
        if name not in axes or axes[name].position(value) != axes[name].position(value):
            yield f"config.{name}"[:_LONGEST_NAME], value


def _distribution(axis: Axis) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if axis.choices:
        return CategoricalDistribution(axis.choices)
    if axis.whole:
        return IntDistribution(int(axis.lower), int(axis.upper), log=axis.log)
    return FloatDistribution(axis.lower, axis.upper, log=axis.log)
