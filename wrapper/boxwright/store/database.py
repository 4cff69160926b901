"""The study's SQLite database: trials, runs and what they came to.

One process writes (the controller), any number read. Every change is committed before the call returns, so
that no optimizer hears of a run that is not on disk. In WAL mode with ``synchronous=NORMAL`` a killed process
loses nothing; after a power failure the last runs may be missing and are taken up again from their folders.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from boxwright.errors import StudyError
from boxwright.execute.messages import Exit
from boxwright.store.config_records import ConfigRecord, ConfigRecords
from boxwright.store.connecting import connect, open_reading, open_writing, remove_database
from boxwright.store.layout import DATABASE
from boxwright.store.network import on_network_file_system
from boxwright.store.records import RunRecord
from boxwright.store.rows import record_of, trial_of
from boxwright.terms import AGAIN, Config, Outcome, Slot, Status, Trial, config_key

_NOISY = "noisy"
_LEAST_RUNS = "least_runs"
_RECORDS = """
    SELECT runs.*, trials.config, trials.instance, trials.seed, trials.budget, trials.optimizer_seed,
           trials.origin, trials.settled_by
    FROM runs JOIN trials ON trials.number = runs.trial
"""


def trial_key(config: Config, instance: str | None, seed: int, budget: float | None) -> str:
    """Return one text for one trial: equal trials, and only those, have equal texts."""
    return json.dumps([instance, seed, budget]) + config_key(config)


class Store:
    """The database of one study."""

    def __init__(self, study: Path, *, write: bool = False) -> None:
        """Open the database of a study folder.

        Args:
            study: The study folder; its database must exist.
            write: Whether this process is the controller.

        Raises:
            StudyError: It cannot be opened.
        """
        self.study = study
        path = study / DATABASE
        self._db = open_writing(path) if write else open_reading(path)

    @classmethod
    def create(cls, study: Path, meta: Mapping[str, str]) -> Store:
        """Create an empty database in a study folder, in one step, and open it for writing.

        Raises:
            OSError, StudyError: The system refuses.
        """
        path = study / DATABASE
        draft = path.with_name(f"{DATABASE}.new")
        remove_database(draft)
        remove_database(path)
        db = connect(draft, "mode=rwc")
        try:
            # A write-ahead log needs shared memory, which network file systems do not give.
            db.execute(f"PRAGMA journal_mode = {'DELETE' if on_network_file_system(study) else 'WAL'}")
            db.executescript((files("boxwright.store") / "schema.sql").read_text())
            for key, value in meta.items():
                db.execute("INSERT INTO meta VALUES (?, ?)", (key, value))
        finally:
            db.close()
        draft.rename(path)
        return cls(study, write=True)

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # a full disk may have ended it already
                self._db.execute("ROLLBACK")
            raise

    # ------------------------------------------------------------------------------------------ writing

    def add_trial(self, trial: Trial) -> tuple[Trial, bool]:
        """Record a trial unless an equal one is there.

        Args:
            trial: Its number is not looked at.

        Returns:
            The recorded trial with its number, and whether it is new.
        """
        key = trial_key(trial.config, trial.instance, trial.seed, trial.budget)
        known = self._db.execute("SELECT * FROM trials WHERE key = ?", (key,)).fetchone()
        if known is not None:
            return trial_of(known), False
        values = (key, json.dumps(dict(trial.config), ensure_ascii=False), trial.instance, trial.seed, trial.budget)
        with self._transaction() as db:
            cursor = db.execute(
                "INSERT INTO trials (key, config, instance, seed, budget, optimizer_seed, origin)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*values, trial.optimizer_seed, trial.origin),
            )
        return replace(trial, number=int(cursor.lastrowid or 0)), True

    def start_run(self, trial: int, slot: Slot, started: float, *, number: int | None = None) -> tuple[int, int]:
        """Record that a trial is about to run on a slot; return the number of the run and of the attempt."""
        with self._transaction() as db:
            (attempts,) = db.execute("SELECT count(*) FROM runs WHERE trial = ?", (trial,)).fetchone()
            cursor = db.execute(
                "INSERT INTO runs (number, trial, attempt, status, slot, gpus, started) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (number, trial, attempts + 1, Status.RUNNING, slot.number, json.dumps(slot.gpus), started),
            )
        return int(cursor.lastrowid or 0), attempts + 1

    def finish_run(
        self, run: int, outcome: Outcome, *, cost: float | None, exit_: Exit | None, settles: bool
    ) -> RunRecord:
        """Record what a run came to. A run is finished once, and a trial settled once.

        Raises:
            StudyError: The run is not running, or its trial is settled already.
        """
        with self._transaction() as db:
            before = db.execute("SELECT metrics FROM runs WHERE number = ?", (run,)).fetchone()
            reported = json.loads(before["metrics"]) if before is not None else {}
            changed = db.execute(
                "UPDATE runs SET status = ?, ended = ?, wall_s = ?, cpu_s = ?, max_rss_bytes = ?, exit_code = ?,"
                " quality = ?, cost = ?, metrics = ?, runtime_s = ?, additional = ?, reason = ?,"
                " started = coalesce(?, started) WHERE number = ? AND status = 'RUNNING'",
                (
                    outcome.status,
                    exit_.ended if exit_ else None,
                    exit_.wall_s if exit_ else None,
                    exit_.cpu_s if exit_ else None,
                    exit_.max_rss_bytes if exit_ else None,
                    exit_.exit_code if exit_ else None,
                    outcome.quality,
                    cost,
                    json.dumps({**reported, **outcome.metrics}, ensure_ascii=False),
                    outcome.runtime_s,
                    outcome.additional,
                    outcome.reason,
                    exit_.started or None if exit_ else None,
                    run,
                ),
            ).rowcount
            if changed != 1:
                raise StudyError(f"run {run} was finished twice")
            if settles:
                changed = db.execute(
                    "UPDATE trials SET settled_by = ? WHERE settled_by IS NULL"
                    " AND number = (SELECT trial FROM runs WHERE number = ?)",
                    (run, run),
                ).rowcount
                if changed != 1:
                    raise StudyError(f"the trial of run {run} has an outcome already")
        return self.run(run)

    def attach_metrics(self, run: int, metrics: Mapping[str, float]) -> None:
        """Attach metrics to a run that is under way; of one name the last value counts, but for the run's own."""
        with self._transaction() as db:
            row = db.execute("SELECT metrics FROM runs WHERE number = ? AND status = 'RUNNING'", (run,)).fetchone()
            if row is not None:
                text = json.dumps({**json.loads(row["metrics"]), **metrics}, ensure_ascii=False)
                db.execute("UPDATE runs SET metrics = ? WHERE number = ?", (text, run))

    def reopen_trials(self, statuses: Sequence[Status]) -> int:
        """Take their outcome from all trials that a run with such a status has settled; return how many there are.

        The runs stay as they are. The trials count as unsettled from now on, whatever becomes of this process.
        """
        reopen = "UPDATE trials SET settled_by = NULL WHERE settled_by IN (SELECT number FROM runs WHERE status = ?)"
        with self._transaction() as db:
            return sum(db.execute(reopen, (status,)).rowcount for status in statuses)

    def reopen_trial(self, number: int) -> Status:
        """Take its outcome from one trial, whose runs stay as they are; return what it was.

        Raises:
            StudyError: It has none.
        """
        with self._transaction() as db:
            row = db.execute(
                "SELECT runs.status FROM trials JOIN runs ON runs.number = trials.settled_by WHERE trials.number = ?",
                (number,),
            ).fetchone()
            if row is None:
                raise StudyError(f"trial {number} has no outcome that could be taken from it")
            db.execute("UPDATE trials SET settled_by = NULL WHERE number = ?", (number,))
        return Status(row["status"])

    def set_meta(self, key: str, value: str) -> None:
        """Remember something about the study."""
        with self._transaction() as db:
            db.execute(
                "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", (key, value)
            )

    # ------------------------------------------------------------------------------------------ reading

    def meta(self, key: str, default: str = "") -> str:
        """Return what was remembered about the study under this key."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return default if row is None else str(row["value"])

    def all_meta(self) -> dict[str, str]:
        """Return all that was remembered about the study."""
        return {str(key): str(value) for key, value in self._db.execute("SELECT key, value FROM meta")}

    def trial(self, number: int) -> Trial:
        """Return one trial.

        Raises:
            KeyError: There is none with this number.
        """
        row = self._db.execute("SELECT * FROM trials WHERE number = ?", (number,)).fetchone()
        if row is None:
            raise KeyError(number)
        return trial_of(row)

    def trials(self, *, unsettled: bool = False) -> Iterator[Trial]:
        """Yield all trials by number, or only those without an outcome."""
        where = "WHERE settled_by IS NULL" if unsettled else ""
        yield from map(trial_of, self._db.execute(f"SELECT * FROM trials {where} ORDER BY number").fetchall())  # noqa: S608

    def run(self, number: int) -> RunRecord:
        """Return one run.

        Raises:
            KeyError: There is none with this number.
        """
        row = self._db.execute(f"{_RECORDS} WHERE runs.number = ?", (number,)).fetchone()
        if row is None:
            raise KeyError(number)
        return record_of(row, self.study)

    def instances(self) -> list[str]:
        """Return the instances that there are trials on, in the order of the first of them."""
        clauses = "WHERE instance IS NOT NULL GROUP BY instance ORDER BY min(number)"
        return [str(name) for (name,) in self._db.execute(f"SELECT instance FROM trials {clauses}")]  # noqa: S608

    def runs(self, *, running: bool = False, settling: bool = False) -> Iterator[RunRecord]:
        """Yield runs by number: all of them, those that are running, or the one of each settled trial that counts."""
        where = (
            "WHERE runs.status = 'RUNNING'"
            if running
            else "WHERE trials.settled_by = runs.number"
            if settling
            else ""
        )
        return self._records(f"{where} ORDER BY runs.number")

    def settled_runs(self) -> Iterator[RunRecord]:
        """Yield the run of each settled trial that counts, in the order in which they ended.

        One that never came to run has no end: it was over when it was started.
        """
        return self._records(
            "WHERE trials.settled_by = runs.number ORDER BY coalesce(runs.ended, runs.started), runs.number"
        )

    def finished_runs(self) -> Iterator[RunRecord]:
        """Yield the runs that are over, in the order of their ends."""
        return self._records("WHERE runs.status != 'RUNNING' ORDER BY runs.ended, runs.number")

    def run_numbers(self) -> set[int]:
        """Return the numbers of all runs."""
        return {int(number) for (number,) in self._db.execute("SELECT number FROM runs")}

    def _records(self, clauses: str, parameters: tuple[object, ...] = ()) -> Iterator[RunRecord]:
        for row in self._db.execute(f"{_RECORDS} {clauses}", parameters):
            yield record_of(row, self.study)

    def latest_ended(self, number: int) -> Iterator[RunRecord]:
        """Yield the finished runs that ended last, so many of them."""
        return self._records("WHERE runs.status != 'RUNNING' ORDER BY runs.ended DESC LIMIT ?", (number,))

    def settling_run(self, config: Config, instance: str | None, seed: int) -> RunRecord | None:
        """Return the run that has settled this trial; None if there is no such trial, or none has yet."""
        clauses = "WHERE trials.key = ? AND trials.settled_by = runs.number"
        return next(self._records(clauses, (trial_key(config, instance, seed, None),)), None)

    def running_run(self, trial: int) -> RunRecord | None:
        """Return the run of a trial that is under way; None if none is."""
        return next(self._records("WHERE runs.trial = ? AND runs.status = 'RUNNING'", (trial,)), None)

    def is_settled(self, trial: int) -> bool:
        """Return whether a trial has its outcome."""
        row = self._db.execute("SELECT settled_by FROM trials WHERE number = ?", (trial,)).fetchone()
        return row is not None and row["settled_by"] is not None

    def crashes(self, trial: int) -> int:
        """Return how many runs of a trial have crashed."""
        row = self._db.execute(
            "SELECT count(*) FROM runs WHERE trial = ? AND status = ?", (trial, Status.CRASHED)
        ).fetchone()
        return int(row[0])

    def lost_runs(self, trial: int) -> list[int]:
        """Return the runs of a trial that were lost, the latest first."""
        rows = self._db.execute(
            "SELECT number FROM runs WHERE trial = ? AND status = ? ORDER BY number DESC", (trial, Status.LOST)
        )
        return [int(number) for (number,) in rows]

    def counts(self) -> dict[Status, int]:
        """Return how many runs there are by status."""
        rows = self._db.execute("SELECT status, count(*) FROM runs GROUP BY status")
        return {Status(status): int(number) for status, number in rows}

    def trial_counts(self) -> tuple[int, int]:
        """Return how many trials there are, and how many of them are settled."""
        total, settled = self._db.execute("SELECT count(*), count(settled_by) FROM trials").fetchone()
        return int(total), int(settled)

    def trials_again(self) -> int:
        """Return how many trials a person asked for beside those that the scenario has."""
        row = self._db.execute("SELECT count(*) FROM trials WHERE origin GLOB ?", (f"{AGAIN}*",)).fetchone()
        return int(row[0])

    def failed_trials(self) -> int:
        """Return how many trials were settled by something else than an answer."""
        row = self._db.execute(
            "SELECT count(*) FROM trials JOIN runs ON runs.number = trials.settled_by"
            " WHERE runs.status NOT IN ('SUCCESS', 'UNSAT', 'STOPPED')"
            " AND NOT (runs.status = 'TIMEOUT' AND runs.cost IS NOT NULL)"  # with a score, it is one
        ).fetchone()
        return int(row[0])

    @property
    def is_noisy(self) -> bool:
        """Whether one configuration may come out differently each time."""
        return self.meta(_NOISY) == "1"

    def set_noisy(self, noisy: bool) -> None:
        """Remember whether one configuration may come out differently each time."""
        if noisy != self.is_noisy:
            self.set_meta(_NOISY, "1" if noisy else "")

    @property
    def least_runs(self) -> int:
        """Of how many runs an evaluation of a configuration consists: one for each instance."""
        return int(self.meta(_LEAST_RUNS) or 1)

    def set_least_runs(self, number: int) -> None:
        """Remember of how many runs an evaluation consists."""
        if number != self.least_runs:
            self.set_meta(_LEAST_RUNS, str(number))

    def by_config(self) -> ConfigRecords:
        """Return what each configuration came to."""
        return ConfigRecords(self.runs(settling=True), noisy=self.is_noisy, least_runs=self.least_runs)

    def incumbent(self) -> ConfigRecord | None:
        """Return the configuration of least cost; of equals, the first. See ``config_records`` for noisy studies."""
        if self.is_noisy:
            return self.by_config().best()
        row = self._db.execute(
            f"{_RECORDS} WHERE trials.settled_by = runs.number AND runs.status IN ('SUCCESS', 'TIMEOUT')"
            " AND runs.cost IS NOT NULL ORDER BY runs.cost, runs.number LIMIT 1"
        ).fetchone()
        return None if row is None else ConfigRecord(record_of(row, self.study))
