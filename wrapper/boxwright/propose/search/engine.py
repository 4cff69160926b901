"""One optimizer seed: it hears of everybody's runs and says what it would run next."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal, TypeAlias

import numpy as np

from boxwright.propose.finite import COUNT_LIMIT, Remaining
from boxwright.propose.fitted import most_fitted
from boxwright.propose.protocol import REPEAT
from boxwright.propose.sampling import MAX_TRIES
from boxwright.propose.search.climb import Effort, Score, climb, in_blocks
from boxwright.propose.search.columns import Columns, Rows
from boxwright.propose.search.history import History, Settled
from boxwright.propose.search.models import Models
from boxwright.propose.search.parzen import promising
from boxwright.scenario.kinds import Acquisition
from boxwright.space import Space
from boxwright.terms import Config, config_key

_RANDOM_SHARES = {"gp": 0.0, "rf": 0.2, "parzen": 0.0}
_PARZEN_SHARE = 0.5  # where costs are noisy; elsewhere even a quarter of the proposals made results worse
_MUCH_NOISE = 0.2  # as a share of the variance of what the process is fitted to
_REPEATS_SHARE = 0.15
_LUCK = 0.5  # standard errors below what the process expects
_RANDOM_TRIES = 256
_LOOK_AROUND = 5
_LONG_DRAWS = 10
_MANY_ALLOWED = 1000  # if so many are all taken, chance has little to find
_CHANCES = 100


Found: TypeAlias = tuple[Config, str]
"""A configuration, and where it came from in words: ``model gp``, ``model rf ts``, ``random``."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How a seed models what it was told, and how it chooses.

    Attributes:
        model: ``gp``, a Gaussian process; ``rf``, SMAC's forest; ``parzen``, Parzen estimators; ``auto``, a process
            up to ``most_fitted`` configurations, whose cost grows with their cube, and the forest from there on, with
            Parzen estimators for half of the proposals where costs are noisy.
        acquisition: What the model's predictions are weighed by; see ``acquisition``.
        random_share: Share of proposals drawn at random; None: what becomes the model.
    """

    model: Literal["auto", "gp", "rf", "parzen"] = "auto"
    acquisition: Acquisition = "ei"
    random_share: float | None = None


class Engine:
    """Hears of runs, and proposes; see ``protocol`` for what the calls mean.

    Args:
        noisy: Whether one configuration may come out differently each time.
        most_calls: How often a configuration may run if so.
    """

    def __init__(
        self,
        space: Space,
        random_seed: int,
        kind: Kind,
        effort: Effort,
        *,
        noisy: bool = False,
        most_calls: int = 1,
    ) -> None:
        self._usual = self._kind = kind
        self._effort = effort
        self._noisy = noisy
        self._most_calls = most_calls
        self._columns = columns = Columns(space)
        self._rng = np.random.default_rng(random_seed)
        self._left = Remaining(space)
        self._size = space.size()
        self._history = History(columns, noisy=noisy)
        self._is_fixed = not columns.free.any()
        self._most_fitted = most_fitted(space)
        self._models = Models(columns, noisy=noisy, rng=self._rng, random_seed=random_seed)
        self._proposed = ""

    def running(self, config: Config) -> None:
        """Hear of a configuration that is about to run: it is not proposed any more, but for a repeat."""
        self._history.began(config)

    def tell(self, config: Config, cost: float | None, trial: int) -> None:
        """Hear of a settled trial, whoever proposed it; a failure has no cost. One that ran again is told again."""
        self._history.ended(config, cost, trial)

    def release(self, config: Config) -> None:
        """Take back what was proposed: it may be proposed again, unless it runs or was tried."""
        self._history.release(config)

    def ask(self, kind: Kind | None = None) -> Found | None:
        """Return what this seed would run next; None when a finite space is used up.

        Args:
            kind: How to look for it this time; None: as always.
        """
        self._kind = kind or self._usual
        self._models.gain = None
        found = self._drawn() if self._is_blind() else self._considered()
        if found is None:
            found = self._best_left(None)
        if found is not None:
            self._proposed = config_key(found[0])
            self._history.taken.add(self._proposed)
        return found

    def expected_improvement(self, config: Config) -> float | None:
        """Return by how much a configuration that a model has just proposed is expected to be better, as a cost.

        None for another one, where chance or a Parzen estimator has proposed it, and where the model has no scale of
        costs yet.
        """
        gain = self._models.gain
        if gain is None or config_key(config) != self._proposed:
            return None
        found = gain(self._columns.active(self._columns.row(config)[None, :]))
        return found if math.isfinite(found) else None

    def _is_blind(self) -> bool:
        return self._is_fixed or not self._history.has_success or self._rng.random() < self._random_share()

    def _considered(self) -> Found | None:
        settled = self._history.settled()
        if self._rng.random() < self._parzen_share() and (found := self._from_parzen(settled)) is not None:
            return found
        score = self._fit(settled)
        return self._repeated(settled) or self._searched(score, settled) or self._drawn() or self._best_left(score)

    def _model(self) -> str:
        if self._kind.model != "auto":
            return self._kind.model
        return "gp" if len(self._history) <= self._most_fitted else "rf"

    def _origin(self) -> str:
        kind = self._model() if self._kind.acquisition == "ei" else f"{self._model()} {self._kind.acquisition}"
        return f"model {kind}"

    def _random_share(self) -> float:
        share = self._kind.random_share
        return _RANDOM_SHARES[self._model()] if share is None else share

    def _parzen_share(self) -> float:
        if self._kind.model == "parzen":
            return 1.0
        if self._kind.model != "auto" or self._kind.acquisition != "ei":
            return 0.0
        # The process is not asked any more once the forest has taken over, nor after a resume from there.
        noise = self._models.process.noise if self._model() == "gp" else 0.0
        return _PARZEN_SHARE if self._noisy or noise > _MUCH_NOISE else 0.0

    def _from_parzen(self, settled: Settled) -> Found | None:
        running = self._history.running()
        for row in promising(self._columns, settled.rows, settled.costs, running, self._rng):
            config = self._free(row)
            if config is not None:
                return config, "model parzen"
        return None

    def _fit(self, settled: Settled) -> Score:
        rows, costs = self._history.runs()
        rows = self._columns.active(rows)
        if self._model() == "rf":
            return self._models.fit_forest(rows, costs, self._kind.acquisition)
        running = self._columns.active(self._history.running())
        rows, costs = _most_telling(rows, costs, self._most_fitted)
        return self._models.fit_process(rows, costs, running, self._kind.acquisition)

    def _repeated(self, settled: Settled) -> Found | None:
        """Return the best configuration once more, if the process takes its costs for luck.

        What was tried once among many and came out lowest is mostly lucky. Only where noise is: else there is none.
        """
        runs = int(settled.calls.sum())
        if not self._noisy or self._model() != "gp" or runs > self._most_fitted:
            return None
        costs = np.where(settled.failed, np.nan, settled.costs)  # what has failed once comes last: no run is worth it
        if np.isnan(costs).all():
            return None
        best = int(np.nanargmin(costs))
        key, calls = settled.keys[best], int(settled.calls[best])
        is_much = runs - len(settled.keys) >= _REPEATS_SHARE * runs
        if is_much or calls >= self._most_calls or self._history.is_running(key):
            return None
        first = int(settled.calls[:best].sum())
        expected = self._models.process.predict(self._columns.active(settled.rows[[best]]))[0][0, 0]
        luck = expected - float(np.nanmean(self._models.targets[first : first + calls]))
        if luck <= _LUCK * self._models.process.noise_deviation / math.sqrt(calls):
            return None
        return self._history.config(key), REPEAT

    def _searched(self, score: Score, settled: Settled) -> Found | None:
        order = np.argsort(settled.costs, kind="stable")[:_LOOK_AROUND]  # NaN comes last
        best = settled.rows[order]
        known = {row.tobytes() for row in self._columns.active(best)}
        seen: set[bytes] = set()  # towards the end of a finite space most rows are there many times
        for row in climb(self._columns, score, best, self._rng, self._effort):
            if (place := row.tobytes()) in seen:
                continue
            seen.add(place)
            config = self._free(row)
            # The row of a large number may stand for one whose last digit differs: that would be tried twice.
            if config is not None and self._columns.active(row[None])[0].tobytes() not in known:
                return config, self._origin()
        return None

    def _drawn(self) -> Found | None:
        return self._first_free(self._columns.draw(_RANDOM_TRIES, self._rng))

    def _drawn_at_length(self, rounds: int = _LONG_DRAWS) -> Iterator[Config]:
        """Yield what a design of this space would find as well, and then some: next to all of it may be forbidden.

        It ends soon where much is allowed but taken.
        """
        allowed = 0
        for _ in range(rounds):
            rows = self._columns.draw(MAX_TRIES, self._rng)
            rows = rows[~self._columns.forbidden(self._columns.active(rows))]
            yield from filter(None, map(self._free, rows))
            allowed += len(rows)
            if allowed >= _MANY_ALLOWED:
                return

    def _first_free(self, rows: Rows) -> Found | None:
        for row in rows:
            config = self._free(row)
            if config is not None:
                return config, "random"
        return None

    def _free(self, row: Rows) -> Config | None:
        config = self._columns.config(row)
        return None if config is None or config_key(config) in self._history.taken else config

    def _best_left(self, score: Score | None) -> Found | None:
        """Next to everything that the search and chance come up with is taken: a finite space nears its end.

        Or next to all of the space is forbidden, and what is allowed of it may be without end or too much to list.
        """
        is_wide = self._size is None or (score is None and self._size > COUNT_LIMIT and not self._left.is_whole)
        if is_wide and (found := next(self._drawn_at_length(), None)) is not None:
            return found, "random"
        left = self._left.without(self._history.taken)
        if not is_wide and not self._left.is_whole:  # what is listed first is but one corner of the space
            left += islice(self._drawn_at_length(1 if left else _LONG_DRAWS), _CHANCES)
        if not left:
            return None
        if score is None:
            return left[int(self._rng.integers(len(left)))], "random"
        rows = np.array([self._columns.row(config) for config in left])
        return left[int(np.argmax(in_blocks(score, self._columns.active(rows))))], self._origin()


def _most_telling(rows: Rows, costs: Rows, most: int) -> tuple[Rows, Rows]:
    """Return no more rows than this: the best ones, and the latest ones, some of which may be among the best."""
    if len(costs) <= most:
        return rows, costs
    best = np.argsort(costs, kind="stable")[: most // 2]
    kept = np.union1d(best, np.arange(len(costs) - most // 2, len(costs)))
    return rows[kept], costs[kept]
