"""Up to how many configurations a Gaussian process is fitted to, and whether a study comes to want the forest."""

from __future__ import annotations

import math
from collections.abc import Collection

from boxwright.space import Space

MOST_FITTED = 300
"""So many configurations a Gaussian process is fitted to; among more, ``gp`` takes the best and the latest."""

_DISTANCES = 20_000_000  # that a fit may hold: one for each parameter and pair of configurations, 8 bytes each


def most_fitted(space: Space) -> int:
    """Return how many configurations a Gaussian process over this space is fitted to at most."""
    choosable = sum(space.domain(name).size != 1 for name in space.names)
    return max(min(MOST_FITTED, math.isqrt(_DISTANCES // max(choosable, 1))), 2)


def wants_forest(models: Collection[str], space: Space, configs: int) -> bool:
    """Return whether seeds of these models take SMAC's forest before the study is over.

    Args:
        models: Of the seeds.
        space: What they search.
        configs: How many configurations may be known by then, those of elsewhere included.
    """
    return "rf" in models or ("auto" in models and configs > most_fitted(space))
