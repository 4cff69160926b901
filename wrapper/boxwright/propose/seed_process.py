"""The controller's end of one optimizer process: has it forked, writes to it, reads its answers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from boxwright.errors import StudyError, one_line
from boxwright.json_faults import NOT_JSON
from boxwright.propose.nursery_process import Cause, Child, End
from boxwright.propose.protocol import Error, FromOptimizer, Ready, ToOptimizer, decode_from_optimizer, encode

LINE_LIMIT_BYTES = 16 * 2**20
CLOSE_GRACE_S = 1.0


class Breeder(Protocol):
    """Makes optimizer processes."""

    async def fork(self, log_path: Path) -> tuple[Child, socket.socket]:
        """Return a new process, and this end of the socket to it; its stderr goes to the log.

        Raises:
            OSError: No process can be started, or the log cannot be written.
        """
        ...


class SeedProcess:
    """One life of one optimizer process.

    Args:
        nursery: What it is forked from.
        on_answer: Called with each message of the process.
        on_end: Called once unless the process was closed, with how it ended.
    """

    def __init__(
        self,
        nursery: Breeder,
        log_path: Path,
        on_answer: Callable[[FromOptimizer], None],
        on_end: Callable[[End], None],
    ) -> None:
        self._nursery = nursery
        self._log_path = log_path
        self._on_answer = on_answer
        self._on_end = on_end
        self._child: Child | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._closing = False
        self._ready = False
        self._complaint = ""

    @property
    def pid(self) -> int | None:
        """The process's id, None before it has been forked."""
        return None if self._child is None else self._child.pid

    async def start(self) -> None:
        """Have the process forked; it takes what is written from now on, and answers once it is there.

        Raises:
            StudyError: It cannot be started, or its log cannot be written.
        """
        try:
            self._child, line = await self._nursery.fork(self._log_path)
            reader, self._writer = await asyncio.open_unix_connection(sock=line, limit=LINE_LIMIT_BYTES)
        except OSError as error:
            raise StudyError(one_line(f"{self._log_path}: no optimizer process can be started: {error}")) from error
        self._reading = asyncio.create_task(self._read(reader, self._child))

    def write(self, *messages: ToOptimizer) -> None:
        """Hand these to the process; returns at once, whether or not it is listening yet."""
        if self._writer is None or self._writer.is_closing():
            return  # it has ended: whoever takes its place is told everything
        self._writer.write(b"".join(encode(message) for message in messages))

    async def _read(self, reader: asyncio.StreamReader, child: Child) -> None:
        while not self._complaint:
            try:
                line = await reader.readline()
                if not line.endswith(b"\n"):  # nothing, or what was cut off when it was killed
                    break
                message = decode_from_optimizer(line)
            except ConnectionError:  # killed before it had read all
                break
            except (*NOT_JSON, ValueError) as error:
                self._complaint = one_line(f"it wrote what is no line of the protocol: {error}")
                break
            if isinstance(message, Error):
                self._complaint = one_line(message.message)
                break
            self._ready = self._ready or isinstance(message, Ready)
            self._on_answer(message)
        end = await self._end(child)
        if self._writer is not None:
            self._writer.close()
        if self._complaint:
            end = End(self._complaint, Cause.FAULT if self._ready else Cause.HOPELESS)
        if not self._closing:
            self._on_end(end)

    async def _end(self, child: Child) -> End:
        """Return how a process ended that has no more to say, and see to it that it has."""
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(asyncio.shield(child.end), CLOSE_GRACE_S)
        _send(child, signal.SIGKILL)
        await asyncio.wait({child.end}, timeout=CLOSE_GRACE_S)
        return child.end.result() if child.end.done() else End("killed, and not heard of since", Cause.KILLED)

    async def close(self) -> None:
        """End the process: it is asked by the end of what it reads, then told, then made to."""
        self._closing = True
        if self._child is None or self._reading is None or self._writer is None:
            return
        with contextlib.suppress(OSError):
            self._writer.write_eof()
        if (
            self._child.pid is None
        ):  # the nursery is still importing; should it come to fork this one, that ends at once
            self._reading.cancel()
            self._writer.close()
            await asyncio.wait({self._reading})
            return
        # One that is not yet ready has nothing to lose.
        grace_s = CLOSE_GRACE_S if self._ready else 0.0
        for insistence in (signal.SIGTERM, signal.SIGKILL):
            done, _ = await asyncio.wait({self._reading}, timeout=grace_s)
            if done:
                break
            _send(self._child, insistence)
            grace_s = CLOSE_GRACE_S
        await self._reading


def _send(child: Child, number: signal.Signals) -> None:
    """Signal a process that is there still: its end of the socket is open, or its nursery has not collected it."""
    if child.pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, number)
