"""What configurations came to over all their trials, and which of them is the incumbent of a noisy study.

The incumbent is the configuration with the lowest mean cost among those with the most trials, for a challenger needs
as many runs as the incumbent to take its place (ParamILS, Hutter et al. 2009, JAIR 36, section 3.2, "dominance";
SMAC, Hutter et al. 2011, algorithm 4). A study may end before its last challengers have had theirs, so one with fewer
trials is taken, too, if its costs are lower than luck explains: by a t test at 5 %, on the seeds that both have had,
with the variance of all repeats pooled. A configuration of which a trial has failed is one only if none is without.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from statistics import NormalDist
from typing import TypeAlias

from boxwright.store.records import RunRecord
from boxwright.terms import Value, config_key

_LUCK = 0.05
_T_QUANTILES = (6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812)
"""Of Student's t at 95 %, for 1 to 10 degrees of freedom."""


@dataclass(frozen=True, slots=True)
class ConfigRecord:
    """One configuration and what its settled trials came to.

    Attributes:
        mean: The first of its runs that count, with the means of all successful ones as quality, cost and metrics.
        runs: How many trials succeeded.
        failed: How many did not.
        standard_error: Of the mean quality, from the spread of its own runs; None for fewer than two.
        noisy: Whether the study is, so that the number of runs matters.
    """

    mean: RunRecord
    runs: int = 1
    failed: int = 0
    standard_error: float | None = None
    noisy: bool = False

    @property
    def run(self) -> int:
        """Return the number of its first run."""
        return self.mean.run

    @property
    def quality(self) -> float | None:
        """Return the mean quality."""
        return self.mean.quality

    @property
    def cost(self) -> float | None:
        """Return the mean cost."""
        return self.mean.cost

    @property
    def config(self) -> Mapping[str, Value]:
        """Return the configuration."""
        return self.mean.config

    def as_json(self) -> dict[str, object]:
        """Return the record as people script against it: stable names, plain values."""
        return {
            "run": self.run,
            "config": dict(self.config),
            "runs": self.runs,
            "failed": self.failed,
            "quality": self.quality,
            "standard_error": self.standard_error,
            "cost": self.cost,
            "metrics": dict(self.mean.metrics),
        }


_Seed: TypeAlias = tuple[str | None, int, float | None]  # instance, seed, budget


@dataclass(slots=True)
class _Trials:
    """The settled trials of one configuration."""

    first: RunRecord
    costs: dict[_Seed, float] = field(default_factory=dict)
    qualities: list[float] = field(default_factory=list)
    failed: int = 0
    metrics: dict[str, list[float]] = field(default_factory=dict)

    def add(self, record: RunRecord) -> None:
        if record.cost is None or record.quality is None:
            self.failed += 1
            return
        if not self.costs:
            self.first = record
        self.costs[record.instance, record.seed, record.budget] = record.cost
        self.qualities.append(record.quality)
        for name, value in record.metrics.items():
            self.metrics.setdefault(name, []).append(value)

    @property
    def mean(self) -> float:
        return _mean(self.costs.values())

    @property
    def squares(self) -> float:
        """Return the sum of squared deviations from the mean."""
        mean = self.mean
        return sum((cost - mean) * (cost - mean) for cost in self.costs.values())


class ConfigRecords:
    """Gathers runs by configuration, in the order of their first runs.

    Args:
        records: Runs that settle their trials.
        noisy: Whether a configuration may come out differently each time.
        least_runs: Of how many runs an evaluation consists: one for each instance. A configuration with fewer is the
            incumbent only while there is none with as many.
    """

    def __init__(self, records: Iterable[RunRecord] = (), *, noisy: bool = True, least_runs: int = 1) -> None:
        self._noisy = noisy
        self._least_runs = least_runs
        self._trials: dict[str, _Trials] = {}
        for record in records:
            self.add(record)

    def add(self, record: RunRecord) -> None:
        """Take in a run that settles its trial."""
        self._trials.setdefault(config_key(record.config), _Trials(record)).add(record)

    def __iter__(self) -> Iterator[ConfigRecord]:
        """Yield all configurations, also those that only failed."""
        return map(self._record, self._trials.values())

    def __len__(self) -> int:
        """Return how many configurations there are."""
        return len(self._trials)

    def best(self) -> ConfigRecord | None:
        """Return the incumbent; None while nothing has succeeded."""
        return next(iter(self.ranked(1)), None)

    def ranked(self, most: int) -> list[ConfigRecord]:
        """Return so many configurations: the incumbent, then what would be it without those before."""
        left = [trials for trials in self._trials.values() if trials.costs]
        freedom = sum(len(trials.costs) - 1 for trials in left)
        variance = sum(trials.squares for trials in left) / freedom if freedom else 0.0
        t = _t_quantile(freedom) if freedom else 0.0
        found: list[ConfigRecord] = []
        while left and len(found) < most:
            able = [trials for trials in left if not trials.failed] or left
            whole = [trials for trials in able if len(trials.costs) >= self._least_runs]
            best = _incumbent(whole or able, t * math.sqrt(variance))
            found.append(self._record(best))
            left = [trials for trials in left if trials is not best]
        return found

    def _record(self, trials: _Trials) -> ConfigRecord:
        number = len(trials.costs)
        if not number:
            return ConfigRecord(trials.first, 0, trials.failed, noisy=self._noisy)
        means = dataclasses.replace(
            trials.first,
            cost=trials.mean,
            quality=_mean(trials.qualities),
            metrics={name: _mean(values) for name, values in trials.metrics.items()},
        )
        error = math.sqrt(trials.squares / (number - 1) / number) if number > 1 else None
        return ConfigRecord(means if number > 1 else trials.first, number, trials.failed, error, self._noisy)


def _incumbent(able: list[_Trials], luck: float) -> _Trials:
    """Return the one with the lowest mean of those with the most trials, unless one with fewer is clearly better.

    Args:
        able: At least one, each with a cost.
        luck: What the mean of one trial may be too low by.
    """
    found: _Trials | None = None
    by_trials = sorted(able, key=lambda trials: (-len(trials.costs), trials.mean, trials.first.run))
    for _, group in groupby(by_trials, key=lambda trials: len(trials.costs)):
        challenger = next(group)
        if found is None or _is_clearly_better(challenger, found, luck):
            found = challenger
    assert found is not None
    return found


def _is_clearly_better(challenger: _Trials, incumbent: _Trials, luck: float) -> bool:
    common = challenger.costs.keys() & incumbent.costs.keys()
    if common:
        # Their difference on a seed varies less than that, where a seed is hard or easy for all.
        gap = _mean([challenger.costs[seed] - incumbent.costs[seed] for seed in common])
        return gap < -luck * math.sqrt(2 / len(common))
    return challenger.mean - incumbent.mean < -luck * math.sqrt(1 / len(challenger.costs) + 1 / len(incumbent.costs))


def _mean(values: Iterable[float]) -> float:
    numbers = list(values)
    return sum(number / len(numbers) for number in numbers)  # the sum of the largest ones would be infinite


def _t_quantile(freedom: int) -> float:
    """Return what Student's t stays below in 95 % of all cases; from 11 on by Cornish and Fisher's expansion."""
    if freedom <= len(_T_QUANTILES):
        return _T_QUANTILES[freedom - 1]
    z = NormalDist().inv_cdf(1 - _LUCK)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
