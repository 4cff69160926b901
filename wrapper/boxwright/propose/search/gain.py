"""How much better a proposal is expected to be, in units of the cost, for ``optimizer.min_improvement``.

Models see costs on a scale of their own, and a small step there may be a large one here. A stopping rule of this
kind, with a bound on the regret in place of the expected improvement: Makarova et al. 2022, "Automatic Termination
for Hyperparameter Optimization".
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from boxwright.propose.search.targets import Bend

_QUANTILES = 256


def expected_gain(bend: Bend, mean: float, deviation: float, best: float) -> float:
    """Return by how much the cost falls below that of ``best`` in the mean, for a prediction on the bent scale.

    The part of the prediction below ``best`` is cut into quantiles of equal weight, and each is bent back.
    """
    weight = float(ndtr((best - mean) / deviation))
    if weight == 0.0:
        return 0.0
    places = mean + deviation * ndtri((np.arange(_QUANTILES) + 0.5) / _QUANTILES * weight)
    costs = bend.costs(np.append(np.minimum(places, best), best))
    return weight * float(costs[-1] - costs[:-1].mean())
