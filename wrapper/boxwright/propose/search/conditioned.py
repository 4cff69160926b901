"""A Gaussian process with given hyperparameters, conditioned on what is known.

An inactive parameter stands in the middle of its range, so that two rows in which it is inactive do not differ by
it; what switches it on or off does.
"""

from __future__ import annotations

import numpy as np

from boxwright.propose.search.columns import Columns, Rows
from boxwright.propose.search.kernel import lower_factor, matern52, solve_lower
from boxwright.propose.search.sampled import Function, drawn_from_prior


class Conditioned:
    """A Gaussian process; its values are standardised inside and in the scale of the costs outside.

    Args:
        theta: Logarithms of the hyperparameters, in the order of ``kernel.Posterior``.
        rows: What is known, rows of ``Columns.active``.
        y: What came of them, standardised.
        mean: What was subtracted from them.
        std: What they were divided by.
    """

    def __init__(self, columns: Columns, theta: Rows, rows: Rows, y: Rows, mean: float, std: float) -> None:
        self._columns = columns
        self._theta = theta
        self._rows, self._y = rows, y
        self._mean, self._std = mean, std
        self._signal, self.noise = float(np.exp(theta[-2])), float(np.exp(theta[-1]))
        # One column for each choice among the known rows (NaN is one, too), and one for all others.
        self._choices = [np.unique(np.nan_to_num(rows[:, j], nan=-1.0)) for j in columns.nominal]
        self._known = self._embedded(rows)
        self._norms = (self._known**2).sum(axis=1)
        covariance = self._covariance(self._known)
        covariance[np.diag_indices(len(covariance))] += self.noise
        self._lower = lower_factor(covariance)
        self._alpha = self._solved(y)

    @property
    def noise_deviation(self) -> float:
        """The standard deviation of the noise, in the scale of the costs."""
        return self._std * float(np.sqrt(self.noise))

    def believing(self, shown: Rows) -> Conditioned:
        """Return the process that takes these rows as tried, with what is predicted for them."""
        means, _ = self._standardised(shown)
        rows, y = np.vstack([self._rows, shown]), np.concatenate([self._y, means])
        return Conditioned(self._columns, self._theta, rows, y, self._mean, self._std)

    def predict(self, shown: Rows) -> tuple[Rows, Rows]:
        """Return means and variances, each of shape ``[m, 1]``."""
        means, variances = self._standardised(shown)
        return (self._mean + self._std * means)[:, None], (self._std**2 * variances)[:, None]

    def sample(self, rng: np.random.Generator) -> Function:
        """Return one function drawn from all that are possible after what is known."""
        prior = drawn_from_prior(self._known.shape[1], self._signal, rng)
        noise = np.sqrt(self.noise) * rng.normal(size=len(self._y))
        correction = self._solved(self._y - prior(self._known) - noise)

        def function(shown: Rows) -> Rows:
            embedded = self._embedded(shown)
            values: Rows = prior(embedded) + self._covariance(embedded) @ correction
            return self._mean + self._std * values

        return function

    def _embedded(self, shown: Rows) -> Rows:
        """Return rows whose squared Euclidean distances to the known rows are those of the kernel."""
        scales = np.exp(-self._theta[:-2])
        split = len(self._columns.numeric)
        parts = [np.nan_to_num(self._columns.numbers(shown), nan=0.5) * scales[:split]]
        for scale, j, known in zip(scales[split:], self._columns.nominal, self._choices, strict=True):
            same = np.nan_to_num(shown[:, j], nan=-1.0)[:, None] == known
            parts.append(np.column_stack([same, ~same.any(axis=1)]) * (scale * np.sqrt(0.5)))
        return np.hstack(parts)

    def _solved(self, values: Rows) -> Rows:
        return solve_lower(self._lower, solve_lower(self._lower, values), transposed=True)

    def _covariance(self, embedded: Rows) -> Rows:
        squared = (embedded**2).sum(axis=1)[:, None] + self._norms - 2.0 * embedded @ self._known.T
        found: Rows = self._signal * matern52(np.maximum(squared, 0.0))
        return found

    def _standardised(self, shown: Rows) -> tuple[Rows, Rows]:
        across = self._covariance(self._embedded(shown))
        half = solve_lower(self._lower, across.T)
        variances = np.maximum(self._signal - (half**2).sum(axis=0), 1e-12)
        return across @ self._alpha, variances
