"""Which of many runs are drawn, and how numbers become a figure's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from boxwright.report.charts.axes import Axis
from boxwright.report.charts.data import ChartData, Numbers, Rows
from boxwright.report.charts.figure import text_of
from boxwright.report.words import value_text

MOST_POINTS = 2000
"""Browsers draw each as an element of its own: twice as many cost a second at each look, and look the same."""

MOST_LINES = 1000
_DECADES_FOR_LOG = 2.5
_DIGITS = 7
_LOG = {"type": "log", "exponentformat": "power"}  # and no "100µ"


def drawn(costs: Numbers, most: int) -> Rows:
    """Return which of these are drawn: all, or the best tenth of ``most`` and the others at even distances.

    Args:
        costs: Less is better.
        most: How many at most.

    Returns:
        Indices into ``costs``, rising.
    """
    number = len(costs)
    if number <= most:
        return np.arange(number)
    best = np.argpartition(costs, most // 10)[: most // 10]
    spread = np.linspace(0, number - 1, most - len(best)).round().astype(np.intp)
    return np.union1d(best, spread)


def sampled_note(shown: int, total: int, noun: str = "runs") -> str:
    """Return in words that not all are drawn; empty if all are."""
    if shown >= total:
        return ""
    return f"{shown:,} of {total:,} {noun} are drawn: the best, and the others at even distances."


def failures_note(data: ChartData) -> str:
    """Return in words how many trials are left out; empty if none is."""
    if not data.failed:
        return ""
    return f"{data.failed:,} {'trial' if data.failed == 1 else 'trials'} without an answer left out."


def numbers(values: Numbers) -> list[float | None]:
    """Return numbers as JSON has them: seven digits, which no screen exceeds, and None for what is not finite."""
    return [float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None for value in values.tolist()]


def is_wide(values: Numbers) -> bool:
    """Return whether these numbers are read better on a log axis: all positive, over several powers of ten."""
    known = values[np.isfinite(values)]
    if not len(known) or known.min() <= 0:
        return False
    return bool(np.log10(known.max()) - np.log10(known.min()) > _DECADES_FOR_LOG)


def value_axis(title: str, values: Numbers) -> dict[str, Any]:
    """Return an axis for a metric."""
    axis: dict[str, Any] = {"title": {"text": title}}
    if is_wide(values):
        axis |= _LOG
    return axis


def parameter_axis(axis: Axis) -> dict[str, Any]:
    """Return an axis for a parameter, its whole range shown."""
    made: dict[str, Any] = {"title": {"text": text_of(axis.name)}}
    if axis.choices:
        labels = [text_of(value_text(value)) for value in axis.choices]
        made |= {"tickvals": list(range(len(labels))), "ticktext": labels, "range": [-0.5, len(labels) - 0.5]}
    elif axis.log:
        made |= _LOG
    return made


def jittered(axis: Axis, positions: Numbers) -> Numbers:
    """Return positions among choices a little apart, so that equal ones do not hide each other; numbers as they are.

    The distances are always the same: multiples of the golden ratio, which fill the width evenly.
    """
    if not axis.choices:
        return positions
    return positions + 0.5 * ((np.arange(len(positions)) * 0.6180339887498949) % 1 - 0.5)
