"""One function drawn from a Gaussian process with a Matérn 5/2 kernel, for Thompson sampling.

A draw from the prior by random features (Rahimi and Recht 2007), and what the data say added to it exactly; Wilson
et al. 2020, "Efficiently Sampling Functions from Gaussian Process Posteriors". Unlike a joint draw at candidates, it
is one and the same function wherever the search goes from them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from boxwright.propose.search.columns import Rows

Function: TypeAlias = Callable[[Rows], Rows]
"""From rows to one number each."""

_FEATURES = 1024
_FREEDOM = 5  # the spectrum of Matérn ν is Student's t with 2 ν degrees of freedom


def drawn_from_prior(dimensions: int, signal: float, rng: np.random.Generator) -> Function:
    """Return a function of mean 0 and variance ``signal`` over rows whose distances are those of the kernel."""
    stretch = np.sqrt(rng.chisquare(_FREEDOM, (1, _FEATURES)) / _FREEDOM)
    frequencies = rng.normal(size=(dimensions, _FEATURES)) / stretch
    phases = rng.uniform(0.0, 2.0 * np.pi, _FEATURES)
    weights = rng.normal(size=_FEATURES) * np.sqrt(2.0 * signal / _FEATURES)

    def function(rows: Rows) -> Rows:
        values: Rows = np.cos(rows @ frequencies + phases) @ weights
        return values

    return function
