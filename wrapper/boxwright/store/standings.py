"""Which configuration is the incumbent by the rule of ``config_records``, kept up to date run by run."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from boxwright.store.records import RunRecord

_Seed: TypeAlias = tuple[str | None, int, float | None]  # instance, seed, budget
_Rank: TypeAlias = tuple[bool, int]  # whether a trial has failed, and how many have not


@dataclass(slots=True, eq=False)
class Trials:
    """The settled trials of one configuration.

    Attributes:
        first: Of its successful runs that with the lowest number, whichever ended first; one that failed if there is
            no other.
        mean: The mean cost.
        squares: The sum of squared deviations from the mean.
    """

    first: RunRecord
    costs: dict[_Seed, float] = field(default_factory=dict)
    qualities: list[float] = field(default_factory=list)
    failed: int = 0
    metrics: dict[str, list[float]] = field(default_factory=dict)
    mean: float = math.inf
    squares: float = 0.0

    def add(self, record: RunRecord) -> None:
        """Take in a run that settles its trial."""
        failed = record.cost is None or record.quality is None
        if (not failed and not self.costs) or (failed is not bool(self.costs) and record.run < self.first.run):
            self.first = record
        if record.cost is None or record.quality is None:
            self.failed += 1
            return
        self.costs[record.instance, record.seed, record.budget] = record.cost
        self.qualities.append(record.quality)
        for name, value in record.metrics.items():
            self.metrics.setdefault(name, []).append(value)
        self.mean = mean(self.costs.values())
        self.squares = sum((cost - self.mean) * (cost - self.mean) for cost in self.costs.values())

    @property
    def freedom(self) -> int:
        """Return how many repeats there are, which say how costs vary."""
        return max(len(self.costs) - 1, 0)

    @property
    def rank(self) -> _Rank:
        """Return among which configurations the lowest mean counts."""
        return bool(self.failed), len(self.costs)


class Standings:
    """Configurations with a success, by mean within their ranks.

    Each rank is a heap. A configuration that changes is put in anew, and what it was before stays until it comes up.

    Args:
        least_runs: A configuration with fewer is the incumbent only while there is none with as many.
    """

    def __init__(self, least_runs: int, every: Iterable[Trials] = ()) -> None:
        self._least_runs = least_runs
        self._ranks: dict[_Rank, list[tuple[float, int, int, Trials]]] = {}
        self._pushed = 0
        for trials in every:
            self.put(trials)

    def put(self, trials: Trials) -> None:
        """Take in a configuration that is new or has changed."""
        if trials.costs:
            self._pushed += 1  # no two entries are equal, so that none is compared further
            entry = (trials.mean, trials.first.run, self._pushed, trials)
            heapq.heappush(self._ranks.setdefault(trials.rank, []), entry)

    def remove(self, trials: Trials) -> None:
        """Leave out a configuration that ``best`` has named."""
        heapq.heappop(self._ranks[trials.rank])

    def best(self, luck: float) -> Trials | None:
        """Return the one with the lowest mean of those with the most trials, unless one with fewer is clearly better.

        Args:
            luck: What the mean of one trial may be too low by.
        """
        tops = {rank: top for rank in list(self._ranks) if (top := self._top(rank)) is not None}
        able = [rank for rank in tops if not rank[0]] or list(tops)
        whole = [rank for rank in able if rank[1] >= self._least_runs]
        found: Trials | None = None
        for number in sorted({rank[1] for rank in whole or able}, reverse=True):
            challenger = tops[able[0][0], number]
            if found is None or _is_clearly_better(challenger, found, luck):
                found = challenger
        return found

    def _top(self, rank: _Rank) -> Trials | None:
        heap = self._ranks[rank]
        while heap:
            cost, run, _, trials = heap[0]
            if (trials.rank, trials.mean, trials.first.run) == (rank, cost, run):
                return trials
            heapq.heappop(heap)
        del self._ranks[rank]
        return None


def _is_clearly_better(challenger: Trials, incumbent: Trials, luck: float) -> bool:
    common = challenger.costs.keys() & incumbent.costs.keys()
    if common:
        # Their difference on a seed varies less than that, where a seed is hard or easy for all.
        gap = mean([challenger.costs[seed] - incumbent.costs[seed] for seed in common])
        return gap < -luck * math.sqrt(2 / len(common))
    return challenger.mean - incumbent.mean < -luck * math.sqrt(1 / len(challenger.costs) + 1 / len(incumbent.costs))


def mean(values: Iterable[float]) -> float:
    """Return the mean of at least one number; it does not depend on their order.

    The sum of the largest ones would be infinite, and that of their shares could be by a rounding.
    """
    numbers = list(values)
    return 2.0 * math.fsum(number / 2.0 / len(numbers) for number in numbers)
