"""The runs of a study as columns of numbers: small and quick enough to draw a hundred thousand of them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from boxwright.report.charts.axes import Axis
from boxwright.store.records import RunRecord
from boxwright.terms import Direction, Status, config_key

Numbers: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = NDArray[np.intp]

STATUSES = tuple(Status)
_CODES = {status: float(code) for code, status in enumerate(STATUSES)}
_FIELDS = ("run", "status", "quality", "cost", "started", "ended", "wall_s", "slot", "optimizer_seed", "config")
_ANSWERS = (_CODES[Status.SUCCESS], _CODES[Status.TIMEOUT])  # a crash may have a cost, but is no answer
_NONE = float("nan")


@dataclass(frozen=True)
class ChartData:
    """Runs as columns, in the order of their ends; NaN where a run has no such value.

    Attributes:
        objective: Name of the metric that drives the study.
        direction: Whether less of it is better, or more.
        noisy: Whether a configuration runs more than once, so that means are drawn.
        axes: The parameters in the order of the scenario.
        fields: ``run``, ``status`` (an index into ``STATUSES``), ``quality``, ``cost``, ``started``, ``ended``,
            ``wall_s``, ``slot``, ``optimizer_seed`` (0 for a design), ``config`` (in a noisy study, a number for each
            one).
        settles: Whether a run is the one that counts for its trial.
        parameters: By name, positions on their axes.
        metrics: By name.
    """

    objective: str
    direction: Direction
    noisy: bool
    axes: tuple[Axis, ...]
    fields: dict[str, Numbers]
    settles: NDArray[np.bool_]
    parameters: dict[str, Numbers]
    metrics: dict[str, Numbers]

    @cached_property
    def answered(self) -> Rows:
        """Rows that count and have a cost, in the order of their ends."""
        answers = np.isin(self.fields["status"], _ANSWERS) & ~np.isnan(self.fields["cost"])
        return np.flatnonzero(answers & self.settles)

    @cached_property
    def failed(self) -> int:
        """How many trials were settled without an answer."""
        return int(self.settles.sum()) - len(self.answered)

    @property
    def maximize(self) -> bool:
        """Whether more is better."""
        return self.direction is Direction.MAXIMIZE

    def axis(self, name: str) -> Axis:
        """Return a parameter's axis.

        Raises:
            KeyError: There is no such parameter.
        """
        for axis in self.axes:
            if axis.name == name:
                return axis
        raise KeyError(name)

    @property
    def varied(self) -> tuple[Axis, ...]:
        """Parameters with more than one value."""
        return tuple(axis for axis in self.axes if not axis.is_constant)


class Columns:
    """Gathers runs for charts; a run that is added again takes the place of what was known of it.

    Args:
        axes: The parameters.
        objective: Name of the metric that drives the study.
        direction: Whether less of it is better, or more.
        noisy: Whether a configuration runs more than once.
    """

    def __init__(self, axes: Sequence[Axis], objective: str, direction: Direction, *, noisy: bool = False) -> None:
        self._axes = tuple(axes)
        self._head = (objective, direction, noisy)
        self._fields = {name: array("d") for name in _FIELDS}
        self._parameters = {axis.name: array("d") for axis in axes}
        self._metrics: dict[str, array[float]] = {}
        self._settles = array("b")
        self._rows: dict[int, int] = {}
        self._configs: dict[int, int] = {}
        self._settled: dict[int, int] = {}

    def __len__(self) -> int:
        """Return how many runs there are."""
        return len(self._rows)

    def add(self, record: RunRecord) -> None:
        """Take in one run, whether it is over or not."""
        cells = (*self._values(record), *(axis.position(record.config.get(axis.name)) for axis in self._axes))
        columns = (*self._fields.values(), *self._parameters.values())
        row = self._rows.get(record.run)
        if row is None:
            row = self._rows[record.run] = len(self._rows)
            for column, cell in zip(columns, cells, strict=True):
                column.append(cell)
            for column in self._metrics.values():
                column.append(_NONE)
            self._settles.append(0)
        else:
            for column, cell in zip(columns, cells, strict=True):
                column[row] = cell
        for name, number in record.metrics.items():
            if name not in self._metrics:
                self._metrics[name] = array("d", [_NONE]) * len(self._rows)
            self._metrics[name][row] = number
        if record.settles and self._settled.get(record.trial, row) != row:
            self._settles[self._settled[record.trial]] = 0  # the trial was run once more
        if record.settles:
            self._settled[record.trial] = row
        self._settles[row] = record.settles

    def extend(self, records: Iterable[RunRecord]) -> Columns:
        """Take in many runs; return itself."""
        for record in records:
            self.add(record)
        return self

    def data(self) -> ChartData:
        """Return what there is by now; later additions do not change it."""
        fields = {name: np.array(column) for name, column in self._fields.items()}
        order = np.lexsort((fields["run"], fields["ended"]))  # NaN, a run under way, comes last
        return ChartData(
            *self._head[:2],
            self._head[2],
            self._axes,
            {name: column[order] for name, column in fields.items()},
            np.array(self._settles, dtype=bool)[order],
            {name: np.array(column)[order] for name, column in self._parameters.items()},
            {name: np.array(column)[order] for name, column in self._metrics.items()},
        )

    def _values(self, record: RunRecord) -> tuple[float, ...]:
        """Return what a run has of each of ``_FIELDS``."""
        return (
            record.run,
            _CODES[record.status],
            _or_none(record.quality),
            _or_none(record.cost),
            _or_none(record.started),
            _or_none(record.ended),
            _or_none(record.wall_s),
            record.slot,
            record.optimizer_seed or 0,
            self._config(record) if self._head[2] else 0,
        )

    def _config(self, record: RunRecord) -> float:
        return self._configs.setdefault(hash(config_key(record.config)), len(self._configs))


def _or_none(value: float | None) -> float:
    return _NONE if value is None else value
