"""Costs → what a model is trained on. Each takes finite costs of shape ``[n]`` and returns targets of that shape."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import minimize_scalar

from boxwright.propose.search.columns import Rows


def with_failures(costs: Rows) -> Rows:
    """Return costs in which failures (NaN) cost as much as the worst success.

    Of what was tried on a space whose best part lies beside a failing one, no other finite cost was better, and
    leaving failures out was worse: the search then goes back to them.
    """
    return np.where(np.isnan(costs), np.nanmax(costs), costs)


def log_scaled(costs: Rows) -> Rows:
    """Return SMAC's scale: the logarithm of where a cost lies between a little below the best, and the worst."""
    low, high = float(costs.min()), float(costs.max())
    if high == low:
        return np.zeros_like(costs)
    low -= float(np.percentile(costs, 5)) - low
    low -= 1e-10 * max(high - low, 1e-10)
    scaled: Rows = np.log(np.maximum((costs - low) / (high - low), 1e-10))
    return scaled


def gaussian(costs: Rows) -> Rows:
    """Return costs bent so that they are as normal as a Yeo-Johnson transformation makes them.

    What lies far above the rest is drawn in first: a failure or an outlier must not flatten all else.
    """
    middle, low = float(np.median(costs)), float(costs.min())
    spread = float(np.subtract(*np.percentile(costs, [75, 25]))) or float(costs.std())
    if spread == 0.0 or not np.isfinite(spread):
        return np.zeros_like(costs)
    reach = max(middle - low, spread)
    scaled = (costs - middle) / reach
    scaled = np.where(scaled > 1.0, 1.0 + np.log(np.maximum(scaled, 1.0)), scaled)
    return _yeo_johnson_fitted(scaled)


def _yeo_johnson_fitted(values: Rows) -> Rows:
    """Return the values under the exponent of greatest likelihood (Yeo and Johnson 2000), between -1 and 2."""
    logs = np.sign(values) * np.log1p(np.abs(values))

    def misfit(exponent: float) -> float:
        bent = _yeo_johnson(values, exponent)
        variance = float(bent.var())
        return 0.5 * len(values) * math.log(max(variance, 1e-300)) - (exponent - 1.0) * float(logs.sum())

    exponent = float(minimize_scalar(misfit, bounds=(-1.0, 2.0), method="bounded", options={"xatol": 0.01}).x)
    return _yeo_johnson(values, exponent)


def _yeo_johnson(values: Rows, exponent: float) -> Rows:
    above, below = np.maximum(values, 0.0), np.maximum(-values, 0.0)
    rising = np.log1p(above) if abs(exponent) < 1e-6 else ((above + 1.0) ** exponent - 1.0) / exponent
    other = 2.0 - exponent
    falling = np.log1p(below) if abs(other) < 1e-6 else ((below + 1.0) ** other - 1.0) / other
    bent: Rows = np.where(values >= 0, rising, -falling)
    return bent
