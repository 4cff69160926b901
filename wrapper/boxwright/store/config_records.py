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
from dataclasses import dataclass
from statistics import NormalDist

from boxwright.store.records import RunRecord
from boxwright.store.standings import Standings, Trials, mean
from boxwright.terms import Value, config_key

_LUCK = 0.05
_T_QUANTILES = (6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812)
"""Of Student's t at 95 %, for 1 to 10 degrees of freedom."""


@dataclass(frozen=True, slots=True)
class ConfigRecord:
    """One configuration and what its settled trials came to.

    Attributes:
        mean: The lowest number of its runs that count, with the means of all successful ones as quality, cost and
            metrics.
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
        self._trials: dict[str, Trials] = {}
        self._standings = Standings(least_runs)
        self._freedom = 0
        self._squares = 0.0
        for record in records:
            self.add(record)

    def add(self, record: RunRecord) -> None:
        """Take in a run that settles its trial."""
        key = config_key(record.config)
        trials = self._trials.get(key)
        if trials is None:
            trials = self._trials[key] = Trials(record)
        before = trials.freedom, trials.squares
        trials.add(record)
        self._freedom += trials.freedom - before[0]
        self._squares += trials.squares - before[1]
        self._standings.put(trials)

    def __iter__(self) -> Iterator[ConfigRecord]:
        """Yield all configurations, also those that only failed."""
        return map(self._record, self._trials.values())

    def __len__(self) -> int:
        """Return how many configurations there are."""
        return len(self._trials)

    def best(self) -> ConfigRecord | None:
        """Return the incumbent; None while nothing has succeeded.

        What it takes does not grow with the number of configurations: a controller asks after each run.
        """
        best = self._standings.best(self._luck)
        return None if best is None else self._record(best)

    def ranked(self, most: int) -> list[ConfigRecord]:
        """Return so many configurations: the incumbent, then what would be it without those before."""
        left, luck = Standings(self._least_runs, self._trials.values()), self._luck
        found: list[ConfigRecord] = []
        while len(found) < most and (best := left.best(luck)) is not None:
            found.append(self._record(best))
            left.remove(best)
        return found

    @property
    def _luck(self) -> float:
        """What the mean of one trial may be too low by."""
        if not self._freedom:
            return 0.0
        return _t_quantile(self._freedom) * math.sqrt(max(self._squares, 0.0) / self._freedom)

    def _record(self, trials: Trials) -> ConfigRecord:
        number = len(trials.costs)
        if not number:
            return ConfigRecord(trials.first, 0, trials.failed, noisy=self._noisy)
        means = dataclasses.replace(
            trials.first,
            cost=trials.mean,
            quality=mean(trials.qualities),
            metrics={name: mean(values) for name, values in trials.metrics.items()},
        )
        error = math.sqrt(trials.squares / (number - 1) / number) if number > 1 else None
        return ConfigRecord(means if number > 1 else trials.first, number, trials.failed, error, self._noisy)


def _t_quantile(freedom: int) -> float:
    """Return what Student's t stays below in 95 % of all cases; from 11 on by Cornish and Fisher's expansion."""
    if freedom <= len(_T_QUANTILES):
        return _T_QUANTILES[freedom - 1]
    z = NormalDist().inv_cdf(1 - _LUCK)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
