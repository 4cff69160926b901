"""Keeps from a proposer what it has not proposed: the runs that a person asks for beside it."""

from __future__ import annotations

from collections.abc import Sequence

from boxwright.propose.base import Proposal, Proposer, Told
from boxwright.terms import AGAIN, Trial


class Unasked:
    """Wraps a proposer, which hears of its own trials alone; satisfies ``Proposer``.

    A person may want one configuration with seeds that no proposer would give it. A model of a study that is not
    noisy knows one cost per configuration, and a design counts its replicates by their seeds.
    """

    def __init__(self, inner: Proposer) -> None:
        self._inner = inner

    async def start(self, finished: Sequence[Told], running: Sequence[Trial]) -> None:
        """Take up a study."""
        own = [told for told in finished if not _is_again(told.trial)]
        await self._inner.start(own, [trial for trial in running if not _is_again(trial)])

    async def next(self) -> Proposal:
        """Return what the proposer says.

        Raises:
            ExhaustedError: It has nothing left.
        """
        return await self._inner.next()

    def running(self, trial: Trial) -> None:
        """Pass on that a trial starts, if it was proposed."""
        if not _is_again(trial):
            self._inner.running(trial)

    def finished(self, told: Told) -> None:
        """Pass on how a trial ended, if it was proposed."""
        if not _is_again(told.trial):
            self._inner.finished(told)

    async def close(self) -> None:
        """Close the proposer."""
        await self._inner.close()


def _is_again(trial: Trial) -> bool:
    return trial.origin.startswith(AGAIN)
