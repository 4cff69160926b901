"""The controller's end of one command that a keeper looks after."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import msgspec

from boxwright.execute.leftovers import TOKEN_NAME, kill_leftovers
from boxwright.json_faults import NOT_JSON

_PATIENCE_S = 5.0


class Ending(msgspec.Struct, frozen=True):
    """How the command ended.

    Attributes:
        code: Exit code, negative for a signal; None if it was not started, or its keeper was killed.
        problem: Why there is no code.
    """

    code: int | None = None
    problem: str = ""

    @property
    def text(self) -> str:
        """Return it in words."""
        if self.code is None:
            return self.problem
        if self.code < 0:
            with contextlib.suppress(ValueError):
                return f"killed by {signal.Signals(-self.code).name}"
        return f"exit code {self.code}"


class Kept:
    """One command with its keeper.

    Args:
        grace_s: Seconds between asking it to end and insisting.
    """

    def __init__(self, process: asyncio.subprocess.Process, line: socket.socket, token: str, grace_s: float) -> None:
        self._process = process
        self._line = line
        self._token = token
        self._grace_s = grace_s
        self._stopped = False
        self.end = asyncio.get_running_loop().create_task(self._end())

    @property
    def keeper_pid(self) -> int:
        """The id of the keeper's process."""
        return self._process.pid

    async def _end(self) -> Ending:
        said = b""
        with self._line, contextlib.suppress(OSError):
            while data := await asyncio.get_running_loop().sock_recv(self._line, 4096):
                said += data
        code = await self._process.wait()
        try:
            return msgspec.json.decode(said, type=Ending)
        except NOT_JSON:
            if not self._stopped:
                await asyncio.to_thread(kill_leftovers, self._token, grace_s=self._grace_s)
            return Ending(problem=f"its keeper was gone (exit code {code})")

    async def stop(self) -> None:
        """End the command and all that it has started; return once that is done."""
        if self.end.done():
            return
        self._stopped = True
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_WR)
        done, _ = await asyncio.wait({self.end}, timeout=self._grace_s + _PATIENCE_S)
        if not done:  # a keeper that was stopped (SIGSTOP) hears nothing
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
            await self.end
            await asyncio.to_thread(kill_leftovers, self._token, grace_s=self._grace_s)


async def keep(
    argv: Sequence[str],
    *,
    folder: Path,
    env: Mapping[str, str],
    token: str,
    grace_s: float,
    stdin: int | IO[bytes] = asyncio.subprocess.DEVNULL,
    stdout: int | IO[bytes],
    stderr: int | IO[bytes],
) -> Kept:
    """Start a command; what an earlier one with the same token has left is ended first.

    Raises:
        OSError: No process can be started.
    """
    await asyncio.to_thread(kill_leftovers, token, grace_s=grace_s)
    ours, theirs = socket.socketpair()
    try:
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # a file named json.py in the command's folder is not ours
                "-m",
                "boxwright.execute.keeper",
                str(theirs.fileno()),
                str(grace_s),
                *argv,
                cwd=folder,
                env={**env, TOKEN_NAME: token},
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,  # Ctrl-C in the terminal is the controller's to handle
                pass_fds=(theirs.fileno(),),
            )
    except BaseException:
        ours.close()
        raise
    ours.setblocking(False)
    return Kept(process, ours, token, grace_s)
