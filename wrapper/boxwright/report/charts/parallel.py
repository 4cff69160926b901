"""Parallel coordinates: each configuration a line through all parameters to the objective."""

from __future__ import annotations

from typing import Any

import numpy as np

from boxwright.report.charts.axes import Axis
from boxwright.report.charts.data import ChartData, Numbers
from boxwright.report.charts.figure import Figure, empty, figure, plain_text_of, scale, text_of
from boxwright.report.charts.points import points_of
from boxwright.report.charts.sampling import MOST_LINES, drawn, failures_note, is_wide, numbers, sampled_note
from boxwright.report.words import value_text

_TITLE = "Parallel coordinates"
_TICKS = 5


def parallel_coordinates(data: ChartData, parameters: tuple[str, ...] | None = None) -> Figure:
    """Return all configurations as lines; where a parameter was inactive, a line passes below its range.

    Args:
        data: The runs.
        parameters: Which of them are drawn, in this order; all that vary if None.

    Raises:
        KeyError: There is no such parameter.
    """
    axes = data.varied if parameters is None else tuple(data.axis(name) for name in parameters)
    if not len(data.answered) or not axes:
        return empty(_TITLE, "No run has succeeded yet." if axes else "No parameter varies.")
    points = points_of(data, data.objective)
    chosen = drawn(points.costs, MOST_LINES)
    chosen = chosen[np.argsort(-points.costs[chosen], kind="stable")]  # the best are drawn last, on top
    rows = points.rows[chosen]
    values = points.values[chosen]
    wide = is_wide(values)
    shown = np.log10(values) if wide else values
    trace = {
        "type": "parcoords",
        "dimensions": [
            *(_dimension(axis, data.parameters[axis.name][rows]) for axis in axes),
            _metric_dimension(text_of(data.objective), shown, wide=wide),
        ],
        "line": {"coloraxis": "coloraxis", "color": numbers(shown)},
        "labelangle": -20,
        "labelside": "bottom",
    }
    title = f"log10 {text_of(data.objective)}" if wide else text_of(data.objective)
    notes = [sampled_note(len(chosen), len(points.rows), points.noun), failures_note(data)]
    return figure(
        _TITLE,
        [trace],
        note=" ".join(filter(None, notes)),
        coloraxis=scale(maximize=data.maximize, title=title),
        margin={"l": 72, "r": 24, "t": 72, "b": 96},
    )


def _dimension(axis: Axis, positions: Numbers) -> dict[str, Any]:
    if axis.choices:
        low, high = axis.lower, axis.upper
        places = np.arange(len(axis.choices), dtype=float)
        labels = [plain_text_of(value_text(choice)) for choice in axis.choices]
    else:
        places, labels = _ticks(axis.lower, axis.upper, log=axis.log, whole=axis.whole)
        low, high = (np.log10(axis.lower), np.log10(axis.upper)) if axis.log else (axis.lower, axis.upper)
        positions = np.log10(positions) if axis.log else positions
    inactive = np.isnan(positions)
    if inactive.any():
        below = low - 0.12 * (high - low)
        positions = np.where(inactive, below, positions)
        places, labels = np.append(below, places), ["inactive", *labels]
        low = below
    return {
        "label": text_of(axis.name),
        "values": numbers(positions),
        "range": numbers(np.array([low, high])),
        "tickvals": numbers(places),
        "ticktext": labels,
    }


def _metric_dimension(label: str, values: Numbers, *, wide: bool) -> dict[str, Any]:
    low, high = float(values.min()), float(values.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    places, labels = _ticks(10**low, 10**high, log=True) if wide else _ticks(low, high)
    ticks = {"tickvals": numbers(places), "ticktext": labels}
    return {"label": label, "values": numbers(values), "range": [low, high], **ticks}


def _ticks(lower: float, upper: float, *, log: bool = False, whole: bool = False) -> tuple[Numbers, list[str]]:
    """Return places of ticks, as powers of ten on a log scale, and what stands beside them."""
    if not log:
        shares = np.linspace(0, 1, _TICKS)
        places = (1 - shares) * lower + shares * upper  # their difference may be more than there are numbers
        places = np.unique(np.round(places)) if whole else places
        return places, [_tick_text(place) for place in places]
    low, high = np.log10(lower), np.log10(upper)
    decades = np.arange(np.ceil(low), np.floor(high) + 1)
    if len(decades) > 2 * _TICKS:
        decades = decades[:: len(decades) // _TICKS]
    places = decades if len(decades) >= 3 else np.linspace(low, high, _TICKS)
    return places, [_tick_text(10**place) for place in places]


def _tick_text(value: float) -> str:
    """Return a number in few characters; one below a million without an exponent."""
    return f"{value:.0f}" if 1000 <= abs(value) < 1e6 else f"{value:.3g}"
