"""Runs each configuration on several instances, and tells whoever proposed it the mean of what they cost."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from boxwright.propose.base import CountsRuns, Proposal, Proposer, Told
from boxwright.terms import Config, Trial, config_key

Row: TypeAlias = tuple[str, int | None]
"""Name of an instance and the seed it is run with; None for the study's."""


@dataclass(slots=True)
class _Evaluation:
    """One configuration, with one repeat of it, on all instances.

    Attributes:
        trial: The first of its trials.
        begun: What has been proposed or is a trial.
        ended: What has come out.
    """

    trial: Trial
    begun: set[Row] = field(default_factory=set)
    ended: dict[Row, Told] = field(default_factory=dict)


class OnInstances:
    """Wraps a proposer, which sees each configuration as one trial; satisfies ``Proposer``.

    What is begun is completed before the next configuration is asked for. A configuration without a value on one
    instance has none at all.

    Args:
        inner: Says which configuration runs next.
        rows: The instances, in the order in which they are run.
        study_seed: The number that the first run of each configuration is handed.
    """

    def __init__(self, inner: Proposer, rows: Sequence[Row], *, study_seed: int) -> None:
        self._inner = inner
        self._rows = tuple(rows)
        self._study_seed = study_seed
        self._own_seeds = {name for name, seed in rows if seed is not None}
        self._evaluations: dict[tuple[str, int], _Evaluation] = {}
        self._waiting: deque[Proposal] = deque()
        self._turn = asyncio.Lock()

    async def start(self, finished: Sequence[Told], running: Sequence[Trial]) -> None:
        """Take up a study; what a configuration lacks of its instances comes next."""
        for trial in running:
            self._evaluation(trial).begun.add(self._row(trial))
        whole = [whole for told in finished if (whole := self._take(told)) is not None]
        left = [each for each in self._evaluations.values() if len(each.ended) < len(self._rows)]
        await self._inner.start(whole, [self._as_inner(each.trial) for each in left])
        for each in left:
            self._waiting.extend(self._missing(each))

    def extend(self, runs: int) -> None:
        """Pass on how many runs there are to be, as whole configurations, if the inner one goes by that."""
        if isinstance(self._inner, CountsRuns):
            self._inner.extend(max(1, runs // len(self._rows)))

    async def next(self) -> Proposal:
        """Return what runs next: an instance that a configuration lacks, else the first one of a new configuration.

        Raises:
            ExhaustedError: Nothing is left.
        """
        async with self._turn:
            if not self._waiting:
                proposal = await self._inner.next()
                self._waiting.extend(self._on_rows(proposal, self._rows))
            return self._waiting.popleft()

    def running(self, trial: Trial) -> None:
        """Hear that this trial starts now."""
        evaluation = self._evaluation(trial)
        if not evaluation.begun:
            self._inner.running(self._as_inner(trial))
        evaluation.begun.add(self._row(trial))

    def finished(self, told: Told) -> None:
        """Hear how a trial ended; the inner one hears of it once the configuration has run on all instances."""
        whole = self._take(told)
        if whole is not None:
            self._inner.finished(whole)

    async def close(self) -> None:
        """Close the inner one."""
        await self._inner.close()

    def _take(self, told: Told) -> Told | None:
        """Take in what came out; return what the whole configuration came to if it has run on all instances.

        Of a trial that ran once more the latest outcome counts, and the configuration is told again.
        """
        evaluation, row = self._evaluation(told.trial), self._row(told.trial)
        if row not in self._rows:
            return None
        evaluation.begun.add(row)
        evaluation.ended[row] = told
        if len(evaluation.ended) < len(self._rows):
            return None
        costs = [told.cost for told in evaluation.ended.values()]
        values = [cost for cost in costs if cost is not None]
        cost = math.fsum(value / len(costs) for value in values) if len(values) == len(costs) else None
        worst = next((told.status for told in evaluation.ended.values() if told.cost is None), told.status)
        return Told(self._as_inner(evaluation.trial), worst, cost)

    def _evaluation(self, trial: Trial) -> _Evaluation:
        key = config_key(trial.config), self._repeat(trial)
        return self._evaluations.setdefault(key, _Evaluation(trial))

    def _repeat(self, trial: Trial) -> int:
        return 0 if trial.instance in self._own_seeds else trial.seed - self._study_seed

    def _row(self, trial: Trial) -> Row:
        assert trial.instance is not None
        return trial.instance, trial.seed if trial.instance in self._own_seeds else None

    def _as_inner(self, trial: Trial) -> Trial:
        return replace(trial, instance=None, seed=self._study_seed + self._repeat(trial))

    def _missing(self, evaluation: _Evaluation) -> list[Proposal]:
        trial: Trial = evaluation.trial
        config: Config = trial.config
        proposal = Proposal(config, trial.origin, trial.optimizer_seed, self._repeat(trial))
        return self._on_rows(proposal, [row for row in self._rows if row not in evaluation.begun])

    def _on_rows(self, proposal: Proposal, rows: Sequence[Row]) -> list[Proposal]:
        return [replace(proposal, instance=name, seed=seed) for name, seed in rows]
