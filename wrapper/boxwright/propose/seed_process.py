"""The controller's end of one optimizer process: starts it, writes to it, reads its answers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from boxwright.errors import StudyError, one_line
from boxwright.propose.protocol import Error, FromOptimizer, Ready, ToOptimizer, decode_from_optimizer, encode

LINE_LIMIT_BYTES = 16 * 2**20
CLOSE_GRACE_S = 1.0

# One thread each: N seeds on all cores slow each other down.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


class SeedProcess:
    """One life of one optimizer process.

    Args:
        on_answer: Called with each message of the process.
        on_end: Called once unless the process was closed, with how it ended and whether starting it again is
            hopeless: it said itself why it cannot begin.
    """

    def __init__(
        self, log_path: Path, on_answer: Callable[[FromOptimizer], None], on_end: Callable[[str, bool], None]
    ) -> None:
        self._log_path = log_path
        self._on_answer = on_answer
        self._on_end = on_end
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._closing = False
        self._ready = False
        self._complaint = ""

    @property
    def pid(self) -> int | None:
        """The process's id, None before it has started."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Start the process; it takes what is written from now on, and answers when it has imported SMAC.

        Raises:
            StudyError: It cannot be started, or its log cannot be written.
        """
        try:
            with self._log_path.open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-P",  # a file named json.py or smac.py where the person happens to be is not ours
                    "-m",
                    "boxwright.propose.seed",
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=log,
                    env=os.environ | _ENVIRONMENT,
                    start_new_session=True,  # Ctrl-C in the terminal is the controller's to handle
                    limit=LINE_LIMIT_BYTES,
                )
        except OSError as error:
            raise StudyError(one_line(f"{self._log_path}: no optimizer process can be started: {error}")) from error
        self._reader = asyncio.create_task(self._read(self._process))

    def write(self, *messages: ToOptimizer) -> None:
        """Hand these to the process; returns at once, whether or not it is listening yet."""
        if self._process is None or self._process.stdin is None or self._process.stdin.is_closing():
            return  # it has ended: whoever takes its place is told everything
        self._process.stdin.write(b"".join(encode(message) for message in messages))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while not self._complaint:
            try:
                line = await process.stdout.readline()
                if not line:
                    break
                message = decode_from_optimizer(line)
            except (msgspec.MsgspecError, ValueError) as error:
                self._complaint = one_line(f"it wrote what is no line of the protocol: {error}")
                break
            if isinstance(message, Error):
                self._complaint = one_line(message.message)
                break
            self._ready = self._ready or isinstance(message, Ready)
            self._on_answer(message)
        code = await self._code(process)
        if not self._closing:
            self._on_end(self._complaint or _describe(code), bool(self._complaint) and not self._ready)

    async def _code(self, process: asyncio.subprocess.Process) -> int:
        """Return the exit code of a process that has no more to say, and see to it that there is one."""
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(process.wait(), CLOSE_GRACE_S)
        _send(process, signal.SIGKILL)
        return await process.wait()

    async def close(self) -> None:
        """End the process: it is asked by the end of its stdin, then told, then made to."""
        self._closing = True
        if self._process is None or self._reader is None:
            return
        if self._process.stdin is not None:
            self._process.stdin.close()
        # One that is still importing would only end after it: it has nothing to lose.
        grace_s = CLOSE_GRACE_S if self._ready else 0.0
        for insistence in (signal.SIGTERM, signal.SIGKILL):
            done, _ = await asyncio.wait({self._reader}, timeout=grace_s)
            if done:
                break
            _send(self._process, insistence)
            grace_s = CLOSE_GRACE_S
        await self._reader


def _send(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    # Not process.kill(): it would reap a process that has just ended, and asyncio would never learn its exit code.
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)


def _describe(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-code).name}"
        return f"killed by signal {-code}"
    return f"exit code {code}"
