"""How much a place promises, always as a logarithm: places where the number itself underflows can be told apart.

``ei``   expected improvement; Ament et al. 2023, "Unexpected Improvements to Expected Improvement for Bayesian
         Optimization"
``pi``   probability of improvement, by a margin; Kushner 1964
``lcb``  lower confidence bound; Srinivas et al. 2010, "Gaussian Process Optimization in the Bandit Setting"
``ts``   Thompson sampling: one function drawn from what the model takes for possible

The last two are no probabilities: how far the bound, or the draw, lies below the best is bent to a positive number,
which keeps their order, so that a chance of success can be multiplied to each of the four alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.special import erfcx, log_ndtr, ndtr

from boxwright.propose.search.columns import Rows

MARGIN = 0.01
"""Improvements smaller than it do not count for ``pi``, which would else hardly leave the best run (Hoffman 2011)."""

_LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)
_DOUBT = 0.1  # Srinivas's δ: the chance that the bound is none
_SCALE = 0.2  # Srinivas's own experiments take a fifth of what the theory asks for

Promise = Callable[[Rows, Rows], Rows]
"""From means and deviations to one number each; higher is better."""


def log_expected_improvement(means: Rows, deviations: Rows, best: float) -> Rows:
    """Return the logarithm of by how much a value falls below ``best`` in the mean; arrays of one shape."""
    z = (best - means) / deviations
    return np.log(deviations) + _log_h(z)


def log_normal_expected_improvement(means: Rows, deviations: Rows, best: float) -> Rows:
    """Return the same for values whose logarithms are normal, and by how much the values themselves fall.

    Hutter et al. 2009, "An Experimental Investigation of Model-Based Parameter Optimisation".
    """
    z = (best - means) / deviations
    # exp(best) Φ(z) - exp(mean + variance / 2) Φ(z - deviation)
    left = best + log_ndtr(z)
    right = means + 0.5 * deviations**2 + log_ndtr(z - deviations)
    gap = np.minimum(right - left, -1e-12)
    return left + np.log1p(-np.exp(gap))


def log_probability_of_improvement(means: Rows, deviations: Rows, best: float) -> Rows:
    """Return the logarithm of the chance that a value falls below ``best``."""
    found: Rows = log_ndtr((best - means) / deviations)
    return found


def log_gain(values: Rows, best: float) -> Rows:
    """Return log(log(1 + exp(best - value))): finite, and in the order of the values, lowest last."""
    ahead = np.asarray(best - values, dtype=np.float64)
    found: Rows = np.where(ahead < -30.0, ahead, np.log(np.logaddexp(0.0, np.maximum(ahead, -30.0))))
    return found


def log_gain_of_bound(means: Rows, deviations: Rows, best: float, beta: float) -> Rows:
    """Return the same for the lower confidence bound, the mean less √beta deviations."""
    return log_gain(means - math.sqrt(beta) * deviations, best)


def bound_width(runs: int, parameters: int) -> float:
    """Return Srinivas's beta after so many runs in so many dimensions, in the scale of their experiments."""
    return 2.0 * _SCALE * math.log(max(parameters, 1) * max(runs, 1) ** 2 * math.pi**2 / (6.0 * _DOUBT))


def _log_h(z: Rows) -> Rows:
    """Return log(φ(z) + z Φ(z)), by forms that do not cancel."""
    found = np.empty_like(z)
    high = z > -1.0
    found[high] = np.log(np.exp(-0.5 * z[high] ** 2 - _LOG_SQRT_2PI) + z[high] * ndtr(z[high]))
    low = z[~high]
    ratio = np.sqrt(np.pi / 2.0) * erfcx(-low / np.sqrt(2.0)) * np.abs(low)
    shrunk = np.where(low > -1e6, np.log1p(-np.minimum(ratio, 1.0 - 1e-16)), -2.0 * np.log(np.abs(low)))
    found[~high] = -0.5 * low**2 - _LOG_SQRT_2PI + shrunk
    return found
