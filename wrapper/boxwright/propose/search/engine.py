"""One optimizer seed: it hears of everybody's runs and says what it would run next."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from scipy.special import log_ndtr

from boxwright.propose.finite import Remaining
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
from boxwright.propose.search.climb import Effort, Score, climb
from boxwright.propose.search.columns import Columns, Rows
from boxwright.propose.search.gain import expected_gain
from boxwright.propose.search.gaussian import GaussianProcess
from boxwright.propose.search.targets import Bend, log_scaled, with_failures
from boxwright.scenario.kinds import Acquisition
from boxwright.space import Space
from boxwright.terms import Config, config_key

if TYPE_CHECKING:
    from boxwright.propose.search.forest import Forest

COST_LIMIT = 1e100
"""Costs beyond it are cut, so that differences and squares of them stay finite."""

MOST_FOR_PROCESS = 300
"""So many trials a Gaussian process is fitted to; among more, ``gp`` takes the best and the latest."""

_DISTANCES = 20_000_000  # that a fit may hold: one for each parameter and pair of trials, 8 bytes each

_RANDOM_SHARES = {"gp": 0.0, "rf": 0.2}
_RANDOM_TRIES = 256
_LOOK_AROUND = 5
_CAUTION = 4.0  # power of the chance of success; of 1, 2 and 4, on problems with failures, the higher the better
_DOUBT = 0.1  # variance of whether a run succeeds where others did


Found: TypeAlias = tuple[Config, str]
"""A configuration, and where it came from in words: ``model gp``, ``model rf ts``, ``random``."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How a seed models what it was told, and how it chooses.

    Attributes:
        model: ``gp``, a Gaussian process; ``rf``, SMAC's forest; ``auto``, a process up to ``MOST_FOR_PROCESS``
            trials, whose cost grows with their cube, and the forest from there on.
        acquisition: What the model's predictions are weighed by; see ``acquisition``.
        random_share: Share of proposals drawn at random; None: what becomes the model.
    """

    model: Literal["auto", "gp", "rf"] = "auto"
    acquisition: Acquisition = "ei"
    random_share: float | None = None


class Engine:
    """Hears of runs, and proposes; see ``protocol`` for what the calls mean."""

    def __init__(self, space: Space, random_seed: int, kind: Kind, effort: Effort) -> None:
        self._space = space
        self._usual = self._kind = kind
        self._effort = effort
        self._columns = Columns(space)
        self._rng = np.random.default_rng(random_seed)
        self._left = Remaining(space)
        self._taken: set[str] = set()
        self._running: dict[str, Rows] = {}
        self._rows: dict[str, Rows] = {}
        self._costs: dict[str, float] = {}  # NaN: failed
        choosable = int(self._columns.free.sum())
        self._is_fixed = choosable == 0
        self._most_for_process = max(min(MOST_FOR_PROCESS, math.isqrt(_DISTANCES // max(choosable, 1))), 2)
        self._process = GaussianProcess(self._columns)
        self._success = GaussianProcess(self._columns)
        self._forest: Forest | None = None
        self._gain: Callable[[Rows], float] | None = None
        self._proposed = ""

    def running(self, config: Config) -> None:
        """Hear of a configuration that is about to run: it is not proposed any more."""
        key = config_key(config)
        self._taken.add(key)
        self._running[key] = self._columns.row(config)

    def tell(self, config: Config, cost: float | None) -> None:
        """Hear of a settled trial, whoever proposed it; a failure has no cost."""
        key = config_key(config)
        self._taken.add(key)
        self._running.pop(key, None)
        self._rows[key] = self._columns.row(config)
        bad = cost is None or not math.isfinite(cost)
        self._costs[key] = math.nan if bad else max(-COST_LIMIT, min(COST_LIMIT, float(cost or 0.0)))

    def ask(self, kind: Kind | None = None) -> Found | None:
        """Return what this seed would run next; None when a finite space is used up.

        Args:
            kind: How to look for it this time; None: as always.
        """
        self._kind = kind or self._usual
        self._gain = None
        costs = np.array(list(self._costs.values()))
        if self._is_fixed or len(costs) == 0 or np.isnan(costs).all() or self._rng.random() < self._random_share():
            found = self._drawn()
        else:
            score = self._fit(costs)
            found = self._searched(score, costs) or self._drawn() or self._best_left(score)
        if found is None:
            found = self._best_left(None)
        if found is not None:
            self._proposed = config_key(found[0])
            self._taken.add(self._proposed)
        return found

    def expected_improvement(self, config: Config) -> float | None:
        """Return by how much a configuration that a model has just proposed is expected to be better, as a cost.

        None for another one, where chance has proposed it, and where the model has no scale of costs yet.
        """
        if self._gain is None or config_key(config) != self._proposed:
            return None
        gain = self._gain(self._columns.active(self._columns.row(config)[None, :]))
        return gain if math.isfinite(gain) else None

    def release(self, config: Config) -> None:
        """Take back what was proposed: it may be proposed again, unless it runs or was tried."""
        key = config_key(config)
        if key not in self._running and key not in self._rows:
            self._taken.discard(key)

    def _model(self) -> str:
        if self._kind.model != "auto":
            return self._kind.model
        return "gp" if len(self._costs) <= self._most_for_process else "rf"

    def _origin(self) -> str:
        kind = self._model() if self._kind.acquisition == "ei" else f"{self._model()} {self._kind.acquisition}"
        return f"model {kind}"

    def _random_share(self) -> float:
        share = self._kind.random_share
        return _RANDOM_SHARES[self._model()] if share is None else share

    def _fit(self, costs: Rows) -> Score:
        rows = self._columns.active(np.array(list(self._rows.values())))
        if self._model() == "gp":
            return self._fit_process(*_most_telling(rows, costs, self._most_for_process))
        return self._fit_forest(rows, with_failures(costs))

    def _fit_process(self, rows: Rows, costs: Rows) -> Score:
        """Fit one process to the costs of the successes, and another one, if there are failures, to what succeeds.

        One process for both, with failures at the cost of the worst success, bends at the edge of what succeeds and
        so hides what lies there; Gelbart et al. 2014, "Bayesian Optimization with Unknown Constraints".
        """
        succeeded = ~np.isnan(costs)
        process, running = self._process, np.array(list(self._running.values())).reshape(-1, len(self._columns))
        bend = Bend.fitted(costs[succeeded])
        targets = np.zeros(int(succeeded.sum())) if bend is None else bend.bent(costs[succeeded])
        process.train(rows[succeeded], targets[:, None])
        best = float(process.predict(rows[succeeded])[0].min())
        process.believe(self._columns.active(running))
        score = self._score(process, best, log_expected_improvement)
        self._gain = None if bend is None else partial(_gain_of_process, process, bend, best)
        if succeeded.all():
            return score
        success = self._success
        success.train(rows, np.where(succeeded, 1.0, -1.0)[:, None])

        def chance_of_success(shown: Rows) -> Rows:
            means, variances = success.predict(shown)
            chance: Rows = log_ndtr(means[:, 0] / np.sqrt(variances[:, 0] + _DOUBT))
            return chance

        def score_of_success(shown: Rows) -> Rows:
            return score(shown) + _CAUTION * chance_of_success(shown)

        if (gain := self._gain) is not None:
            self._gain = lambda shown: gain(shown) * float(np.exp(chance_of_success(shown)[0]))
        return score_of_success

    def _fit_forest(self, rows: Rows, costs: Rows) -> Score:
        forest = self._forest = self._forest or self._planted()
        forest.train(rows, log_scaled(costs)[:, None])
        best = float(forest.predict(rows)[0].min())
        if (spread := float(costs.max() - costs.min())) > 0.0:
            self._gain = partial(_gain_of_forest, forest, spread, best)
        return self._score(forest, best, log_normal_expected_improvement)

    def _score(self, model: GaussianProcess | Forest, best: float, improvement: Callable[..., Rows]) -> Score:
        """Return the acquisition function over what a fitted model predicts."""
        promise: Promise
        match self._kind.acquisition:
            case "ts":
                draw = model.sample(self._rng)
                return lambda shown: log_gain(draw(shown), best)
            case "ei":
                promise = partial(improvement, best=best)
            case "pi":
                promise = partial(log_probability_of_improvement, best=best - MARGIN)
            case "lcb":
                beta = bound_width(len(self._costs), int(self._columns.free.sum()))
                promise = partial(log_gain_of_bound, best=best, beta=beta)

        def score(shown: Rows) -> Rows:
            means, variances = model.predict(shown)
            assert variances is not None
            return promise(means[:, 0], np.sqrt(variances[:, 0]))

        return score

    def _planted(self) -> Forest:
        from boxwright.propose.search.forest import Forest  # imports SMAC, which takes seconds

        return Forest(self._columns, seed=int(self._rng.integers(2**31)))

    def _searched(self, score: Score, costs: Rows) -> Found | None:
        order = np.argsort(costs, kind="stable")[:_LOOK_AROUND]  # NaN comes last
        known = np.array(list(self._rows.values()))[order]
        for row in climb(self._columns, score, known, self._rng, self._effort):
            config = self._free(row)
            if config is not None:
                return config, self._origin()
        return None

    def _drawn(self) -> Found | None:
        for row in self._columns.draw(_RANDOM_TRIES, self._rng):
            config = self._free(row)
            if config is not None:
                return config, "random"
        return None

    def _free(self, row: Rows) -> Config | None:
        config = self._columns.config(row)
        return None if config is None or config_key(config) in self._taken else config

    def _best_left(self, score: Score | None) -> Found | None:
        """Next to everything that the search and chance come up with is taken: a finite space nears its end."""
        left = self._left.without(self._taken)
        if not left:
            return None
        if score is None:
            return left[int(self._rng.integers(len(left)))], "random"
        rows = np.array([self._columns.row(config) for config in left])
        return left[int(np.argmax(score(self._columns.active(rows))))], self._origin()


def _gain_of_process(process: GaussianProcess, bend: Bend, best: float, shown: Rows) -> float:
    means, variances = process.predict(shown)
    return expected_gain(bend, float(means[0, 0]), math.sqrt(float(variances[0, 0])), best)


def _gain_of_forest(forest: Forest, spread: float, best: float, shown: Rows) -> float:
    """The forest learns logarithms of costs, shifted and divided by their spread: the formula holds in costs."""
    means, variances = forest.predict(shown)
    assert variances is not None
    deviations = np.sqrt(variances[:, 0])
    return spread * float(np.exp(log_normal_expected_improvement(means[:, 0], deviations, best)[0]))


def _most_telling(rows: Rows, costs: Rows, most: int) -> tuple[Rows, Rows]:
    """Return no more rows than this: the best, and the latest of the rest."""
    if len(costs) <= most:
        return rows, costs
    best = np.argsort(costs, kind="stable")[: most // 2]
    kept = np.union1d(best, np.arange(len(costs) - most // 2, len(costs)))
    return rows[kept], costs[kept]
