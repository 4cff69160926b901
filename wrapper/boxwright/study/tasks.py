"""The work that a controller has under way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Tasks:
    """Work that nobody waits for.

    Args:
        fail: Called with whatever goes wrong, our own bugs included.
        ended: Called after the end of each.
    """

    def __init__(self, fail: Callable[[BaseException], None], ended: Callable[[], None]) -> None:
        self._fail = fail
        self._ended = ended
        self._tasks: set[asyncio.Task[None]] = set()

    def __bool__(self) -> bool:
        return bool(self._tasks)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin something."""
        task = asyncio.get_running_loop().create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._done(task, work))

    def cancel(self) -> None:
        """Stop all of it."""
        for task in self._tasks:
            task.cancel()

    def _done(self, task: asyncio.Task[None], work: Coroutine[Any, Any, None]) -> None:
        work.close()  # stopped before its first step, it would be missed aloud as "never awaited"
        self._tasks.discard(task)
        self._ended()

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001  whatever went wrong ends the study with its own traceback
            self._fail(error)
