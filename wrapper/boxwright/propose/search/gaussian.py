"""A Gaussian process over numbers, ordinals, choices and inactive parameters.

Called like SMAC's models (``train``, ``predict``). SMAC's own process refits with scikit-learn's kernels at seconds
per fit; this one has gradients in closed form and starts from where the last fit ended. It does not inherit from
SMAC's class, since to import that takes two seconds and 90 MB, which a seed that joins late cannot spare.

An inactive parameter stands in the middle of its range, so that two rows in which it is inactive do not differ by
it; what switches it on or off does.
"""

from __future__ import annotations

import numpy as np

from boxwright.propose.search.columns import Columns, Rows
from boxwright.propose.search.kernel import Posterior, Prior, lower_factor, matern52, solve_lower
from boxwright.propose.search.sampled import Function, drawn_from_prior

_FRESH_STEPS = 50
_WARM_STEPS = 15
_FRESH_EVERY = 8


class GaussianProcess:
    """A Gaussian process over rows of ``Columns.active``; predicts in the scale of what it was trained on."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._theta: Rows | None = None
        self._fits = 0

    def train(self, X: Rows, y: Rows) -> GaussianProcess:  # noqa: N803  SMAC's name
        """Fit to rows of shape ``[n, d]`` and what came of them, ``[n, 1]``."""
        values = np.asarray(y, dtype=np.float64).reshape(-1)
        self._mean = float(values.mean())
        self._std = float(values.std()) or 1.0
        self._rows = X
        self._y = (values - self._mean) / self._std
        posterior = Posterior(self._distances(X), self._y, Prior())
        starts = [] if self._theta is None else [self._theta]
        fresh = self._fits % _FRESH_EVERY == 0
        if fresh:
            starts.append(posterior.means)
        self._theta = posterior.minimise(starts, _FRESH_STEPS if fresh else _WARM_STEPS)
        self._fits += 1
        self._condition()
        return self

    def believe(self, shown: Rows) -> None:
        """Take these rows as tried, with what is predicted for them: what is running makes no place look new."""
        if len(shown) == 0:
            return
        means, _ = self._standardised(shown)
        self._rows = np.vstack([self._rows, shown])
        self._y = np.concatenate([self._y, means])
        self._condition()

    def _distances(self, shown: Rows) -> Rows:
        numbers = self._numbers(shown)
        # NaN is unequal to itself, but an inactive choice is like another inactive one
        choices = np.nan_to_num(shown[:, self._columns.nominal], nan=-1.0)
        parts = [(column[:, None] - column[None, :]) ** 2 for column in numbers.T]
        parts += [(column[:, None] != column[None, :]).astype(float) for column in choices.T]
        return np.array(parts)

    def _numbers(self, shown: Rows) -> Rows:
        return np.nan_to_num(self._columns.numbers(shown), nan=0.5)

    def _embedded(self, shown: Rows) -> Rows:
        """Return rows whose squared Euclidean distances to the known rows are those of the kernel."""
        assert self._theta is not None
        scales = np.exp(-self._theta[:-2])
        split = len(self._columns.numeric)
        parts = [self._numbers(shown) * scales[:split]]
        for scale, j in zip(scales[split:], self._columns.nominal, strict=True):
            # One column for each choice among the known rows (NaN is one, too), and one for all others.
            known = np.unique(np.nan_to_num(self._rows[:, j], nan=-1.0))
            same = np.nan_to_num(shown[:, j], nan=-1.0)[:, None] == known
            parts.append(np.column_stack([same, ~same.any(axis=1)]) * (scale * np.sqrt(0.5)))
        return np.hstack(parts)

    def _condition(self) -> None:
        assert self._theta is not None
        self._signal, self._noise = np.exp(self._theta[-2]), np.exp(self._theta[-1])
        self._known = self._embedded(self._rows)
        self._norms = (self._known**2).sum(axis=1)
        covariance = self._covariance(self._known)
        covariance[np.diag_indices(len(covariance))] += self._noise
        self._lower = lower_factor(covariance)
        self._alpha = self._solved(self._y)

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

    def predict(self, X: Rows) -> tuple[Rows, Rows]:  # noqa: N803  SMAC's name
        """Return means and variances, each of shape ``[m, 1]``."""
        means, variances = self._standardised(X)
        return (self._mean + self._std * means)[:, None], (self._std**2 * variances)[:, None]

    def sample(self, rng: np.random.Generator) -> Function:
        """Return one function drawn from all that are possible after what was told; good until the next fit."""
        prior = drawn_from_prior(self._known.shape[1], float(self._signal), rng)
        noise = np.sqrt(self._noise) * rng.normal(size=len(self._y))
        correction = self._solved(self._y - prior(self._known) - noise)

        def function(shown: Rows) -> Rows:
            embedded = self._embedded(shown)
            values: Rows = prior(embedded) + self._covariance(embedded) @ correction
            return self._mean + self._std * values

        return function
