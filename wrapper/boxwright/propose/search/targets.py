"""Costs → what a model is trained on. Each takes finite costs of shape ``[n]`` and returns targets of that shape."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from boxwright.propose.search.columns import Rows

_FARTHEST = 1e300


def with_failures(costs: Rows) -> Rows:
    """Return costs in which failures (NaN) cost as much as the worst success.

    Of what was tried on a space whose best part lies beside a failing one, no other finite cost was better, and
    leaving failures out was worse: the search then goes back to them.
    """
    return np.where(np.isnan(costs), np.nanmax(costs), costs)


def drawn_in(costs: Rows) -> Rows:
    """Return costs of which those far above the rest are logarithmic, and the others as they were."""
    place = _place(costs)
    if place is None:
        return costs
    middle, reach = place
    found: Rows = middle + reach * _drawn_in(costs, middle, reach)
    return np.where(found > middle + reach, found, costs)


def _place(costs: Rows) -> tuple[float, float] | None:
    """Return the median cost, and how far from it costs are ordinary; None for costs that are all the same."""
    if costs.min() == costs.max():  # the deviation of such from their mean may be a rounding error above 0
        return None
    middle, low = float(np.median(costs)), float(costs.min())
    spread = float(np.subtract(*np.percentile(costs, [75, 25])))
    if spread == 0.0:  # most are the same, as in tables whose costs have few levels: then go by the others
        apart = np.abs(costs - middle)
        spread = float(np.median(apart[apart > 0.0]))
    return None if spread == 0.0 or not np.isfinite(spread) else (middle, max(middle - low, spread))


def _drawn_in(costs: Rows, middle: float, reach: float) -> Rows:
    with np.errstate(over="ignore"):  # where most costs are next to 0
        scaled = np.minimum((costs - middle) / reach, _FARTHEST)
    found: Rows = np.where(scaled > 1.0, 1.0 + np.log(np.maximum(scaled, 1.0)), scaled)
    return found


def log_scaled(costs: Rows) -> Rows:
    """Return SMAC's scale: the logarithm of where a cost lies between a little below the best, and the worst."""
    reach = log_reach(costs)
    if reach == 0.0:
        return np.zeros_like(costs)
    scaled: Rows = np.log(np.maximum((costs - _log_floor(costs)) / reach, 1e-10))
    return scaled


def log_reach(costs: Rows) -> float:
    """Return by which costs are divided before their logarithm is taken; 0 for costs that are all the same."""
    high = float(costs.max())
    return 0.0 if costs.min() == high else high - _log_floor(costs)


def _log_floor(costs: Rows) -> float:
    low, high = float(costs.min()), float(costs.max())
    low -= float(np.percentile(costs, 5)) - low
    return low - 1e-10 * (high - low)


@dataclass(frozen=True, slots=True)
class Bend:
    """Costs bent so that they are as normal as a Yeo-Johnson transformation makes them, and back.

    What lies far above the rest is drawn in first: a failure or an outlier must not flatten all else.

    Attributes:
        middle: Cost that becomes 0.
        reach: By which costs are divided.
        exponent: Of Yeo and Johnson (2000), between -1 and 2.
    """

    middle: float
    reach: float
    exponent: float

    @classmethod
    def fitted(cls, costs: Rows) -> Bend | None:
        """Return the one of greatest likelihood; None for costs that are all the same."""
        place = _place(costs)
        return None if place is None else cls(*place, _fitted_exponent(_drawn_in(costs, *place)))

    def bent(self, costs: Rows) -> Rows:
        """Return what becomes of costs."""
        return _yeo_johnson(_drawn_in(costs, self.middle, self.reach), self.exponent)

    def costs(self, bent: Rows) -> Rows:
        """Return the costs that become these values."""
        scaled = _yeo_johnson_back(bent, self.exponent)
        scaled = np.where(scaled > 1.0, np.exp(np.minimum(scaled, 700.0) - 1.0), scaled)
        found: Rows = self.middle + self.reach * scaled
        return found


def _fitted_exponent(values: Rows) -> float:
    logs = np.sign(values) * np.log1p(np.abs(values))

    def misfit(exponent: float) -> float:
        bent = _yeo_johnson(values, exponent)
        variance = float(bent.var())
        return 0.5 * len(values) * math.log(max(variance, 1e-300)) - (exponent - 1.0) * float(logs.sum())

    return float(minimize_scalar(misfit, bounds=(-1.0, 2.0), method="bounded", options={"xatol": 0.01}).x)


def _yeo_johnson(values: Rows, exponent: float) -> Rows:
    above, below = np.maximum(values, 0.0), np.maximum(-values, 0.0)
    rising = np.log1p(above) if abs(exponent) < 1e-6 else ((above + 1.0) ** exponent - 1.0) / exponent
    other = 2.0 - exponent
    falling = np.log1p(below) if abs(other) < 1e-6 else ((below + 1.0) ** other - 1.0) / other
    bent: Rows = np.where(values >= 0, rising, -falling)
    return bent


def _yeo_johnson_back(bent: Rows, exponent: float) -> Rows:
    above, below = np.maximum(bent, 0.0), np.maximum(-bent, 0.0)
    if abs(exponent) < 1e-6:
        rising = np.expm1(np.minimum(above, 700.0))
    else:  # below 0 the exponent bounds what can be reached
        rising = np.maximum(exponent * above + 1.0, 1e-12) ** (1.0 / exponent) - 1.0
    other = 2.0 - exponent
    if abs(other) < 1e-6:
        falling = np.expm1(np.minimum(below, 700.0))
    else:
        falling = (other * below + 1.0) ** (1.0 / other) - 1.0
    found: Rows = np.where(bent >= 0, rising, -falling)
    return found
