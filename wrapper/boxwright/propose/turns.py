"""One ask after the other, so that each seed knows what the one before it proposed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

TURN_S = 1.0
"""So long an ask waits for the one before it while a seed is there to answer."""


class Turns:
    """Lets an ask wait for the answer before it, so that the seed knows it as running.

    Seeds with Gaussian processes that know the same propose nearly the same. A seed that does not answer holds up
    the others for ``TURN_S`` only. Time in which no seed can answer does not count: else all would be asked at once
    when they begin, or when they take up after others, and would know the same.

    Args:
        seeds: How many may be asked at a time.
    """

    def __init__(self, seeds: int) -> None:
        self._free = asyncio.Semaphore(seeds)
        self._ready: set[int] = set()
        self._anyone_ready = asyncio.Event()
        self._is_over = False
        self._last_answered: asyncio.Future[None] | None = None

    def note(self, number: int, is_ready: bool) -> None:
        """Hear that this seed can answer now, or no longer."""
        if is_ready:
            self._ready.add(number)
            self._anyone_ready.set()
            return
        self._ready.discard(number)
        if not self._ready and not self._is_over:
            self._anyone_ready.clear()

    def end(self) -> None:
        """Let nobody wait any more: no seed will ever be ready."""
        self._is_over = True
        self._anyone_ready.set()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a seed that nobody asks, and for the answer before this one."""
        async with self._free:
            before, answered = self._last_answered, asyncio.get_running_loop().create_future()
            self._last_answered = answered
            try:
                if before is not None and not before.done():
                    await self._anyone_ready.wait()
                    await asyncio.wait({before}, timeout=TURN_S)
                yield
            finally:
                answered.set_result(None)
