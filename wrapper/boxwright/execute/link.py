"""The controller's end of one slot agent: its process, and the socket to it."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from boxwright.execute.agent import TIED
from boxwright.execute.lock import lock_path
from boxwright.execute.messages import Cancel, Finished, Ready, Start
from boxwright.execute.wire import Lines, encode_line
from boxwright.terms import Slot

END_S = 5.0


@dataclass(frozen=True, slots=True)
class Tie:
    """What binds agents to the process that has started them.

    Attributes:
        kept_fds: Files, such as locks, that they hold open with it.
    """

    kept_fds: tuple[int, ...] = ()


class AgentLink(asyncio.Protocol):
    """Messages to and from one agent, and the news of its end.

    Attributes:
        process: The agent.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        log: Path,
        on_message: Callable[[Ready | Finished], None],
        on_gone: Callable[[], None],
    ) -> None:
        self.process = process
        self._log = log
        self._on_message = on_message
        self._on_gone = on_gone
        self._lines = Lines(Ready | Finished)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Hand on what the agent says."""
        for message in self._lines.feed(data):
            assert isinstance(message, Ready | Finished)
            self._on_message(message)

    def connection_lost(self, exc: Exception | None) -> None:
        """Hand on that the agent is gone; the kernel closes its socket at once, however it died."""
        self._transport = None
        self._on_gone()

    def send(self, message: Start | Cancel) -> None:
        """Tell the agent; one that is gone is reported through ``on_gone``."""
        if self._transport is not None:
            self._transport.write(encode_line(message))

    def close(self) -> None:
        """Close the socket: an idle agent ends, a busy one when its run is over."""
        if self._transport is not None:
            self._transport.close()

    def disown(self) -> None:
        """Let the agent live on without this process."""
        self.process.returncode = 0  # else Popen complains, when it is deleted, that nobody has waited

    async def wait_for_end(self) -> str:
        """Wait until the agent, whose socket is closed, has ended; return in words how."""
        try:
            code = await asyncio.to_thread(self.process.wait, END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = await asyncio.to_thread(self.process.wait)
        if code < 0:
            return f"its agent was killed by {signal.Signals(-code).name}"
        return f"its agent ended with exit code {code}" + self._last_words()

    def _last_words(self) -> str:
        try:
            lines = self._log.read_text(encoding="utf-8", errors="replace").split("\n")
        except OSError:
            return ""
        words = [line.strip() for line in lines if line.strip()]
        return f": {words[-1]} ({self._log})" if words else ""


async def start_agent(
    slot: Slot,
    study: Path,
    on_message: Callable[[Ready | Finished], None],
    on_gone: Callable[[], None],
    *,
    tie: Tie | None = None,
) -> AgentLink:
    """Start the agent of a slot, in a session of its own so that Ctrl-C in the terminal does not reach it.

    Args:
        slot: What it gets.
        study: Below it lie the slot's lock and the agent's log.
        on_message: Takes what it says.
        on_gone: Called when it is gone.
        tie: Have it stop its run and end with this process; else it outlives it.

    Raises:
        OSError: No process can be started, or the log cannot be written.
    """
    lock = lock_path(study, slot.number)
    log = lock.with_suffix(".log")
    ours, theirs = socket.socketpair()
    with theirs, log.open("ab") as output:
        # -P: a file of the person's in the current folder must not stand in for a module.
        words = [sys.executable, "-P", "-m", "boxwright.execute.agent", str(theirs.fileno()), str(lock)]
        process = subprocess.Popen(
            [*words, msgspec.json.encode(slot).decode(), *([TIED] if tie else [])],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(theirs.fileno(), *(tie.kept_fds if tie else ())),
            start_new_session=True,
        )
    link = AgentLink(process, log, on_message, on_gone)
    await asyncio.get_running_loop().create_unix_connection(lambda: link, sock=ours)
    return link
