"""One proposal made ahead, so that a slot that becomes free need not wait for it.

A proposal made ahead does not know how the run ended that freed the slot. It is handed out only where waiting for a
fresh one costs more than that is worth, and made only where it would be handed out: it takes cores from the runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from boxwright.propose.protocol import Proposal

if TYPE_CHECKING:
    from boxwright.propose.optimizer_seed import OptimizerSeed

WAIT_SHARE = 0.01
"""So much of a run's time may be spent on waiting for a fresh proposal.

A proposal that lacks one result of N is worth about as much as one of a study that is one run behind: a hundredth of
a study of a hundred runs. Where waiting costs less than that, the fresh one is the better bargain.
"""

REFRESH_S = 0.05
"""So long after news a proposal is made anew: a slot that the news came from takes the old one before."""

_RECENT_RUNS = 50
_RECENT_ASKS = 5


class Pace:
    """How long runs and asks take, by the clock of the controller, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began: dict[Hashable, float] = {}
        self._runs_s: deque[float] = deque(maxlen=_RECENT_RUNS)
        self._asks_s: deque[float] = deque(maxlen=_RECENT_ASKS)

    def began(self, key: Hashable) -> None:
        """Note that the run of this configuration begins."""
        self._began[key] = self._clock()

    def ended(self, key: Hashable) -> None:
        """Note that it has ended; one that an earlier controller began says nothing."""
        if (began := self._began.pop(key, None)) is not None:
            self._runs_s.append(self._clock() - began)

    def asked(self, took_s: float) -> None:
        """Note how long an optimizer that was ready took for an answer, in seconds."""
        self._asks_s.append(took_s)

    @property
    def is_waiting_dear(self) -> bool:
        """Whether waiting for a fresh proposal costs too much of a run's time; False while too little is known."""
        if not self._runs_s or not self._asks_s:
            return False
        return statistics.median(self._asks_s) > WAIT_SHARE * statistics.median(self._runs_s)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a seed proposed before anybody wanted it; nobody takes it as running."""

    seed: OptimizerSeed
    answer: Proposal


class Ahead:
    """Holds at most one proposal made ahead.

    Args:
        when: Whether to make any; ``auto``: where waiting costs too much.
        pace: Says what waiting costs.
        prepare: Asks a seed; None if there is none to be asked, or nothing is left to propose.
        is_due: Whether there will be a run for it.
    """

    def __init__(
        self,
        when: bool | Literal["auto"],
        pace: Pace,
        *,
        prepare: Callable[[], Awaitable[Prepared | None]],
        is_due: Callable[[], bool],
    ) -> None:
        self._when = when
        self._pace = pace
        self._prepare = prepare
        self._is_due = is_due
        self._news = 0
        self._prepared: tuple[Prepared, int] | None = None
        self._making: asyncio.Task[None] | None = None
        self._is_awaited = False
        self._refresh: asyncio.TimerHandle | None = None

    def make(self) -> None:
        """Begin to make one, unless there is one that knows everything or is being made."""
        is_stale = self._prepared is None or self._prepared[1] < self._news
        if is_stale and self._making is None and self._is_wanted and self._is_due():
            # The seed at work on it is free for no other ask: who comes now waits for this one.
            self._prepared = None
            self._making = asyncio.get_running_loop().create_task(self._make())

    def hear(self) -> None:
        """Hear that a run has ended: what was made before it is one result behind."""
        self._news += 1
        self._renew_soon()

    async def take(self) -> Prepared | None:
        """Return the proposal, which is gone then; None where the caller should ask for a fresh one.

        One that is being made is waited for: it is there before a fresh one could be.
        """
        if not self._is_awaited:
            self._is_awaited = True
            try:
                # One that was out of date when it was done may be made anew before this is heard here. The seed at
                # work on that one is free for nobody, so it is waited for, too.
                while self._prepared is None and self._making is not None:
                    await asyncio.wait({self._making})
            finally:
                self._is_awaited = False
        if self._prepared is None:
            return None
        (prepared, known), self._prepared = self._prepared, None
        return prepared if known == self._news or self._is_wanted else None

    async def close(self) -> None:
        """Forget everything."""
        if self._refresh is not None:
            self._refresh.cancel()
        if self._making is not None:
            self._making.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._making

    @property
    def _is_wanted(self) -> bool:
        return self._pace.is_waiting_dear if self._when == "auto" else self._when

    def _renew_soon(self) -> None:
        if self._prepared is not None and self._refresh is None:
            self._refresh = asyncio.get_running_loop().call_later(REFRESH_S, self._renew)

    def _renew(self) -> None:
        self._refresh = None
        if self._prepared is not None:
            self.make()

    async def _make(self) -> None:
        known = self._news
        try:
            prepared = await self._prepare()
            if prepared is not None:
                self._prepared = (prepared, known)
        finally:
            self._making = None
        if known < self._news:
            self._renew_soon()
