"""How a study came on: best so far over all and per optimizer seed, and the seeds compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from boxwright.report.charts.data import ChartData, Numbers
from boxwright.report.charts.figure import DASHES, Figure, empty, figure, text_of
from boxwright.report.charts.points import Points, points_of
from boxwright.report.charts.sampling import (
    MOST_POINTS,
    drawn,
    failures_note,
    is_wide,
    numbers,
    sampled_note,
    value_axis,
)
from boxwright.report.trajectory import Step

_TITLE = "Best so far"
_NONE_YET = "No run has succeeded yet."
_MANY = 100


def best_so_far(data: ChartData, steps: Sequence[Step]) -> Figure:
    """Return the incumbent's quality over the runs, beside all runs and the best of each optimizer seed.

    Args:
        data: The runs.
        steps: The incumbents, as ``trajectory`` finds them; in a noisy study with the standard errors of their means.
    """
    if not len(data.answered) or not steps:
        return empty(_TITLE, _NONE_YET)
    points = points_of(data, data.objective)
    at = np.cumsum(data.settles)[points.rows]
    chosen = drawn(points.costs, MOST_POINTS)
    traces = [_dots(data, points, at, chosen), *_seed_lines(data, points, at), _incumbents(data, steps)]
    notes = [sampled_note(len(chosen), len(at), points.noun), failures_note(data)]
    near = _near_the_best(points, maximize=data.maximize)
    if near:
        notes.append("The axis ends at the median; a double click shows all.")
    if data.noisy:
        notes.append("Points are the means of configurations; bars are standard errors of the incumbent's mean.")
    return figure(
        _TITLE,
        traces,
        note=" ".join(filter(None, notes)),
        xaxis={"title": {"text": "trials settled"}, "rangemode": "tozero"},
        yaxis=value_axis(text_of(data.objective), points.values) | near,
    )


def seeds_compared(data: ChartData) -> Figure:
    """Return the best so far of each optimizer seed over its own trials, so that those with fewer are not worse."""
    title = "Optimizer seeds compared"
    if not len(data.answered):
        return empty(title, _NONE_YET)
    points = points_of(data, data.objective)
    seeds = data.fields["optimizer_seed"][points.rows]
    traces = []
    for index, seed in enumerate(np.unique(seeds)):
        values = points.values[seeds == seed]
        best = _running_best(values, maximize=data.maximize)
        x = np.arange(1, len(values) + 1)
        traces.append(_steps_line(_seed_name(seed), x, best, index))
    note = "One proposer only: there is nothing to compare." if len(traces) == 1 else failures_note(data)
    return figure(
        title,
        traces,
        note=note,
        xaxis={"title": {"text": f"{points.noun} of its own"}, "rangemode": "tozero"},
        yaxis=value_axis(text_of(data.objective), points.values),
    )


def _dots(data: ChartData, points: Points, at: Any, chosen: Any) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": points.noun,
        "x": at[chosen].tolist(),
        "y": numbers(points.values[chosen]),
        "customdata": data.fields["run"][points.rows[chosen]].astype(int).tolist(),
        "hovertemplate": "run %{customdata}: %{y}<extra></extra>",
        "marker": {"color": "faint", "size": 5, "opacity": 0.6},
    }


def _near_the_best(points: Points, *, maximize: bool) -> dict[str, Any]:
    """Return a range from the best to the median, where many runs would leave the incumbents a flat line."""
    if len(points.values) < _MANY or is_wide(points.values):
        return {}
    best = points.values[np.argmin(points.costs)]
    median = float(np.median(points.values))
    pad = 0.08 * abs(median - best)
    if not pad:
        return {}
    return {"range": [median - pad, best + pad] if maximize else [best - pad, median + pad]}


def _seed_lines(data: ChartData, points: Points, at: Any) -> list[dict[str, Any]]:
    seeds = data.fields["optimizer_seed"][points.rows]
    known = np.unique(seeds)
    if len(known) < 2:
        return []
    lines = []
    for index, seed in enumerate(known, start=1):
        mine = seeds == seed
        best = _running_best(points.values[mine], maximize=data.maximize)
        lines.append(_steps_line(_seed_name(seed), at[mine], best, index, last=int(data.settles.sum())))
    return lines


def _incumbents(data: ChartData, steps: Sequence[Step]) -> dict[str, Any]:
    last = int(data.settles.sum())
    x = [step.settled for step in steps]
    y = [step.quality for step in steps]
    errors = [step.standard_error or 0.0 for step in steps]
    runs = [step.run for step in steps]
    trace = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": "incumbent",
        "x": [*x, last],
        "y": numbers(np.array([*y, y[-1]])),
        "customdata": [*runs, runs[-1]],
        "hovertemplate": "incumbent: run %{customdata}: %{y}<extra></extra>",
        "line": {"shape": "hv", "width": 3, "color": 0},
        "marker": {"color": 0, "size": 7},
    }
    if any(errors):
        trace["error_y"] = {"type": "data", "array": numbers(np.array([*errors, 0.0])), "color": 0, "thickness": 1.5}
    return trace


def _steps_line(name: str, x: Any, best: Numbers, index: int, *, last: int | None = None) -> dict[str, Any]:
    """Return a line with a point only where it gets better, and one at its end."""
    kept = np.flatnonzero(np.concatenate([[True], best[1:] != best[:-1]]))
    end = x[-1] if last is None else last
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [*x[kept].tolist(), int(end)],
        "y": numbers(np.append(best[kept], best[-1])),
        "hovertemplate": f"{name}: %{{y}}<extra></extra>",
        "line": {"shape": "hv", "width": 1.5, "color": index, "dash": DASHES[index % len(DASHES)]},
    }


def _seed_name(seed: float) -> str:
    return f"seed {seed:.0f}" if seed else "design"


def _running_best(values: Numbers, *, maximize: bool) -> Numbers:
    best: Numbers = np.maximum.accumulate(values) if maximize else np.minimum.accumulate(values)
    return best
