"""What runs next: trials that wait for a run, and after them what the proposer says."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from boxwright.propose.base import ExhaustedError, Proposal, Proposer
from boxwright.store.database import Store
from boxwright.terms import AGAIN, Trial

if TYPE_CHECKING:
    from boxwright.study.setup import Setup

FIRST_SEED_AGAIN = 1_000_000
"""From here above the study's seed are those of runs that a person wants again: no proposer repeats one so often."""


@dataclass(slots=True)
class UnderWay:
    """A trial that has a run; ``adopted`` if an earlier controller has started it."""

    trial: Trial
    adopted: bool


class Upcoming:
    """Hands out each trial once, and records those that are new.

    Args:
        store: Where new trials are recorded.
        proposer: Says what they are.
        setup: Says how many trials there are, after how many an optimizer is not asked any more, and the seed
            handed to the command; a repeat of a configuration gets a higher one.
        is_wanted: Says of each proposal whether it is to become a trial.
        reopen: Takes its outcome from a trial that is to run again.

    Attributes:
        created: How many trials there are.
        again: How many of them a person asked for beside what the scenario says.
        paused: Whether nothing is handed out for the time being.
    """

    def __init__(
        self,
        store: Store,
        proposer: Proposer,
        setup: Setup,
        *,
        is_wanted: Callable[[Proposal], bool] = lambda _: True,
        reopen: Callable[[Trial], None] = lambda _: None,
    ) -> None:
        self.created = 0
        self.again = 0
        self.paused = False
        self._store = store
        self._proposer = proposer
        self._seed = setup.scenario.study.seed
        self._total = setup.total
        self._budget = setup.budget
        self._is_wanted = is_wanted
        self._reopen = reopen
        self._waiting: deque[Trial] = deque()
        self._asks: set[asyncio.Task[Proposal]] = set()
        self._exhausted = False
        self._closed = False

    def take_up(self, created: int, waiting: Iterable[Trial]) -> None:
        """Begin with what the store knows: how many trials there are, and which of them need a run."""
        self.created = created
        self.again = self._store.trials_again()
        self._waiting.extend(waiting)

    def propose_no_more(self) -> None:
        """Hand out what waits, and nothing else."""
        self._exhausted = True

    def put_back(self, trial: Trial) -> None:
        """Have a trial run once more."""
        self._waiting.append(trial)

    def retry(self, trial: Trial) -> None:
        """Have a trial run once more that has an outcome; the outcome does not count any more.

        Raises:
            StudyError: It cannot be recorded.
        """
        self._reopen(trial)
        self._waiting.append(trial)

    def run_again(self, trial: Trial, run: int) -> Trial:
        """Have the configuration of a run tried with another seed; return the trial, one more than planned.

        Raises:
            StudyError: It cannot be recorded.
        """
        is_new = False
        number = self.again
        while not is_new:
            number += 1
            seed = self._seed + FIRST_SEED_AGAIN + number
            seed = seed if seed < 2**63 else self._seed - FIRST_SEED_AGAIN - number
            wanted = replace(trial, seed=seed, optimizer_seed=None, origin=f"{AGAIN}{run}", cutoff_s=None)
            new, is_new = self._store.add_trial(wanted)
        self.created += 1
        self.again += 1
        self._waiting.append(new)
        return new

    def extend(self, total: int | None, budget: int | None) -> None:
        """Go on asking the proposer, which has more than it had, up to so many trials."""
        self._total, self._budget = total, budget
        self._exhausted = False

    @property
    def total(self) -> int | None:
        """How many trials there are to be, those included that a person asked for; None if not known yet."""
        return None if self._total is None else self._total + self.again

    @property
    def is_all_proposed(self) -> bool:
        """Whether the proposer has nothing left, or is not to be asked any more."""
        # Known without asking: where the last trial ends with its slot, no further slot comes that could ask.
        is_all_there = self._total is not None and self.created - self.again >= self._total
        return self._exhausted or self._is_budget_spent or is_all_there

    def text_of_shortage(self) -> str:
        """Return in one line that there are fewer trials than there were to be, as nothing is left; else nothing."""
        if not self._exhausted or self.total is None or self.created >= self.total:
            return ""
        return f"nothing that the space allows is left to try: {self.created} trials instead of {self.total}"

    @property
    def is_through(self) -> bool:
        """Whether no trial waits and none will come."""
        return not self._waiting and self.is_all_proposed

    @property
    def _is_budget_spent(self) -> bool:
        return self._budget is not None and self.created - self.again + len(self._asks) >= self._budget

    async def next(self) -> Trial | None:
        """Return the trial that runs next; None when there is none, or no more are wanted.

        Raises:
            StudyError: The proposer cannot go on.
        """
        while not self._closed and not self.paused:
            if self._waiting:
                return self._waiting.popleft()
            if self.is_all_proposed:
                return None
            proposal = await self._ask()
            if proposal is None or self._closed or not self._is_wanted(proposal):
                return None
            trial, is_new = self._store.add_trial(self._trial(proposal))
            if is_new:
                self.created += 1
            elif proposal.again and self._store.is_settled(trial.number):
                self._reopen(trial)
            else:  # it has run, or is on its way: a person may have wanted it again meanwhile
                continue
            return self._unless_paused(replace(trial, cutoff_s=proposal.cutoff_s))
        return None

    def _unless_paused(self, trial: Trial) -> Trial | None:
        """Return a trial, or keep it for later if there was an order to pause while the proposer thought about it."""
        if not self.paused:
            return trial
        self._waiting.append(trial)
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
        """Return a proposal; None if it was closed before there was one, or nothing is left to propose."""
        ask = asyncio.get_running_loop().create_task(self._proposer.next())
        self._asks.add(ask)
        try:
            await asyncio.wait({ask})
        finally:
            ask.cancel()
            self._asks.discard(ask)
        try:
            return None if ask.cancelled() else ask.result()
        except ExhaustedError:
            self._exhausted = True
            return None

    def _trial(self, proposal: Proposal) -> Trial:
        return Trial(
            number=0,
            config=proposal.config,
            instance=proposal.instance,
            seed=self._seed + proposal.repeat if proposal.seed is None else proposal.seed,
            optimizer_seed=proposal.optimizer_seed,
            origin=proposal.origin,
        )
