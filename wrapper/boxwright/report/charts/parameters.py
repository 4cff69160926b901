"""What the parameters do to the metrics: one parameter, two of them, all of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from boxwright.report.charts.axes import Axis
from boxwright.report.charts.data import ChartData, Numbers, Rows
from boxwright.report.charts.figure import Figure, empty, figure, scale, text_of
from boxwright.report.charts.points import Points, points_of
from boxwright.report.charts.sampling import (
    MOST_POINTS,
    drawn,
    failures_note,
    jittered,
    numbers,
    parameter_axis,
    sampled_note,
    value_axis,
)

_NONE_YET = "No run has succeeded yet."


def metric_by_parameter(data: ChartData, metric: str, parameter: str) -> Figure:
    """Return a metric against a parameter, coloured by when it ran; choices with their medians.

    In a noisy study, points are means over the runs of a configuration, with their standard errors.

    Raises:
        KeyError: There is no such metric or parameter.
    """
    axis = data.axis(parameter)
    title = f"{text_of(metric)} by {text_of(parameter)}"
    if not len(data.answered):
        return empty(title, _NONE_YET)
    points = points_of(data, metric)
    active = ~np.isnan(data.parameters[parameter][points.rows])
    points = _only(points, active)
    if not len(points.rows):
        return empty(title, f"{text_of(parameter)} was inactive in all runs.")
    chosen = drawn(points.costs, MOST_POINTS)
    rows = points.rows[chosen]
    positions = data.parameters[parameter][points.rows]
    traces = [_cloud(data, rows, jittered(axis, positions[chosen]), points.values[chosen])]
    traces[0]["marker"] |= {"coloraxis": "coloraxis", "color": data.fields["run"][rows].astype(int).tolist()}
    if points.errors is not None:
        errors = np.nan_to_num(points.errors[chosen])
        traces[0]["error_y"] = {"type": "data", "array": numbers(errors), "color": "faint", "thickness": 1}
    if axis.choices:
        traces.append(_medians(axis, positions, points.values))
    inactive = int((~active).sum())
    notes = [
        sampled_note(len(chosen), len(points.rows), points.noun),
        f"In {inactive:,} {points.noun} it was inactive; they are left out." if inactive else "",
        failures_note(data),
    ]
    return figure(
        title,
        traces,
        note=" ".join(filter(None, notes)),
        xaxis=parameter_axis(axis),
        yaxis=value_axis(text_of(metric), points.values),
        coloraxis=scale(maximize=True, title="run"),
        showlegend=False,
    )


def two_parameters(data: ChartData, first: str, second: str) -> Figure:
    """Return the objective as a colour over two parameters; the best is drawn last, with a star.

    Raises:
        KeyError: There is no such parameter.
    """
    axes = data.axis(first), data.axis(second)
    title = f"{text_of(data.objective)} by {text_of(first)} and {text_of(second)}"
    if not len(data.answered):
        return empty(title, _NONE_YET)
    points = points_of(data, data.objective)
    active = ~np.isnan(data.parameters[first][points.rows]) & ~np.isnan(data.parameters[second][points.rows])
    points = _only(points, active)
    if not len(points.rows):
        return empty(title, "In no run both parameters were active.")
    chosen = drawn(points.costs, MOST_POINTS)
    chosen = chosen[np.argsort(-points.costs[chosen], kind="stable")]
    rows = points.rows[chosen]
    x = jittered(axes[0], data.parameters[first][rows])
    y = jittered(axes[1], data.parameters[second][rows])
    cloud = _cloud(data, rows, x, y)
    cloud["marker"] |= {"coloraxis": "coloraxis", "color": numbers(_clipped(points.values[chosen]))}
    cloud["text"] = [f"{value:.6g}" for value in points.values[chosen]]
    cloud["hovertemplate"] = "run %{customdata}: %{text}<extra></extra>"
    best = _cloud(data, rows[-1:], x[-1:], y[-1:])
    best["marker"] |= {"symbol": "star", "size": 16, "color": 1, "opacity": 1}
    best["hovertemplate"] = f"best: run %{{customdata}}: {points.values[chosen][-1]:.6g}<extra></extra>"
    inactive = int((~active).sum())
    notes = [
        sampled_note(len(chosen), len(points.rows), points.noun),
        f"In {inactive:,} {points.noun} one of them was inactive; they are left out." if inactive else "",
        failures_note(data),
    ]
    return figure(
        title,
        [cloud, best],
        note=" ".join(filter(None, notes)),
        xaxis=parameter_axis(axes[0]),
        yaxis=parameter_axis(axes[1]),
        coloraxis=scale(maximize=data.maximize, title=text_of(data.objective)),
        showlegend=False,
    )


def _cloud(data: ChartData, rows: Rows, x: Numbers, y: Numbers) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": numbers(x),
        "y": numbers(y),
        "customdata": data.fields["run"][rows].astype(int).tolist(),
        "hovertemplate": "run %{customdata}: %{y}<extra></extra>",
        "marker": {"size": 7, "opacity": 0.8},
    }


def _medians(axis: Axis, positions: Numbers, values: Numbers) -> dict[str, Any]:
    found = [(index, values[positions == index]) for index in range(len(axis.choices))]
    found = [(index, mine) for index, mine in found if len(mine)]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "median",
        "x": [index for index, _ in found],
        "y": numbers(np.array([np.median(mine) for _, mine in found])),
        "hovertemplate": "median: %{y}<extra></extra>",
        "marker": {"symbol": "line-ew-open", "size": 34, "color": "ink", "line": {"width": 3}},
    }


def _only(points: Points, chosen: Any) -> Points:
    errors = None if points.errors is None else points.errors[chosen]
    return Points(points.rows[chosen], points.values[chosen], points.costs[chosen], errors)


def _clipped(values: Numbers) -> Numbers:
    """Return values with the far tenth at the ends pulled in, so that a few bad runs do not take all the colours."""
    low, high = np.quantile(values, [0.0, 1.0] if len(values) < 20 else [0.05, 0.95])
    clipped: Numbers = np.clip(values, min(low, values[-1]), max(high, values[-1]))
    return clipped
