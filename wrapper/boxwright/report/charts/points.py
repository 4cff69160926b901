"""What is drawn as one point: a run, or in a noisy study a configuration with the mean of its runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from boxwright.report.charts.data import ChartData, Numbers, Rows


@dataclass(frozen=True, slots=True)
class Points:
    """Values of one metric.

    Attributes:
        rows: The run that each point is, or the first run of its configuration.
        values: The metric, or its mean.
        costs: The cost, or its mean: less is better.
        errors: Standard errors of the means; NaN for a single run. None where the study is not noisy.
    """

    rows: Rows
    values: Numbers
    costs: Numbers
    errors: Numbers | None = None

    @property
    def noun(self) -> str:
        """What a point is."""
        return "runs" if self.errors is None else "configurations"


def points_of(data: ChartData, metric: str) -> Points:
    """Return the points that have a value of this metric; in the order of the (first) runs' ends.

    Raises:
        KeyError: No run has such a metric.
    """
    column = data.fields["quality"] if metric == data.objective else data.metrics[metric]
    rows = data.answered[~np.isnan(column[data.answered])]
    if not data.noisy:
        return Points(rows, column[rows], data.fields["cost"][rows])
    configs, first, group = np.unique(data.fields["config"][rows], return_index=True, return_inverse=True)
    counts = np.bincount(group, minlength=len(configs))
    values = np.bincount(group, column[rows], len(configs)) / counts
    costs = np.bincount(group, data.fields["cost"][rows], len(configs)) / counts
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):  # numbers near the largest that there are
        squares = np.bincount(group, (column[rows] - values[group]) ** 2, len(configs))
        errors = np.where(counts > 1, np.sqrt(squares / (counts - 1) / counts), np.nan)
    order = np.argsort(first)
    order = order[np.isfinite(values[order]) & np.isfinite(costs[order])]
    return Points(rows[first[order]], values[order], costs[order], errors[order])
