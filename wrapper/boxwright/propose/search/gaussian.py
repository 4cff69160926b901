"""A Gaussian process over numbers, ordinals, choices and inactive parameters.

Called like SMAC's models (``train``, ``predict``). SMAC's own process refits with scikit-learn's kernels at seconds
per fit; this one has gradients in closed form and starts from where the last fit ended. It does not inherit from
SMAC's class, since to import that takes two seconds and 90 MB, which a seed that joins late cannot spare.

Few runs say little about length scales, and a process with the likeliest ones is too sure of itself. So there are
several *members* while runs are few: the likeliest hyperparameters, and draws from their posterior by Markov chains
that go on from fit to fit. An acquisition function is averaged over them; Snoek et al. 2012, "Practical Bayesian
Optimization of Machine Learning Algorithms".
"""

from __future__ import annotations

import numpy as np

from boxwright.propose.search.columns import Columns, Rows
from boxwright.propose.search.conditioned import Conditioned
from boxwright.propose.search.kernel import Posterior, Prior
from boxwright.propose.search.sampled import Function

MEMBERS = 4
MOST_FOR_MEMBERS = 100
"""Beyond so many runs the likeliest hyperparameters do: the others are as near as the time for them is dear."""

_FRESH_STEPS = 50
_WARM_STEPS = 15
_FRESH_EVERY = 8
_MUCH_NOISE = 0.3
_MOVES = 5
_FIRST_MOVES = 15


class GaussianProcess:
    """A Gaussian process over rows of ``Columns.active``; predicts in the scale of what it was trained on.

    Args:
        prior: Of the hyperparameters.
        members: How many sets of hyperparameters while runs are few.
        random_seed: Of the chains.

    Attributes:
        members: The process under each set of hyperparameters, the likeliest first.
    """

    def __init__(
        self, columns: Columns, prior: Prior | None = None, *, members: int = 1, random_seed: int = 0
    ) -> None:
        self._columns = columns
        self._prior = prior or Prior()
        self._most_members = members
        self._rng = np.random.default_rng(random_seed)
        self._theta: Rows | None = None
        self._chains: list[Rows] = []
        self._fits = 0
        self.members: tuple[Conditioned, ...] = ()

    def train(self, X: Rows, y: Rows) -> GaussianProcess:  # noqa: N803  SMAC's name
        """Fit to rows of shape ``[n, d]`` and what came of them, ``[n, 1]``."""
        values = np.asarray(y, dtype=np.float64).reshape(-1)
        mean, std = float(values.mean()), float(values.std()) or 1.0
        standardised = (values - mean) / std
        posterior = Posterior(self._distances(X), standardised, self._prior)
        self._theta = self._likeliest(posterior)
        self._chains = self._moved(posterior, self._theta, len(values))
        self._fits += 1
        self.members = tuple(
            Conditioned(self._columns, theta, X, standardised, mean, std) for theta in (self._theta, *self._chains)
        )
        return self

    def _likeliest(self, posterior: Posterior) -> Rows:
        starts = [] if self._theta is None else [self._theta]
        fresh = self._fits % _FRESH_EVERY == 0
        if fresh:
            # What goes through every run, and what takes much of it for noise, are valleys of their own.
            much_noise = np.append(posterior.means[:-1], np.log(_MUCH_NOISE))
            starts += [posterior.means, much_noise]
        return posterior.minimise(starts, _FRESH_STEPS if fresh else _WARM_STEPS)

    def _moved(self, posterior: Posterior, theta: Rows, runs: int) -> list[Rows]:
        count = self._most_members - 1 if runs <= MOST_FOR_MEMBERS else 0
        moves = _MOVES if self._chains else _FIRST_MOVES
        chains = (self._chains or [theta] * count)[:count]
        return [posterior.moved(chain, moves, self._rng) for chain in chains]

    def believe(self, shown: Rows) -> None:
        """Take these rows as tried, with what is predicted for them: what is running makes no place look new."""
        if len(shown):
            self.members = tuple(member.believing(shown) for member in self.members)

    @property
    def noise(self) -> float:
        """The variance of the noise, as a share of that of what the process was trained on; 0 before that."""
        return self.members[0].noise if self.members else 0.0

    @property
    def noise_deviation(self) -> float:
        """The standard deviation of the noise, in the scale of what the process was trained on."""
        return self.members[0].noise_deviation

    def _distances(self, shown: Rows) -> Rows:
        numbers = np.nan_to_num(self._columns.numbers(shown), nan=0.5)
        # NaN is unequal to itself, but an inactive choice is like another inactive one
        choices = np.nan_to_num(shown[:, self._columns.nominal], nan=-1.0)
        parts = [(column[:, None] - column[None, :]) ** 2 for column in numbers.T]
        parts += [(column[:, None] != column[None, :]).astype(float) for column in choices.T]
        return np.array(parts)

    def predict(self, X: Rows) -> tuple[Rows, Rows]:  # noqa: N803  SMAC's name
        """Return means and variances under the likeliest hyperparameters, each of shape ``[m, 1]``."""
        return self.members[0].predict(X)

    def sample(self, rng: np.random.Generator) -> Function:
        """Return one function drawn from all that are possible after what was told; good until the next fit."""
        return self.members[int(rng.integers(len(self.members)))].sample(rng)
