"""One study that is looked at: its scenario, its runs, its figures and what its controller says."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock

from boxwright.errors import UserError
from boxwright.report.charts import ChartData, Columns, Figure, read_axes
from boxwright.report.trajectory import Step, trajectory
from boxwright.scenario.model import Scenario
from boxwright.scenario.stored import read_stored_scenario
from boxwright.serve.course import improvements
from boxwright.serve.kept import Kept
from boxwright.serve.mirror import Mirror
from boxwright.store.config_records import ConfigRecord
from boxwright.store.database import Store
from boxwright.store.layout import SCENARIO, is_study
from boxwright.store.records import RunRecord
from boxwright.study.control import is_running
from boxwright.study.metrics import shown_metrics
from boxwright.study.state import state_of

_FRESH_S = 0.9


@dataclass(frozen=True, slots=True)
class Meta:
    """What is remembered about a study beside its runs.

    Attributes:
        running: Whether a controller is at work.
        state: ``running``, ``paused``, ``stopping``, ``finished``, ``interrupted`` or ``aborted``.
        reason: Why it ended before all runs were made; empty if it did not, or a person stopped it.
        target: How many trials there are to be; None where that is not known.
    """

    running: bool
    state: str
    reason: str
    target: int | None


class Desk:
    """One study, for all who look at it.

    Args:
        key: What it is called in addresses.
        folder: The study folder.

    Raises:
        UserError: It is no study.
    """

    def __init__(self, key: str, folder: Path) -> None:
        if not is_study(folder):
            raise UserError("is no study. Give the folder that `boxwright run` named at its end.", place=str(folder))
        self.key = key
        self.folder = folder
        self.name = folder.name
        self._axes = read_axes(folder)
        scenario = self.scenario
        self.objective = scenario.study.objective
        self._noisy = scenario.gathers_runs
        self._columns = self._no_columns()
        self.mirror = Mirror(
            folder,
            [axis.name for axis in self._axes],
            hear=self._hear,
            begin=self._anew,
        )
        self._lock = Lock()
        self._checked = 0.0
        self._was_running = False
        self._data: Kept[ChartData] = Kept()
        self._steps: Kept[list[Step]] = Kept()
        self._best: Kept[list[ConfigRecord]] = Kept()
        self.importance: Kept[Figure] = Kept()
        """How important the parameters are, as a chart."""

    @property
    def scenario(self) -> Scenario:
        """The scenario as it is now: more runs, and what ``resume --set`` changes, are written into it."""
        return read_stored_scenario(self.folder / SCENARIO)

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that the scenario names, the objective first."""
        return shown_metrics(self.scenario)

    # ------------------------------------------------------------------------------------------ catching up

    def refresh(self, *, now: bool = False) -> bool:
        """Take in what has changed, if nobody has just done so; return whether anything has.

        Args:
            now: Even if somebody has.

        Raises:
            StudyError: The database cannot be read.
        """
        with self._lock:
            if not now and time.monotonic() < self._checked + _FRESH_S:
                return False
            running = is_running(self.folder)
            turned = running != self._was_running
            if running and turned:
                self.mirror.forget()
            self._was_running = running
            changed = self.mirror.refresh(anyway=turned)
            self._checked = time.monotonic()
            return changed

    def _no_columns(self) -> Columns:
        objective = self.objective
        return Columns(self._axes, objective.metric, objective.direction, noisy=self._noisy)

    def _anew(self) -> None:
        self._columns = self._no_columns()

    def _hear(self, record: RunRecord) -> None:
        self._columns.add(record)

    def _columns_now(self) -> ChartData:
        with self._lock:
            return self._columns.data()

    # ------------------------------------------------------------------------------------------ what there is

    def meta(self) -> Meta:
        """Return what is remembered about the study.

        Raises:
            StudyError: The database cannot be read.
        """
        with self.mirror.reading.connection() as db:
            known = {str(key): str(value) for key, value in db.execute("SELECT key, value FROM meta")}
        running = is_running(self.folder)
        state = state_of(known, running=running)
        return Meta(
            running,
            state,
            "" if running else known.get("reason", ""),
            int(known["target"]) if known.get("target", "").isdigit() else None,
        )

    def data(self) -> ChartData:
        """Return all runs as columns for charts."""
        return self._data.get(self.mirror.generation, self._columns_now)

    def steps(self) -> list[Step]:
        """Return how the incumbent came."""
        if not self._noisy:
            return self._steps.get(self.mirror.generation, lambda: improvements(self.data(), self.mirror.records))
        return self._steps.get(self.mirror.generation, self._noisy_steps)

    def _noisy_steps(self) -> list[Step]:
        with Store(self.folder) as store:
            return trajectory(store.finished_runs(), noisy=True, least_runs=store.least_runs)

    def incumbent(self) -> ConfigRecord | None:
        """Return the best configuration so far.

        Raises:
            StudyError: The database cannot be read.
        """
        if self._noisy:
            return next(iter(self._best.get(self.mirror.generation, self._noisy_best)), None)
        numbers = self.mirror.rows(
            "SELECT number FROM runs INDEXED BY by_cost WHERE settles = 1 AND cost IS NOT NULL"
            " AND status IN ('SUCCESS', 'TIMEOUT') ORDER BY cost, number LIMIT 1"
        )
        found = self.mirror.records([row[0] for row in numbers])
        return ConfigRecord(found[0]) if found else None

    def _noisy_best(self) -> list[ConfigRecord]:
        with Store(self.folder) as store:
            best = store.incumbent()
        return [] if best is None else [best]

    def run(self, number: int) -> RunRecord | None:
        """Return one run; None if there is none of this number.

        Raises:
            StudyError: The database cannot be read.
        """
        return next(iter(self.mirror.records([number])), None)

    def close(self) -> None:
        """Free what it holds."""
        self.mirror.close()
