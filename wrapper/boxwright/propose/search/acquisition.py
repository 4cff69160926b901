"""Expected improvement as a logarithm, so that places where it underflows can still be told apart.

Ament et al. 2023, "Unexpected Improvements to Expected Improvement for Bayesian Optimization".
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import erfcx, log_ndtr, ndtr

from boxwright.propose.search.columns import Rows

_LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)


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
