"""The controller's end of an optimizer's copies in batch jobs: queued, reached by them over TLS, and ended."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from boxwright.errors import SchedulerError
from boxwright.execute.keeping import Ending
from boxwright.execute.supervise import UNKILLABLE_S
from boxwright.pilots.copies import CopyEnded, CopyOrder, CopyUp, Streams, Tunnel, join
from boxwright.pilots.jobs import Jobs
from boxwright.pilots.line import Line
from boxwright.pilots.messages import Beat, End
from boxwright.pilots.plan import PilotPlan
from boxwright.pilots.processes import log_tail
from boxwright.pilots.reception import HELLO_S, Door, open_door
from boxwright.schedulers.base import Phase
from boxwright.schedulers.script import our_command


class CopyJob:
    """One copy in its job; satisfies what ``Copies`` wants of a command that is kept.

    Attributes:
        came: Its line, once it is up.
        end: How the command has ended.
    """

    def __init__(self, job: str, jobs: Jobs, logs: Path, plan: PilotPlan) -> None:
        self.job = job
        self.came: asyncio.Future[Line] = asyncio.get_running_loop().create_future()
        self._jobs = jobs
        self._logs = logs
        self._plan = plan
        self.end = asyncio.get_running_loop().create_task(self._live())

    async def stop(self) -> None:
        """End the copy with all that it has started."""
        if self.came.done() and not self.end.done():
            self.came.result().send(End("the study is over"))
            await asyncio.wait({self.end}, timeout=self._plan.grace_s + UNKILLABLE_S)
        if not self.end.done():
            self.end.cancel()
            await asyncio.wait({self.end})

    async def _live(self) -> Ending:
        try:
            while not self.came.done():
                await asyncio.wait({self.came}, timeout=self._plan.timing.poll_s)
                if not self.came.done() and (trouble := await self._trouble()):
                    return Ending(problem=trouble)
            return await self._listen(self.came.result())
        finally:
            with contextlib.suppress(SchedulerError):  # the keeper of the jobs tries again in the end
                await self._jobs.cancel((self.job,))

    async def _trouble(self) -> str:
        """Return why it will not come up; empty while it may."""
        with contextlib.suppress(SchedulerError):
            state = (await self._jobs.states((self.job,)))[self.job]
            if state.phase is Phase.GONE or state.is_stuck:
                words = log_tail(self._logs, self.job) or state.reason or "it left no word in its log"
                return f"its job {self.job} ended before it came up: {words}"
        return ""

    async def _listen(self, line: Line) -> Ending:
        watch = asyncio.create_task(self._lose_when_silent(line))
        beats = asyncio.create_task(line.beat(self._plan.timing.beat_s))
        try:
            async for message in line.messages():
                if isinstance(message, CopyEnded):
                    return Ending(code=message.code, problem=message.problem)
        finally:
            watch.cancel()
            beats.cancel()
            line.abort()
        return Ending(problem=f"its job {self.job} is gone")

    async def _lose_when_silent(self, line: Line) -> None:
        while time.monotonic() - line.heard <= self._plan.timing.silence_s:
            await asyncio.sleep(self._plan.timing.tick_s)
        line.abort()


class CopyJobs:
    """All copies of a study that are in jobs.

    Args:
        home: For keys, job scripts and logs.
        plan: What is asked of the study's jobs; a copy gets the cores of one slot, and no GPU.
        reach: Opens a connection to the study's ``control.sock``.
        log: Takes a line for ``study.log``.
    """

    def __init__(
        self, home: Path, plan: PilotPlan, reach: Callable[[], Awaitable[Streams]], log: Callable[[str], None]
    ) -> None:
        self._home = home
        self._plan = dataclasses.replace(plan, per_job=1, gpus=0, signal_before_end_s=None)
        self._jobs = Jobs(home, plan.backend, plan.name)
        self._reach = reach
        self._log = log
        self._copies: dict[int, CopyJob] = {}
        self._door: Door | None = None
        self._opening = asyncio.Lock()

    async def begin(
        self, number: int, argv: Sequence[str], *, folder: Path, env: Mapping[str, str], token: str
    ) -> CopyJob:
        """Queue the job of a copy.

        Raises:
            StudyError: No port can be had, or the keys cannot be written.
            SchedulerError: The scheduler refuses.
            OSError: The order cannot be written.
        """
        async with self._opening:
            if self._door is None:
                self._door = await open_door(self._home, self._plan, self._meet)
        order = CopyOrder(
            number=number,
            argv=tuple(argv),
            folder=str(folder),
            env=dict(env),
            token=token,
            grace_s=self._plan.grace_s,
            addresses=self._door.addresses,
            port=self._door.port,
            beat_s=self._plan.timing.beat_s,
            patience_s=self._plan.timing.patience_s,
        )
        path = self._door.keys / f"copy-{number}.json"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:  # noqa: PTH123
            file.write(msgspec.json.encode(order))
        spec = msgspec.structs.replace(
            self._plan.job(path, self._door.logs), argv=our_command("boxwright.pilots.copy_job", str(path))
        )
        (job,) = await self._jobs.submit(spec, 1)
        self._log(f"queued optimizer {number}: job {job}")
        self._copies[number] = CopyJob(job, self._jobs, self._door.logs, self._plan)
        return self._copies[number]

    async def close(self) -> None:
        """Have what is left cancelled."""
        await self._jobs.close()
        if self._door is not None:
            self._door.close()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection: it has shown the study's certificate."""
        with contextlib.suppress(OSError, ValueError, msgspec.MsgspecError):
            async with asyncio.timeout(HELLO_S):
                first = await reader.readline()
            message = msgspec.json.decode(first, type=CopyUp | Tunnel)
            if isinstance(message, Tunnel):
                await join((reader, writer), await self._reach())
                return
            copy = self._copies.get(message.number)
            if copy is not None and not copy.came.done() and not copy.end.done():
                self._log(f"optimizer {message.number} is up: job {message.job} on {message.host}")
                copy.came.set_result(Line(reader, writer, CopyEnded | Beat))
                await asyncio.wait({copy.end})
        writer.transport.abort()
