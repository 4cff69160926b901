"""One optimizer seed through all its lives: a process that dies is started again and told everything."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from boxwright.errors import StudyError
from boxwright.propose.deaths import MAX_FAULTS, Deaths
from boxwright.propose.nursery_process import Cause, End
from boxwright.propose.protocol import (
    Ask,
    Exhausted,
    FromOptimizer,
    Init,
    Proposal,
    Ready,
    Running,
    Tell,
    ToOptimizer,
)
from boxwright.propose.seed_process import Breeder, SeedProcess


class OptimizerSeed:
    """One of the optimizers that share a model.

    Args:
        number: 1, 2, ….
        log_path: Where its process's stderr goes.
        nursery: What its processes are forked from.
        init: Returns the first message of a process that starts now.
        knowledge: Returns all that the study knows by now, as messages to this seed.
        log: Takes lines for the person.
        on_failure: Called when the seed cannot be kept alive.
        on_orphan: Called with a proposal whose asker is gone.
        on_readiness: Called with whether a process can answer, when that changes.
        max_faults: See ``Deaths``.

    Attributes:
        in_flight: Keys of the configurations of its own that run.
        proposals: How many of its proposals were accepted.
        asked: How many asks are open.
        answered_in_s: Seconds that a process that was ready took for the last answer, by this process's clock.
    """

    def __init__(
        self,
        number: int,
        log_path: Path,
        nursery: Breeder,
        *,
        init: Callable[[int], Init],
        knowledge: Callable[[int], Sequence[Running | Tell]],
        log: Callable[[str], None],
        on_failure: Callable[[StudyError], None],
        on_orphan: Callable[[Proposal], None],
        on_readiness: Callable[[bool], None] = lambda _: None,
        max_faults: int = MAX_FAULTS,
    ) -> None:
        self.number = number
        self.in_flight: set[tuple[str, int]] = set()  # key of the configuration, and which repeat of it
        self.proposals = 0
        self.asked = 0
        self.answered_in_s = 0.0
        self._log_path = log_path
        self._nursery = nursery
        self._init = init
        self._knowledge = knowledge
        self._log = log
        self._on_failure = on_failure
        self._on_orphan = on_orphan
        self._on_readiness = on_readiness
        self._process: SeedProcess | None = None
        self._revival: asyncio.Task[None] | None = None
        self._is_ready = False
        self._deaths = Deaths(max_faults=max_faults)
        self._asking = Ask(id=0)
        self._asked_at = 0.0
        self._answer: asyncio.Future[Proposal | Exhausted] | None = None

    @property
    def load(self) -> tuple[int, int, int]:
        """What the next turn goes by, the least first: trials in flight or asked for, proposals so far, number."""
        return (len(self.in_flight) + self.asked, self.proposals, self.number)

    @property
    def pid(self) -> int | None:
        """The id of its present process."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Start a process and tell it all that is known; once it is ready, it is asked what is open.

        Raises:
            StudyError: No process can be started.
        """
        process = SeedProcess(self._nursery, self._log_path, self._on_answer, self._on_end)
        await process.start()
        self._process = process
        # Nothing is awaited from here on: what comes up later is heard later, so nothing is missed or told twice.
        process.write(self._init(self.number), *self._knowledge(self.number))

    def hear(self, message: ToOptimizer) -> None:
        """Tell the process; one that is being started again hears of it with all the rest."""
        if self._process is not None:
            self._process.write(message)

    async def ask(self, *, ahead: bool = False) -> Proposal | Exhausted:
        """Return what this seed would run next; the process may die and live again in between.

        Args:
            ahead: Nobody wants it yet: the seed is not to take it as running.

        Raises:
            StudyError: The process cannot be kept alive.
        """
        self._asking = Ask(id=self._asking.id + 1, ahead=ahead)
        self._answer = asyncio.get_running_loop().create_future()
        if self._is_ready:  # else it is asked later, so that what it hears while it starts is in the answer
            self._hear_ask()
        try:
            return await self._answer
        finally:
            self._answer = None

    def _hear_ask(self) -> None:
        self._asked_at = time.monotonic()
        self.hear(self._asking)

    def fail(self, error: StudyError) -> None:
        """Let an open ask end with this error."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)

    def _on_answer(self, message: FromOptimizer) -> None:
        if isinstance(message, Ready):
            self._is_ready = True
            self._on_readiness(True)
            if self._answer is not None and not self._answer.done():
                self._hear_ask()
        if not isinstance(message, Proposal | Exhausted):
            return
        self._deaths.answered()
        if message.id == self._asking.id and self._answer is not None and not self._answer.done():
            self.answered_in_s = time.monotonic() - self._asked_at
            self._answer.set_result(message)
        elif isinstance(message, Proposal):
            self._on_orphan(message)

    def _on_end(self, end: End) -> None:
        self._deaths.died(end.cause, was_idle=self._is_ready and self._answer is None)
        self._process = None
        self._is_ready = False
        self._on_readiness(False)
        if end.cause is Cause.HOPELESS:
            self._on_failure(StudyError(f"optimizer seed {self.number}: {end.how} (see {self._log_path})"))
            return
        if self._deaths.are_too_many:
            often = f"{self._deaths.number} times in a row, the last time " if self._deaths.number > 1 else ""
            self._on_failure(
                StudyError(f"optimizer seed {self.number} ended {often}with: {end.how} (see {self._log_path})")
            )
            return
        self._log(f"seed {self.number}: the optimizer process ended ({end.how}); it is started again")
        self._revival = asyncio.create_task(self._revive())

    async def _revive(self) -> None:
        await asyncio.sleep(self._deaths.pause_s)
        try:
            await self.start()
        except StudyError as error:
            self._on_failure(error)

    async def close(self) -> None:
        """End the process for good."""
        if self._revival is not None:
            self._revival.cancel()
            await asyncio.wait({self._revival})
        if self._process is not None:
            await self._process.close()
