"""Looks for changes once a second, for all who watch a study together, and while anybody does."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Sequence

from starlette.concurrency import run_in_threadpool

from boxwright.errors import BoxwrightError
from boxwright.serve.desk import Desk

EVERY_S = 1.0
_SIGN_OF_LIFE_S = 15.0

_JOIN_S = 10.0
"""A page that was handed out no longer ago may still begin to watch."""


class Watch:
    """Tells watchers that their study has changed.

    Args:
        desks: The studies.
        every_s: Seconds between two looks.

    Attributes:
        over: Set once the server ends: then all streams do.
        closing: Set when it is about to, with the study: each stream then tells its page to look for the last time.
    """

    def __init__(self, desks: Sequence[Desk], every_s: float = EVERY_S) -> None:
        self.over = False
        self.closing = False
        self._to_look = 0
        self._expected = 0
        self._expected_until = 0.0
        self._desks = desks
        self._every_s = every_s
        self._watchers: dict[str, set[asyncio.Event]] = {desk.key: set() for desk in desks}
        self._task: asyncio.Task[None] | None = None

    async def changes(self, desk: Desk) -> AsyncGenerator[int | None, None]:
        """Yield the study's generation each time that it has changed; None where it has not for a while."""
        event = asyncio.Event()
        self._watchers[desk.key].add(event)
        self._expected = max(0, self._expected - 1)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._look())
        told = desk.mirror.generation
        try:
            yield told
            quiet_s = 0.0
            while not (self.over or self.closing):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._every_s):
                        await event.wait()
                event.clear()
                quiet_s += self._every_s
                # Whoever asks for a page may have taken a change in before the look at it.
                if desk.mirror.generation != told:
                    told, quiet_s = desk.mirror.generation, 0.0
                    yield told
                elif quiet_s >= _SIGN_OF_LIFE_S:
                    quiet_s = 0.0
                    yield None
            self._to_look += self.closing  # while it is still counted as a watcher, so that it is never missed
        finally:
            self._watchers[desk.key].discard(event)

    @property
    def watchers(self) -> int:
        """How many watch any study."""
        return sum(map(len, self._watchers.values()))

    async def _look(self) -> None:
        while self.watchers:
            await asyncio.sleep(self._every_s)
            for desk in self._desks:
                if not self._watchers[desk.key]:
                    continue
                changed: bool = await run_in_threadpool(_has_changed, desk)
                if changed:
                    for event in self._watchers[desk.key]:
                        event.set()

    def expect(self) -> None:
        """Hear that a page has been handed out, which will watch once its browser has read it."""
        now = time.monotonic()
        if now >= self._expected_until:
            self._expected = 0  # who has not come by then never will
        self._expected += 1
        self._expected_until = now + _JOIN_S

    async def prepare_last_look(self, desk: Desk) -> None:
        """Take in all that has changed, for a page that is now told to look for the last time."""
        await run_in_threadpool(_has_changed, desk)

    def have_looked(self) -> None:
        """Hear that a page has looked for the last time."""
        self._to_look -= 1

    @property
    def is_closed(self) -> bool:
        """Whether everybody has looked for the last time, and nobody is about to begin to watch."""
        is_expecting = self._expected > 0 and time.monotonic() < self._expected_until
        return not (self.watchers or self._to_look > 0 or is_expecting)

    async def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task


def _has_changed(desk: Desk) -> bool:
    try:
        return desk.refresh(now=True)
    except BoxwrightError:
        return False  # who asks for a page is told what is wrong
