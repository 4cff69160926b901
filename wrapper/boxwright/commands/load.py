"""``boxwright.load``: a study as data frames and figures, for a notebook."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from boxwright.commands.opening import open_source
from boxwright.errors import UserError, nearest

if TYPE_CHECKING:
    from boxwright.report.charts import ChartData, Figure, Theme
    from boxwright.report.source import Source
    from boxwright.report.trajectory import Step

Frames: TypeAlias = Literal["pandas", "polars", "pyarrow"]
_FRAMES: tuple[Frames, ...] = ("pandas", "polars", "pyarrow")
CHARTS = (
    "best_so_far",
    "seeds_compared",
    "metric_by_parameter",
    "two_parameters",
    "parallel_coordinates",
    "importance",
    "time_per_run",
    "slot_lanes",
)

_NAMES = {"metric_by_parameter": ("a metric", "a parameter"), "two_parameters": ("a parameter", "another one")}
"""What a chart is called with; parallel coordinates with any number of parameters."""


def load(study: str | Path, *, frames: Frames | None = None) -> LoadedStudy:
    """Return a study as data frames and figures, as it is now.

    Args:
        study: The study folder.
        frames: Of which library the frames are; the first of pandas, polars and pyarrow that is installed if None.

    Raises:
        UserError: The folder is no study, or there are no such frames.
    """
    if frames is not None and frames not in _FRAMES:
        raise UserError(f'no library "{frames}". {nearest(frames, _FRAMES, in_order=True)}', place="frames")
    return LoadedStudy(open_source(study), frames)


class LoadedStudy:
    """A study in a notebook. What has been read once stays as it was; ``boxwright.load`` again for what is new."""

    def __init__(self, source: Source, frames: Frames | None) -> None:
        self._source = source
        self._frames = frames

    @cached_property
    def runs(self) -> Any:
        """All runs as a frame: the columns of ``results.csv``, typed."""
        from boxwright.report.frames import run_columns

        records = list(self._source.store.runs())
        columns = run_columns(self._source.axes, self._source.metrics)
        return self._frame({column.name: [column.value(record) for record in records] for column in columns})

    @cached_property
    def trajectory(self) -> Any:
        """The incumbents in their order as a frame: after how many trials, which run, how good."""
        from boxwright.report.frames import step_columns

        return self._frame(step_columns(self._steps, self._source.axes))

    @cached_property
    def incumbent(self) -> Any:
        """The incumbent as a frame of one row, as ``trajectory`` has it; empty while there is none."""
        from boxwright.report.frames import step_columns

        return self._frame(step_columns([] if self._last is None else [self._last], self._source.axes))

    def chart(self, name: str = "best_so_far", *names: str, theme: Theme = "light") -> Any:
        """Return a chart as a figure of Plotly.

        Args:
            name: ``best_so_far``, ``seeds_compared``, ``metric_by_parameter``, ``two_parameters``,
                ``parallel_coordinates``, ``importance``, ``time_per_run`` or ``slot_lanes``.
            names: The metric and the parameter, the two parameters, or those of the parallel coordinates.
            theme: ``light`` or ``dark``.

        Raises:
            UserError: There is no such chart, theme, parameter or metric, or Plotly is not installed.
        """
        if theme not in ("light", "dark"):
            raise UserError(f'no theme "{theme}". Known: light, dark.', place="theme")
        try:
            from plotly.graph_objects import Figure
        except ImportError as error:
            raise UserError("needs Plotly: pip install 'boxwright[report]'", place=f"chart {name}") from error
        from boxwright.report.charts import themed

        return Figure(themed(self._figure(name, names), theme))

    def _figure(self, name: str, names: tuple[str, ...]) -> Figure:
        from boxwright.report import charts

        if name not in CHARTS:
            raise UserError(f'no chart "{name}". {nearest(name, CHARTS, in_order=True)}', place="chart")
        wanted = _NAMES.get(name, ())
        if name != "parallel_coordinates" and len(names) != len(wanted):
            found = ", ".join(names) or "none"
            raise UserError(f"takes {' and '.join(wanted) or 'no names'}, found {found}.", place=name)
        data = self._data
        if name == "best_so_far":
            return charts.best_so_far(data, self._steps)
        if name == "importance":
            return charts.importance_chart(data, charts.importance(data))
        try:
            if name == "parallel_coordinates":
                return charts.parallel_coordinates(data, names or None)
            figure: Figure = getattr(charts, name)(data, *names)
        except KeyError as error:
            known = [*self._source.parameters, *data.metrics]
            raise UserError(f'no "{error.args[0]}". {nearest(str(error.args[0]), known)}', place=name) from error
        return figure

    @cached_property
    def _data(self) -> ChartData:
        return self._source.chart_data()

    @cached_property
    def _steps(self) -> list[Step]:
        return self._source.trajectory()

    @property
    def _last(self) -> Step | None:
        best = self._source.store.incumbent()
        if best is None or best.quality is None or not self._steps:
            return None
        last = self._steps[-1]
        return dataclasses.replace(
            last,
            run=best.run,
            quality=best.quality,
            standard_error=best.standard_error,
            repeats=best.runs,
            config=best.config,
        )

    def _frame(self, columns: dict[str, list[Any]]) -> Any:
        library = _library(self._frames)
        import narwhals

        return narwhals.from_dict(columns, backend=library).to_native()


def _library(wanted: Frames | None) -> Frames:
    from importlib.util import find_spec

    for name in _FRAMES if wanted is None else (wanted,):
        if find_spec(name) is not None and find_spec("narwhals") is not None:
            return name
    wish = wanted or "pandas or polars"
    raise UserError(f"needs narwhals and {wish}: pip install narwhals {wanted or 'pandas'}", place="load")
