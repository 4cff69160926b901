"""What runs next: trials that wait for a run, and after them what the proposer says."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace

from boxwright.propose.base import ExhaustedError, Proposal, Proposer
from boxwright.store.database import Store
from boxwright.terms import Trial


class Upcoming:
    """Hands out each trial once, and records those that are new.

    Args:
        store: Where new trials are recorded.
        proposer: Says what they are.
        seed: The number handed to the command; a repeat of a configuration gets a higher one.
        budget: Number of trials after which the proposer is not asked any more; None for no limit.
        is_wanted: Says of each proposal whether it is to become a trial.
        reopen: Takes its outcome from a trial that is to run again.

    Attributes:
        created: How many trials there are.
    """

    def __init__(
        self,
        store: Store,
        proposer: Proposer,
        *,
        seed: int,
        budget: int | None,
        is_wanted: Callable[[Proposal], bool] = lambda _: True,
        reopen: Callable[[Trial], None] = lambda _: None,
    ) -> None:
        self.created = 0
        self._store = store
        self._proposer = proposer
        self._seed = seed
        self._budget = budget
        self._is_wanted = is_wanted
        self._reopen = reopen
        self._waiting: deque[Trial] = deque()
        self._asks: set[asyncio.Task[Proposal]] = set()
        self._exhausted = False
        self._closed = False

    def take_up(self, created: int, waiting: Iterable[Trial]) -> None:
        """Begin with what the store knows: how many trials there are, and which of them need a run."""
        self.created = created
        self._waiting.extend(waiting)

    def put_back(self, trial: Trial) -> None:
        """Have a trial run once more."""
        self._waiting.append(trial)

    @property
    def is_all_proposed(self) -> bool:
        """Whether the proposer has nothing left, or is not to be asked any more."""
        return self._exhausted or self._is_budget_spent

    @property
    def is_through(self) -> bool:
        """Whether no trial waits and none will come."""
        return not self._waiting and self.is_all_proposed

    @property
    def _is_budget_spent(self) -> bool:
        return self._budget is not None and self.created + len(self._asks) >= self._budget

    async def next(self) -> Trial | None:
        """Return the trial that runs next; None when there is none, or no more are wanted.

        Raises:
            StudyError: The proposer cannot go on.
        """
        while not self._closed:
            if self._waiting:
                return self._waiting.popleft()
            if self.is_all_proposed:
                return None
            try:
                proposal = await self._ask()
            except ExhaustedError:
                self._exhausted = True
                return None
            if proposal is None or self._closed or not self._is_wanted(proposal):
                return None
            trial, is_new = self._store.add_trial(self._trial(proposal))
            if is_new:
                self.created += 1
            elif proposal.again:
                self._reopen(trial)
            else:
                continue
            return replace(trial, cutoff_s=proposal.cutoff_s)
        return None

    def close(self) -> None:
        """Hand out nothing more.

        Whoever waits for the proposer holds no trial yet, so is let go at once: the proposer may never answer.
        """
        self._closed = True
        for ask in self._asks:
            ask.cancel()
        self._asks.clear()

    async def _ask(self) -> Proposal | None:
        """Return a proposal; None if it was closed before there was one."""
        ask = asyncio.get_running_loop().create_task(self._proposer.next())
        self._asks.add(ask)
        try:
            await asyncio.wait({ask})
        finally:
            ask.cancel()
            self._asks.discard(ask)
        return None if ask.cancelled() else ask.result()

    def _trial(self, proposal: Proposal) -> Trial:
        return Trial(
            number=0,
            config=proposal.config,
            instance=proposal.instance,
            seed=self._seed + proposal.repeat if proposal.seed is None else proposal.seed,
            optimizer_seed=proposal.optimizer_seed,
            origin=proposal.origin,
        )
