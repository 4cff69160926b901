"""Keeps the jobs of one controller: calls the scheduler for it, and cancels what is left when it is gone. Linux only.

``python -m boxwright.pilots.jobkeeper FD RECORD BACKEND NAME SESSION``: an inherited socket to the controller, the
file that says which jobs may be in the queue, the scheduler, the name of all jobs, and one for this controller's
life. All commands of the scheduler are called here: a controller that is killed between a submission and its answer
leaves no job that nobody knows.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

import msgspec

from boxwright.errors import BoxwrightError, one_line
from boxwright.pilots.orders import LONGEST_LINE_BYTES, Order, Record, Reply, decode, encode
from boxwright.pilots.processes import open_backend
from boxwright.schedulers.base import Phase, Scheduler

_TRIES = 20
_PAUSE_S = 3.0
_LAST_S = 20.0


def main(words: list[str]) -> int:
    """Serve until the controller is gone; return the exit code."""
    connection = socket.socket(fileno=int(words[0]))
    connection.set_inheritable(False)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # what ends it is the end of its controller
    asyncio.run(_serve(connection, Path(words[1]), Record(backend=words[2], name=words[3], session=words[4])))
    return 0


async def _serve(connection: socket.socket, path: Path, record: Record) -> None:
    reader, writer = await asyncio.open_unix_connection(sock=connection, limit=LONGEST_LINE_BYTES)
    keeper = Keeper(open_backend(record.backend), path, record)
    await keeper.take_up()
    with suppress(OSError, ValueError, msgspec.MsgspecError):
        while (line := await reader.readline()).endswith(b"\n"):
            reply = await keeper.obey(decode(line, Order))
            writer.write(encode(reply))
    writer.transport.abort()
    await keeper.cancel_all()
    if rest := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(rest, timeout=_LAST_S)


class Keeper:
    """Knows the jobs that may be in the queue, and writes them down at each change."""

    def __init__(self, scheduler: Scheduler, path: Path, record: Record) -> None:
        self._scheduler = scheduler
        self._path = path
        self._record = record
        self._ids: set[str] = set()

    async def obey(self, order: Order) -> Reply:
        """Do what the controller asks for."""
        try:
            reply = await self._obey(order)
        except (BoxwrightError, OSError) as error:
            reply = Reply(error=one_line(str(error)) or type(error).__name__)
        return msgspec.structs.replace(reply, calls=dict(self._scheduler.calls))

    async def _obey(self, order: Order) -> Reply:
        if order.do == "submit":
            assert order.spec is not None
            ids = await self._scheduler.submit(order.spec, order.count)
            self._keep(self._ids | set(ids))
            return Reply(ids=ids)
        if order.do == "states":
            states = await self._scheduler.states(order.ids)
            self._keep(self._ids - {job for job, state in states.items() if state.phase is Phase.GONE})
            return Reply(states=states)
        if order.do == "cancel":
            await self._scheduler.cancel(order.ids)
        self._keep(self._ids - set(order.ids))
        return Reply()

    async def take_up(self) -> None:
        """Take over the jobs of this controller's last keeper; those of an earlier controller are cancelled."""
        with suppress(OSError, msgspec.MsgspecError, BoxwrightError):
            left = decode(self._path.read_bytes(), Record)
            if left.session == self._record.session:
                self._ids = set(left.ids)
            elif left.ids and left.backend == self._record.backend:
                await self._cancel_left(left)
        self._keep(self._ids)

    async def _cancel_left(self, left: Record) -> None:
        states = await self._scheduler.states(left.ids)
        # Ids come round again: a job of another name is somebody else's.
        alive = {job: state for job, state in states.items() if state.phase is not Phase.GONE}
        ours = [job for job, state in alive.items() if state.name in ("", left.name)]
        if ours:
            await self._scheduler.cancel(ours)

    async def cancel_all(self) -> None:
        """Cancel all that may be in the queue; a scheduler that does not answer is asked again for some time."""
        for _ in range(_TRIES):
            if not self._ids:
                break
            try:
                await self._scheduler.cancel(self._ids)
            except BoxwrightError:
                await asyncio.sleep(_PAUSE_S)
            else:
                self._keep(set())

    def _keep(self, ids: set[str]) -> None:
        if ids == self._ids and self._path.exists():
            return
        self._ids = ids
        temporary = self._path.with_suffix(".new")
        with suppress(OSError):  # a full disk: they are still known here
            temporary.write_bytes(encode(msgspec.structs.replace(self._record, ids=tuple(sorted(ids)))))
            os.replace(temporary, self._path)  # noqa: PTH105 (as everywhere where a file is put in its place)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
