"""What a seed makes of what it was told: models that are fitted, and the acquisition functions over them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import log_ndtr

from boxwright.propose.search.acquisition import (
    MARGIN,
    Promise,
    bound_width,
    log_expected_improvement,
    log_gain,
    log_gain_of_bound,
    log_normal_expected_improvement,
    log_probability_of_improvement,
)
from boxwright.propose.search.climb import Score
from boxwright.propose.search.columns import Columns, Rows
from boxwright.propose.search.conditioned import Conditioned
from boxwright.propose.search.gain import expected_gain
from boxwright.propose.search.gaussian import MEMBERS, GaussianProcess
from boxwright.propose.search.kernel import EDGED, NOISY, Prior
from boxwright.propose.search.targets import Bend, drawn_in, log_reach, log_scaled, with_failures
from boxwright.scenario.kinds import Acquisition

if TYPE_CHECKING:
    from boxwright.propose.search.forest import Forest

_CAUTION = 4.0  # power of the chance of success; of 1, 2 and 4, on problems with failures, the higher the better
_DOUBT = 0.1  # variance of whether a run succeeds where others did
_TRIFLE = 1e-3  # a gain, in standard deviations of what has succeeded, that is not worth a failure
_HARDLY = math.log(0.1)  # a chance of success below which a place is tried only when nothing else is left
_LAST = 1e3


class Models:
    """A Gaussian process and a forest, kept from ask to ask.

    Args:
        noisy: Whether the same row may come out differently.
        rng: Where randomness comes from.
        random_seed: Of the process's chains.

    Attributes:
        process: The process over costs.
        targets: What it was last fitted to, run by run; NaN for failures.
        gain: What the last model fitted takes for the expected improvement of one row, as a cost; None before that,
            and while all costs are the same.
    """

    def __init__(self, columns: Columns, *, noisy: bool, rng: np.random.Generator, random_seed: int) -> None:
        self._columns = columns
        self._rng = rng
        prior = NOISY if noisy else Prior()
        self.process = GaussianProcess(columns, prior, members=MEMBERS, random_seed=random_seed)
        self.targets: Rows = np.empty(0)
        self.gain: Callable[[Rows], float] | None = None
        self._success = GaussianProcess(columns, EDGED)
        self._forest: Forest | None = None

    def fit_process(self, rows: Rows, costs: Rows, running: Rows, acquisition: Acquisition) -> Score:
        """Fit one process to the costs of the successes, and another one, if there are failures, to what succeeds.

        One process for both, with failures at the cost of the worst success, bends at the edge of what succeeds and
        so hides what lies there; Gelbart et al. 2014, "Bayesian Optimization with Unknown Constraints".

        Args:
            rows: What has run, rows of ``Columns.active``.
            costs: What came of it, NaN for failures.
            running: What is running, likewise; it is believed to come out as predicted.
            acquisition: What the predictions are weighed by.
        """
        succeeded = ~np.isnan(costs)
        process = self.process
        bend = Bend.fitted(costs[succeeded])
        self.targets = np.full(len(costs), np.nan)
        self.targets[succeeded] = 0.0 if bend is None else bend.bent(costs[succeeded])
        process.train(rows[succeeded], self.targets[succeeded, None])
        bests = [float(member.predict(rows[succeeded])[0].min()) for member in process.members]
        process.believe(running)
        score = self._averaged(process.members, bests, acquisition, len(costs))
        self.gain = None if bend is None else partial(_gain_of_members, process.members, bests, bend)
        if succeeded.all():
            return score
        self._success.train(rows, np.where(succeeded, 1.0, -1.0)[:, None])
        if (gain := self.gain) is not None:
            self.gain = lambda shown: gain(shown) * float(np.exp(self._chance(shown)[0]))
        return self._cautious(score, math.log(_TRIFLE * float(self.targets[succeeded].std()) or _TRIFLE))

    def _cautious(self, score: Score, trifle: float) -> Score:
        """Return a score that weighs a gain against the chance that the run succeeds."""

        def cautious(shown: Rows) -> Rows:
            chance, gain = self._chance(shown), score(shown)
            # What is less than a trifle is all the same, but for the order among places that are as safe.
            found: Rows = np.logaddexp(gain, trifle) + 0.01 * gain + _CAUTION * chance
            return found - np.where(chance < _HARDLY, _LAST, 0.0)

        return cautious

    def _chance(self, shown: Rows) -> Rows:
        """Return the logarithms of the chances that runs succeed."""
        means, variances = self._success.predict(shown)
        found: Rows = log_ndtr(means[:, 0] / np.sqrt(variances[:, 0] + _DOUBT))
        return found

    def fit_forest(self, rows: Rows, costs: Rows, acquisition: Acquisition) -> Score:
        """Fit the forest, to which a failure is the worst success; arguments as above."""
        if self._forest is None:
            from boxwright.propose.search.forest import Forest  # imports SMAC, which takes seconds

            self._forest = Forest(self._columns, seed=int(self._rng.integers(2**31)))
        forest = self._forest
        known = drawn_in(with_failures(costs))
        forest.train(rows, log_scaled(known)[:, None])
        best = float(forest.predict(rows)[0].min())
        reach = log_reach(known)
        self.gain = partial(_gain_of_forest, forest, reach, best) if reach > 0.0 else None
        return self._score(forest, best, log_normal_expected_improvement, acquisition, len(costs))

    def _averaged(
        self, members: Sequence[Conditioned], bests: Sequence[float], acquisition: Acquisition, runs: int
    ) -> Score:
        """Return the acquisition function averaged over the members; of Thompson sampling, that of one of them."""
        pairs = list(zip(members, bests, strict=True))
        if acquisition == "ts":
            pairs = [pairs[int(self._rng.integers(len(pairs)))]]
        scores = [self._score(member, best, log_expected_improvement, acquisition, runs) for member, best in pairs]

        def averaged(shown: Rows) -> Rows:
            found: Rows = np.logaddexp.reduce([score(shown) for score in scores], axis=0)
            return found - math.log(len(scores))

        return scores[0] if len(scores) == 1 else averaged

    def _score(
        self,
        model: Conditioned | Forest,
        best: float,
        improvement: Callable[..., Rows],
        acquisition: Acquisition,
        runs: int,
    ) -> Score:
        """Return the acquisition function over what a fitted model predicts."""
        promise: Promise
        match acquisition:
            case "ts":
                draw = model.sample(self._rng)
                return lambda shown: log_gain(draw(shown), best)
            case "ei":
                promise = partial(improvement, best=best)
            case "pi":
                promise = partial(log_probability_of_improvement, best=best - MARGIN)
            case "lcb":
                beta = bound_width(runs, int(self._columns.free.sum()))
                promise = partial(log_gain_of_bound, best=best, beta=beta)

        def score(shown: Rows) -> Rows:
            means, variances = model.predict(shown)
            assert variances is not None
            return promise(means[:, 0], np.sqrt(variances[:, 0]))

        return score


def _gain_of_members(members: Sequence[Conditioned], bests: Sequence[float], bend: Bend, shown: Rows) -> float:
    gains = []
    for member, best in zip(members, bests, strict=True):
        means, variances = member.predict(shown)
        gains.append(expected_gain(bend, float(means[0, 0]), math.sqrt(float(variances[0, 0])), best))
    return math.fsum(gains) / len(gains)


def _gain_of_forest(forest: Forest, reach: float, best: float, shown: Rows) -> float:
    """The forest learns logarithms of costs, shifted and divided by their reach: the formula holds in costs."""
    means, variances = forest.predict(shown)
    assert variances is not None
    deviations = np.sqrt(variances[:, 0])
    return reach * float(np.exp(log_normal_expected_improvement(means[:, 0], deviations, best)[0]))
