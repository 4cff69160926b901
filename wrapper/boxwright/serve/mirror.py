"""All runs of a study in memory, with a column for each parameter and metric, so that any of them sorts in no time.

The study's database keeps configurations and metrics as JSON, and no index that its writer would have to pay for. The
mirror is read from it once; from then on only runs that are new or were under way are read again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import RLock
from typing import Any, Literal, TypeAlias

import msgspec

from boxwright.errors import StudyError
from boxwright.serve.reading import Reading
from boxwright.store.layout import DATABASE, run_path
from boxwright.store.records import RunRecord
from boxwright.terms import Status

_Group: TypeAlias = Literal["config", "metric"]
_FIELDS = (
    *("number", "trial", "attempt", "status", "slot", "gpus", "started", "ended", "wall_s", "cpu_s"),
    *("max_rss_bytes", "exit_code", "quality", "cost", "runtime_s", "reason", "additional", "instance", "seed"),
    *("budget", "optimizer_seed", "origin", "settles"),
)
_OF_TRIALS = {"instance", "seed", "budget", "optimizer_seed", "origin"}
_SELECT = (
    f"SELECT {', '.join(f'trials.{name}' if name in _OF_TRIALS else f'runs.{name}' for name in _FIELDS[:-1])},"  # noqa: S608  names of ours
    " trials.settled_by IS runs.number, trials.config, runs.metrics"
    " FROM runs JOIN trials ON trials.number = runs.trial"
)
_WIDTH = len(_FIELDS)
_RECORD_FIELDS = ("run", *_FIELDS[1:])
_PLACE = {name: _FIELDS.index(name) for name in ("status", "gpus", "instance", "origin", "reason", "settles")}
_SCHEMA = f"""
CREATE TABLE runs (number INTEGER PRIMARY KEY, {", ".join(name for name in _FIELDS[1:])}, words);
CREATE INDEX by_status ON runs (status);
CREATE INDEX by_cost ON runs (cost, number) WHERE settles = 1 AND cost IS NOT NULL;
CREATE INDEX by_settling ON runs (settles, status);
CREATE INDEX by_trial ON runs (trial);
"""
_MOST_COLUMNS = 900
"""Of parameters, and of metrics; SQLite takes 2,000 in all. What is beyond is shown, but does not sort or filter."""
_MOST_INDICES = 12
_BLOCK = 2000


class Mirror:
    """What a study's database holds, as far as tables and figures need it.

    Args:
        study: The study folder.
        parameters: Names that have a column from the start.
        hear: Takes each run that is read; one that was under way comes again once it is over.
        begin: Called before all runs are read anew.

    Attributes:
        generation: Counts the changes that were seen.
    """

    def __init__(
        self,
        study: Path,
        parameters: Sequence[str],
        *,
        hear: Callable[[RunRecord], None] = lambda _: None,
        begin: Callable[[], None] = lambda: None,
    ) -> None:
        self.generation = 0
        self.reading = Reading(study)
        self._study = study
        self._first_parameters = parameters
        self._hear = hear
        self._begin = begin
        self._lock = RLock()
        self._db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._file = -1
        self._seen: tuple[sqlite3.Connection, int] | None = None
        self._columns: dict[_Group, dict[str, str | None]] = {"config": {}, "metric": {}}
        self._order: list[tuple[str, bool]] = []
        self._indexed: list[str] = []
        self._last = 0

    # ------------------------------------------------------------------------------------------ catching up

    def refresh(self, *, anyway: bool = False) -> bool:
        """Read what has changed; return whether anything has.

        Args:
            anyway: Whether something has that does not stand in the database.

        Raises:
            StudyError: The database cannot be read.
        """
        with self._lock:
            file = self.reading.file()
            if file != self._file:
                self._begin_anew()
            elif not self._has_changed() and not anyway:
                return False
            try:
                self._read()
            except BaseException:
                self._seen = None  # so that it is tried again
                raise
            self._file = file
            self.generation += 1
            return True

    def forget(self) -> None:
        """Read everything anew the next time: whoever takes a study up may add runs among the old ones."""
        with self._lock:
            self._file = -1

    def _has_changed(self) -> bool:
        with self.reading.connection() as db:
            version = int(db.execute("PRAGMA data_version").fetchone()[0])
            # The counter of one connection says nothing to another, so it is remembered with its connection.
            seen, self._seen = self._seen, (db, version)
        return seen is None or seen[0] is not db or seen[1] != version

    def _begin_anew(self) -> None:
        self._db.close()
        self._db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.executescript(_SCHEMA)
        self._columns, self._order = {"config": {}, "metric": {}}, []
        self._last, self._seen = 0, None
        self._indexed = []
        self._add_columns("config", self._first_parameters)
        self._begin()

    def _read(self) -> None:
        under_way = [number for (number,) in self._db.execute("SELECT number FROM runs WHERE status = 'RUNNING'")]
        with self.reading.connection() as db:
            db.execute("BEGIN")  # one state of the database, however many statements
            try:
                for start in range(0, len(under_way), _BLOCK):
                    block = under_way[start : start + _BLOCK]
                    marks = ",".join("?" * len(block))
                    self._take(db.execute(f"{_SELECT} WHERE runs.number IN ({marks})", block).fetchall())
                more = f"{_SELECT} WHERE runs.number > ? ORDER BY runs.number LIMIT {_BLOCK}"
                while rows := db.execute(more, (self._last,)).fetchall():
                    self._take(rows)
                # A trial that is run again has lost the outcome that it had.
                still = [(row[0],) for row in db.execute("SELECT number FROM trials WHERE settled_by IS NULL")]
            finally:
                db.execute("ROLLBACK")
        self._db.executemany("UPDATE runs SET settles = 0 WHERE trial = ? AND settles = 1", still)

    def _take(self, rows: Iterable[sqlite3.Row]) -> None:
        block: list[tuple[Any, ...]] = []
        parameters, metrics = self._columns["config"], self._columns["metric"]
        for row in rows:
            fields = tuple(row)[:_WIDTH]
            try:
                config, found = _decode(row[_WIDTH]), _decode(row[_WIDTH + 1])
                self._hear(self._record(fields, config, found))
            except (msgspec.MsgspecError, ValueError, TypeError) as error:
                raise StudyError(f"{self._study / DATABASE}: run {fields[0]} is damaged: {error}") from error
            if not (parameters.keys() >= config.keys() and metrics.keys() >= found.keys()):
                self._write(block)
                self._add_columns("config", config)
                self._add_columns("metric", found)
            texts = [value for value in config.values() if isinstance(value, str)]
            more = (fields[_PLACE["instance"]], fields[_PLACE["origin"]], fields[_PLACE["reason"]])
            words = " ".join([*texts, *filter(None, more)])
            values = [config.get(name) if of_config else found.get(name) for name, of_config in self._order]
            block.append((*fields, words, *values))
            self._last = max(self._last, fields[0])
            if len(block) >= _BLOCK:
                self._write(block)
        self._write(block)

    def _record(self, fields: tuple[Any, ...], config: dict[str, Any], metrics: dict[str, Any]) -> RunRecord:
        values = dict(zip(_RECORD_FIELDS, fields, strict=True))
        values["status"] = Status(values["status"])
        values["gpus"] = tuple(msgspec.json.decode(values["gpus"]))
        values["settles"] = bool(values["settles"])
        return RunRecord(**values, config=config, metrics=metrics, folder=run_path(self._study, fields[0]))

    def _write(self, block: list[tuple[Any, ...]]) -> None:
        if block:
            marks = ",".join("?" * len(block[0]))
            self._db.execute("BEGIN")
            self._db.executemany(f"INSERT OR REPLACE INTO runs VALUES ({marks})", block)  # noqa: S608
            self._db.execute("COMMIT")
            block.clear()

    def _add_columns(self, group: _Group, names: Iterable[str]) -> None:
        columns = self._columns[group]
        for name in names:
            if name not in columns:
                # One name too many is known as one without a column, so that it is not looked at again.
                columns[name] = f"v{len(self._order)}" if len(columns) < _MOST_COLUMNS else None
                if columns[name] is not None:
                    self._db.execute(f"ALTER TABLE runs ADD COLUMN {columns[name]}")
                    self._order.append((name, group == "config"))

    # ------------------------------------------------------------------------------------------ asking

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters of the study, and those that its runs have beside them."""
        return tuple(self._columns["config"])

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that any run has reported, in the order in which they came."""
        return tuple(self._columns["metric"])

    def column(self, name: str) -> str | None:
        """Return the column of a field, or of ``config.NAME`` or ``metric.NAME``; None where there is none."""
        if name in _RECORD_FIELDS:
            return "number" if name == "run" else name
        group, _, rest = name.partition(".")
        if group == "config":
            return self._columns["config"].get(rest)
        return self._columns["metric"].get(rest) if group == "metric" else None

    def sorted_column(self, name: str) -> str | None:
        """Return the column of a name as ``column`` does, with an index from now on, unless there are many."""
        column = self.column(name)
        if column not in (None, "number", *self._indexed) and len(self._indexed) < _MOST_INDICES:
            with self._lock:
                self._db.execute(f"CREATE INDEX IF NOT EXISTS sorted_{column} ON runs ({column}, number)")
            self._indexed.append(str(column))
        return column

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[sqlite3.Row]:
        """Return what a statement of ours finds in the table ``runs``; what others wrote is a parameter of it."""
        with self._lock:
            return self._db.execute(sql, parameters).fetchall()

    def records(self, numbers: Sequence[int]) -> list[RunRecord]:
        """Return runs by their numbers, in that order, as they are in the database now.

        Raises:
            StudyError: The database cannot be read.
        """
        marks = ",".join("?" * len(numbers))
        with self.reading.connection() as db:
            rows = db.execute(f"{_SELECT} WHERE runs.number IN ({marks})", list(numbers)).fetchall()
        try:
            found = {
                row[0]: self._record(tuple(row)[:_WIDTH], _decode(row[_WIDTH]), _decode(row[_WIDTH + 1]))
                for row in rows
            }
        except (msgspec.MsgspecError, ValueError, TypeError) as error:
            raise StudyError(f"{self._study / DATABASE} is damaged: {error}") from error
        return [found[number] for number in numbers if number in found]

    def close(self) -> None:
        """Free the memory."""
        with self._lock:
            self._db.close()
            self.reading.close()


def _decode(text: str) -> dict[str, Any]:
    found = msgspec.json.decode(text)
    if not isinstance(found, dict):
        raise TypeError("no table of values")
    return found
