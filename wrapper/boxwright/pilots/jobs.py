"""The controller's end of the keeper of its jobs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import uuid
from pathlib import Path

import msgspec

from boxwright.errors import SchedulerError
from boxwright.pilots.orders import LONGEST_LINE_BYTES, Order, Reply, decode, encode
from boxwright.schedulers.base import JobSpec, JobState

RECORD = "jobs.json"
_END_S = 15.0


class Jobs:
    """The jobs of one study: they are gone soon after the controller is, whatever ends it.

    Args:
        folder: For the record of what may be in the queue, and the keeper's log.
        backend: The scheduler.
        name: Of all jobs.

    Attributes:
        calls: How often each of the scheduler's commands was called so far.
    """

    def __init__(self, folder: Path, backend: str, name: str) -> None:
        self.calls: dict[str, int] = {}
        self._folder = folder
        self._words = (backend, name, uuid.uuid4().hex)
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self._turn = asyncio.Lock()

    async def submit(self, spec: JobSpec, count: int) -> tuple[str, ...]:
        """Queue so many jobs; return their ids.

        Raises:
            SchedulerError: The scheduler refuses, or does not answer.
        """
        return (await self._ask(Order(do="submit", spec=spec, count=count))).ids

    async def states(self, ids: tuple[str, ...]) -> dict[str, JobState]:
        """Return the state of each.

        Raises:
            SchedulerError: The scheduler does not answer.
        """
        return (await self._ask(Order(do="states", ids=ids))).states

    async def cancel(self, ids: tuple[str, ...]) -> None:
        """Cancel jobs.

        Raises:
            SchedulerError: The scheduler refuses, or does not answer.
        """
        await self._ask(Order(do="cancel", ids=ids))

    async def forget(self, ids: tuple[str, ...]) -> None:
        """Say that these have ended by themselves.

        Raises:
            SchedulerError: The keeper is gone.
        """
        await self._ask(Order(do="forget", ids=ids))

    async def close(self) -> None:
        """Have what is left cancelled, and wait for that, not for ever."""
        if self._process is None:
            return
        self._writer.transport.abort()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_END_S):
                await self._process.wait()

    async def _ask(self, order: Order) -> Reply:
        async with self._turn:
            try:
                await self._start()
                self._writer.write(encode(order))
                line = await self._reader.readline()
                reply = decode(line, Reply)
            except (OSError, ValueError, msgspec.MsgspecError) as error:
                await self._drop()
                raise SchedulerError(f"the keeper of the jobs is gone ({self._folder}/jobkeeper.log)") from error
        assert isinstance(reply, Reply)
        self.calls = reply.calls
        if reply.error:
            raise SchedulerError(reply.error)
        return reply

    async def _start(self) -> None:
        if self._process is not None:
            return
        ours, theirs = socket.socketpair()
        words = [sys.executable, "-P", "-m", "boxwright.pilots.jobkeeper", str(theirs.fileno())]
        with theirs, (self._folder / "jobkeeper.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *words,
                str(self._folder / RECORD),
                *self._words,
                cwd=self._folder,
                env={name: value for name, value in os.environ.items() if not name.startswith("BOXWRIGHT_")},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(theirs.fileno(),),
            )
        self._reader, self._writer = await asyncio.open_unix_connection(sock=ours, limit=LONGEST_LINE_BYTES)

    async def _drop(self) -> None:
        """Let go of a keeper that does not answer; the next one begins with what it has written down."""
        if self._process is not None:
            self._writer.transport.abort()
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            self._process = None
