"""The controller's end of the nursery: starts it, has it fork seeds, hears how they end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import msgspec

from boxwright.propose.nursery import FOREST, MOST_BYTES, Ended, Forked, Refused

END_S = 2.0
_FULL_PAUSE_S = 0.01

# One thread each: N seeds on all cores slow each other down, and a fork copies one thread only.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}

_KILLS = {-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP, 128 + signal.SIGTERM}
"""Exit codes of what others ended; a seed exits by itself when it is told to."""


class Cause(Enum):
    """Why a process has ended."""

    FAULT = "of its own doing"
    HOPELESS = "it said itself why it cannot begin"
    KILLED = "somebody ended it"


@dataclass(frozen=True, slots=True)
class End:
    """How a process has ended, in words, and why."""

    how: str
    cause: Cause


class Child:
    """One process that a nursery was asked for.

    Attributes:
        pid: None until it was forked.
        end: Settled when it has ended, or when its nursery has, and nobody will say.
    """

    def __init__(self) -> None:
        self.pid: int | None = None
        self.end: asyncio.Future[End] = asyncio.get_running_loop().create_future()


class Nursery:
    """Forks seeds from a process that has imported what they need; a process that dies is started again when needed.

    Args:
        forest: Whether seeds will want SMAC's forest, so that it is imported once for all of them.
    """

    def __init__(self, log_path: Path, *, forest: bool) -> None:
        self._log_path = log_path
        self._words = [FOREST] if forest else []
        self._life: _Life | None = None
        self._starting = asyncio.Lock()
        self._asked = 0

    def want_forest(self) -> None:
        """Have SMAC's forest imported before the next fork; seeds that live already import it by themselves."""
        self._words = [FOREST]

    @property
    def pid(self) -> int | None:
        """The id of its present process."""
        return None if self._life is None else self._life.process.pid

    async def fork(self, log_path: Path) -> tuple[Child, socket.socket]:
        """Return a new seed and this end of the socket to it.

        Raises:
            OSError: No process can be started, or a log cannot be written.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs, log_path.open("ab") as log:
                async with self._starting:
                    if self._life is None or self._life.is_over:
                        self._life = await _start(self._log_path, self._words)
                self._asked += 1
                return await self._life.fork(self._asked, self._words, theirs, log.fileno()), ours
        except BaseException:
            ours.close()
            raise

    async def close(self) -> None:
        """End the process; seeds that still live end by themselves."""
        if self._life is not None:
            await self._life.close()


class _Life:
    """One process of a nursery."""

    def __init__(self, process: asyncio.subprocess.Process, connection: socket.socket, log_path: Path) -> None:
        self.process = process
        self.is_over = False
        self._is_ready = False
        self._connection = connection
        self._log_path = log_path
        self._children: dict[int, Child] = {}
        self._ending: asyncio.Task[None] | None = None
        asyncio.get_running_loop().add_reader(connection.fileno(), self._read)
        self._watching = asyncio.get_running_loop().create_task(self._watch())

    async def fork(self, number: int, words: Sequence[str], line: socket.socket, log: int) -> Child:
        child = self._children[number] = Child()
        request = " ".join((str(number), *words)).encode()
        while not self.is_over:
            try:
                socket.send_fds(self._connection, [request], [line.fileno(), log])
            except BlockingIOError:
                await asyncio.sleep(_FULL_PAUSE_S)
                continue
            except OSError:
                self._lose()
            break
        return child

    async def _watch(self) -> None:
        # The connection alone does not say it: a seed that was forked a moment ago holds the other end, too.
        await self.process.wait()
        self._read()
        self._lose()

    def _read(self) -> None:
        while not self.is_over:
            try:
                data = self._connection.recv(MOST_BYTES)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._lose()
                return
            self._is_ready = True
            self._hear(msgspec.json.decode(data, type=Forked | Refused | Ended))

    def _hear(self, message: Forked | Refused | Ended) -> None:
        if isinstance(message, Forked):
            self._children[message.number].pid = message.pid
            return
        if isinstance(message, Refused):
            # No fault of the seed, and it may pass: it is tried again for as long as one that is killed.
            _settle(self._children.pop(message.number), End(f"it could not be forked: {message.why}", Cause.KILLED))
            return
        for number, child in list(self._children.items()):
            if child.pid == message.pid:
                _settle(self._children.pop(number), _end_of(message.code))

    def _lose(self) -> None:
        """The process is gone: nobody will say how its children end."""
        if not self.is_over:
            self.is_over = True
            asyncio.get_running_loop().remove_reader(self._connection.fileno())
            self._connection.close()
            self._ending = asyncio.get_running_loop().create_task(self._end())

    async def _end(self) -> None:
        try:
            code = await asyncio.wait_for(self.process.wait(), END_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGKILL)
            code = await self.process.wait()
        of_nursery = _end_of(code)
        end = End(f"what it was forked from ended: {of_nursery.how}, see {self._log_path}", of_nursery.cause)
        for child in self._children.values():
            _settle(child, end)
        self._children.clear()

    async def close(self) -> None:
        if not self._is_ready and not self.is_over:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGTERM)  # it is importing, and has nothing to lose
        self._lose()
        if self._ending is not None:
            await self._ending
        await self._watching


async def _start(log_path: Path, words: list[str]) -> _Life:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    try:
        with theirs, log_path.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # a file named json.py or smac.py where the person happens to be is not ours
                "-m",
                "boxwright.propose.nursery",
                str(theirs.fileno()),
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | _ENVIRONMENT,
                start_new_session=True,  # Ctrl-C in the terminal is the controller's to handle
                pass_fds=(theirs.fileno(),),
            )
    except BaseException:
        ours.close()
        raise
    return _Life(process, ours, log_path)


def _settle(child: Child, end: End) -> None:
    if not child.end.done():
        child.end.set_result(end)


def _end_of(code: int) -> End:
    """Return how a process ended, by its exit code as ``subprocess`` has it."""
    how = f"exit code {code}"
    if code < 0:
        how = f"killed by signal {-code}"
        with contextlib.suppress(ValueError):
            how = f"killed by {signal.Signals(-code).name}"
    return End(how, Cause.KILLED if code in _KILLS else Cause.FAULT)
