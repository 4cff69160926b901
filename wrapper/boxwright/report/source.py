"""A study as reports, frames and exports read it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from boxwright.report.charts import Axis, ChartData, Columns
from boxwright.report.trajectory import Step, trajectory
from boxwright.scenario import Scenario
from boxwright.scenario.model import Objective
from boxwright.store.database import Store
from boxwright.study.metrics import shown_metrics


@dataclass(frozen=True, slots=True)
class Source:
    """An open study.

    Attributes:
        folder: Its folder, absolute.
        scenario: What was asked for.
        store: Its runs.
        axes: Its parameters.
    """

    folder: Path
    scenario: Scenario
    store: Store
    axes: tuple[Axis, ...]

    @property
    def name(self) -> str:
        """The name of the study's folder."""
        return self.folder.name

    @property
    def objective(self) -> Objective:
        """What drives the study."""
        return self.scenario.study.objective

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics with a column of their own, the objective first."""
        return shown_metrics(self.scenario)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters, in the order of the scenario."""
        return tuple(axis.name for axis in self.axes)

    def chart_data(self) -> ChartData:
        """Return all runs as charts want them."""
        objective = self.objective
        columns = Columns(self.axes, objective.metric, objective.direction, noisy=self.store.is_noisy)
        return columns.extend(self.store.runs()).data()

    def trajectory(self) -> list[Step]:
        """Return how the incumbent came."""
        store = self.store
        return trajectory(store.finished_runs(), noisy=store.is_noisy, least_runs=store.least_runs)
