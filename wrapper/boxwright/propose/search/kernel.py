"""A Matérn 5/2 kernel over numbers and choices, and the posterior of its length scales.

Two rows are as far apart as the root of ``sum(w[j] * d[j])``, where ``d[j]`` is the squared difference of a number,
and 1 or 0 for different or equal choices; ``w[j]`` is one over the squared length scale.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.optimize import minimize

Array = NDArray[np.float64]

SQRT5 = math.sqrt(5.0)
_JITTER = 1e-8
_WIDTH = 2.0  # of a slice, in spreads of the prior
_SHRINKINGS = 12


@dataclass(frozen=True, slots=True)
class Prior:
    """Normal priors on the logarithms of the hyperparameters.

    Attributes:
        scale_mean: Of a length scale, for one parameter; half the logarithm of their number is added, since
            distances grow with it (Hvarfner et al. 2024, "Vanilla Bayesian Optimization Performs Great in High
            Dimensions").
    """

    scale_mean: float = -1.2
    scale_spread: float = 0.8
    signal_spread: float = 1.0
    noise_mean: float = math.log(1e-4)
    noise_spread: float = 2.0


NOISY = Prior(noise_mean=math.log(0.03), noise_spread=1.5)
"""Where the same configuration may come out differently."""


EDGED = Prior(noise_mean=math.log(0.1), noise_spread=0.5)
"""For what is 1 on one side of an edge and -1 on the other: else the edge alone would make all length scales short,
and leave the chance of success open wherever nothing was tried."""


def matern52(squared: Array) -> Array:
    """Return the covariances at squared scaled distances."""
    r = SQRT5 * np.sqrt(squared)
    return (1.0 + r + r * r / 3.0) * np.exp(-r)


class Posterior:
    """The negative logarithm of the posterior of the hyperparameters, up to a constant, with its gradient.

    Hyperparameters, all as logarithms: one length scale per distance, signal variance, noise variance.

    Args:
        distances: Shape ``[d, n, n]``.
        y: Shape ``[n]``, standardised.
    """

    def __init__(self, distances: Array, y: Array, prior: Prior) -> None:
        self._flat = distances.reshape(len(distances), -1)
        self._y = y
        self._prior = prior
        count = len(distances)
        self.means = np.array([prior.scale_mean + 0.5 * math.log(max(count, 1))] * count + [0.0, prior.noise_mean])
        self._bounds = [(-5.0, 8.0)] * count + [(-5.0, 5.0), (math.log(1e-8), 1.0)]
        self._spreads = np.array([prior.scale_spread] * count + [prior.signal_spread, prior.noise_spread])

    def __call__(self, theta: Array) -> tuple[float, Array]:
        """Return value and gradient at ``theta``."""
        n = len(self._y)
        weights = np.exp(-2.0 * theta[:-2])
        signal, noise = math.exp(theta[-2]), math.exp(theta[-1])
        squared = weights @ self._flat
        r = SQRT5 * np.sqrt(squared)
        decay = np.exp(-r)
        correlation = ((1.0 + r + r * r / 3.0) * decay).reshape(n, n)
        covariance = signal * correlation
        covariance[np.diag_indices(n)] += noise + _JITTER
        try:
            factor = cho_factor(covariance, lower=True, check_finite=False)
        except np.linalg.LinAlgError:
            return 1e25, np.zeros_like(theta)
        inverse = cho_solve(factor, np.eye(n), check_finite=False)
        alpha = inverse @ self._y
        value = 0.5 * float(self._y @ alpha) + float(np.log(np.diag(factor[0])).sum())
        pull = inverse - np.outer(alpha, alpha)  # twice the derivative of the value by the covariance
        by_squared = (-5.0 / 6.0 * signal) * ((1.0 + r) * decay) * pull.reshape(-1)
        gradient = np.empty_like(theta)
        gradient[:-2] = 0.5 * (self._flat @ by_squared) * (-2.0 * weights)
        gradient[-2] = 0.5 * signal * float((pull * correlation).sum())
        gradient[-1] = 0.5 * noise * float(np.trace(pull))
        away = (theta - self.means) / self._spreads
        return value + 0.5 * float(away @ away), gradient + away / self._spreads

    def value(self, theta: Array) -> float:
        """Return the value alone, infinite beyond the bounds; a third of the work."""
        if any(not low <= place <= high for place, (low, high) in zip(theta, self._bounds, strict=True)):
            return math.inf
        n = len(self._y)
        squared = (np.exp(-2.0 * theta[:-2]) @ self._flat).reshape(n, n)
        covariance = math.exp(theta[-2]) * matern52(squared)
        covariance[np.diag_indices(n)] += math.exp(theta[-1]) + _JITTER
        try:
            lower = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
        except np.linalg.LinAlgError:
            return math.inf
        half = solve_lower(lower, self._y)
        away = (theta - self.means) / self._spreads
        return 0.5 * float(half @ half) + float(np.log(np.diag(lower)).sum()) + 0.5 * float(away @ away)

    def moved(self, theta: Array, moves: int, rng: np.random.Generator) -> Array:
        """Return hyperparameters after some moves of a Markov chain that ends in draws from the posterior.

        Slice sampling along a coordinate or a random direction, with shrinking alone; Neal 2003, "Slice Sampling".
        """
        here = self.value(theta)
        for _ in range(moves):
            level = here + rng.exponential()
            along = self._direction(rng)
            low = -rng.random()
            high = low + 1.0
            for _ in range(_SHRINKINGS):
                step = rng.uniform(low, high)
                there = theta + step * along
                value = self.value(there)
                if value <= level:
                    theta, here = there, value
                    break
                low, high = (step, high) if step < 0 else (low, step)
        return theta

    def _direction(self, rng: np.random.Generator) -> Array:
        size = len(self.means)
        if rng.random() < 0.5:
            along: Array = _WIDTH * self._spreads * rng.normal(size=size) / math.sqrt(size)
            return along
        single = np.zeros(size)
        j = rng.integers(size)
        single[j] = _WIDTH * self._spreads[j]
        return single

    def minimise(self, starts: list[Array], steps: int) -> Array:
        """Return the best hyperparameters found from these starts."""
        bounds = self._bounds
        best, best_value = self.means, math.inf
        for start in starts:
            inside = np.clip(start, [low for low, _ in bounds], [high for _, high in bounds])
            found = minimize(
                self,
                inside,
                jac=True,
                method="L-BFGS-B",
                bounds=bounds,
                options={"maxiter": steps, "maxfun": 2 * steps},
            )
            if found.fun < best_value:
                best, best_value = found.x, float(found.fun)
        return best


def lower_factor(covariance: Array) -> Array:
    """Return the Cholesky factor of a covariance, with as little added to its diagonal as it takes."""
    jitter = _JITTER
    while True:
        try:
            return np.asarray(np.linalg.cholesky(covariance + jitter * np.eye(len(covariance))), dtype=np.float64)
        except np.linalg.LinAlgError:
            jitter *= 10.0


def solve_lower(lower: Array, right: Array, *, transposed: bool = False) -> Array:
    """Return ``lower⁻¹ right``, or that of the transposed factor."""
    found: Array = solve_triangular(lower, right, trans=1 if transposed else 0, lower=True, check_finite=False)
    return found
