"""What one optimizer seed has heard: which configurations run, which have run, and what came of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from boxwright.propose.search.columns import Columns, Mask, Rows
from boxwright.terms import Config, config_key

COST_LIMIT = 1e100
"""Costs beyond it are cut, so that differences and squares of them stay finite."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of the configurations that have run, one entry each in the order of their first ends.

    Attributes:
        keys: Of the configurations (``config_key``).
        rows: As ``Columns`` has them, shape ``[n, d]``.
        costs: The mean over the runs of each that succeeded, NaN where none has.
        calls: How many runs of each.
        failed: Whether one of them has failed.
    """

    keys: tuple[str, ...]
    rows: Rows
    costs: Rows
    calls: Rows
    failed: Mask


class History:
    """Hears of runs.

    Args:
        noisy: Whether each run of a configuration counts, or only the latest.

    Attributes:
        taken: Keys of all configurations that run, have run or were proposed.
    """

    def __init__(self, columns: Columns, *, noisy: bool) -> None:
        self.taken: set[str] = set()
        self._columns = columns
        self._noisy = noisy
        self._running: dict[str, list[Rows]] = {}  # of a configuration, repeats of it may run at one time
        self._configs: dict[str, Config] = {}
        self._rows: dict[str, Rows] = {}
        self._costs: dict[str, dict[int, float]] = {}  # by trial; NaN: failed

    def __len__(self) -> int:
        return len(self._costs)

    def began(self, config: Config) -> None:
        """Hear of a configuration that is about to run."""
        key = config_key(config)
        self.taken.add(key)
        rows = self._running.get(key, []) if self._noisy else []
        self._running[key] = [*rows, self._columns.row(config)]

    def ended(self, config: Config, cost: float | None, trial: int) -> None:
        """Hear of a settled trial; a failure has no cost, and a trial of elsewhere has a number below 0.

        What came of a trial before, if it ran once more, does not count any more.
        """
        key = config_key(config)
        self.taken.add(key)
        if trial >= 0:
            self._stopped(key)
        self._configs[key] = config
        self._rows[key] = self._columns.row(config)
        costs = self._costs.setdefault(key, {})
        if not self._noisy:
            costs.clear()
        bad = cost is None or not math.isfinite(cost)
        costs[trial] = math.nan if bad else max(-COST_LIMIT, min(COST_LIMIT, float(cost or 0.0)))

    def _stopped(self, key: str) -> None:
        if len(self._running.get(key, ())) > 1:
            self._running[key].pop()
        else:
            self._running.pop(key, None)

    def release(self, config: Config) -> None:
        """Take back what was proposed: it may be proposed again, unless it runs or was tried."""
        key = config_key(config)
        if key not in self._running and key not in self._rows:
            self.taken.discard(key)

    def config(self, key: str) -> Config:
        """Return the configuration of this key, which has run."""
        return self._configs[key]

    def is_running(self, key: str) -> bool:
        """Say whether a configuration is about to run or running."""
        return key in self._running

    @property
    def has_success(self) -> bool:
        """Whether any run has succeeded."""
        return any(not math.isnan(cost) for costs in self._costs.values() for cost in costs.values())

    def settled(self) -> Settled:
        """Return what has run, configuration by configuration."""
        means = [_mean(list(costs.values())) for costs in self._costs.values()]
        calls = np.array([len(costs) for costs in self._costs.values()], dtype=np.float64)
        failed = np.array([any(map(math.isnan, costs.values())) for costs in self._costs.values()], dtype=bool)
        rows = np.array([self._rows[key] for key in self._costs])
        return Settled(tuple(self._costs), rows, np.array(means), calls, failed)

    def runs(self) -> tuple[Rows, Rows]:
        """Return rows and costs run by run, those of one configuration one after the other."""
        rows = [self._rows[key] for key, costs in self._costs.items() for _ in costs]
        return np.array(rows), np.array([cost for costs in self._costs.values() for cost in costs.values()])

    def running(self) -> Rows:
        """Return the rows of what is running; there may be none."""
        rows = [row for rows in self._running.values() for row in rows]
        return np.array(rows).reshape(-1, len(self._columns))


def _mean(costs: list[float]) -> float:
    known = [cost for cost in costs if not math.isnan(cost)]
    return math.fsum(known) / len(known) if known else math.nan
