"""Keeps one command for as long as the controller lives, and leaves nothing of it behind. Linux only.

``python -m boxwright.execute.keeper FD GRACE_S WORD …``: an inherited socket to the controller, seconds between
asking and insisting, and the command, which has this process's folder, environment, stdin, stdout and stderr. When
the command ends, its exit code is written to the socket as JSON. When the socket ends, or SIGTERM comes, so does the
command with all that it has started.
"""

from __future__ import annotations

import json
import math
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence

from boxwright.execute.minding import become_subreaper, die_with_parent, restore_signals
from boxwright.execute.tree import descendants, signal_groups

UNKILLABLE_S = 30.0


def main(words: Sequence[str]) -> int:
    """Keep the command; return the exit code of this process."""
    line, grace_s, argv = socket.socket(fileno=int(words[0])), float(words[1]), words[2:]
    line.set_inheritable(False)
    restore_signals()
    become_subreaper()
    keeper = _Keeper(line)
    try:
        # The keeper may itself be killed: then the command goes at once, and the controller sees to the rest.
        process = subprocess.Popen(argv, start_new_session=True, preexec_fn=die_with_parent)  # noqa: PLW1509
    except OSError as error:
        _tell(line, {"problem": f"{argv[0]}: {error.strerror}"})
        return 1
    process.returncode = 0  # the keeper waits for all children; without this, Popen would want to do so, too
    with open(os.devnull, "r+b") as nothing:  # noqa: PTH123
        for number in (0, 1):  # may be pipes whose ends others wait for
            os.dup2(nothing.fileno(), number)
    code = keeper.wait_for(process.pid)
    keeper.end_all(grace_s)
    if code is not None:
        _tell(line, {"code": code})
    return 0


class _Keeper:
    """Waits for children, signals and the controller at one place, without threads."""

    def __init__(self, line: socket.socket) -> None:
        self._told = False
        self._codes: dict[int, int] = {}
        self._wake, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        self._line = line
        self._poll = select.poll()
        self._poll.register(self._wake, select.POLLIN)
        self._poll.register(line.fileno(), select.POLLIN)

    def _on_signal(self, number: int, _frame: object) -> None:
        self._told = self._told or number != signal.SIGCHLD

    def _wait(self, timeout_s: float | None = None) -> None:
        for fd, _ in self._poll.poll(None if timeout_s is None else max(0, math.ceil(1000 * timeout_s))):
            if fd == self._wake:
                os.read(self._wake, 4096)
            else:  # the controller says nothing: it has gone, or wants the end
                self._told = True
                self._poll.unregister(self._line.fileno())

    def _reap(self) -> bool:
        """Collect children that have ended; return whether any is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            self._codes[pid] = os.waitstatus_to_exitcode(status)

    def wait_for(self, pid: int) -> int | None:
        """Return how the command ended; None if it is to be ended."""
        while not self._told:
            self._reap()
            if pid in self._codes:
                return self._codes[pid]
            self._wait()
        return None

    def end_all(self, grace_s: float) -> None:
        """Ask all that is left to end, and insist after the grace."""
        insist = time.monotonic() + grace_s
        give_up = insist + UNKILLABLE_S
        asked = False
        while self._reap() and (now := time.monotonic()) < give_up:
            if now >= insist:
                signal_groups(descendants(os.getpid()), signal.SIGKILL)
                self._wait(0.02)
            else:
                if not asked:
                    asked = True
                    signal_groups(descendants(os.getpid()), signal.SIGTERM)
                self._wait(insist - now)


def _tell(line: socket.socket, document: dict[str, int | str]) -> None:
    try:
        line.sendall(json.dumps(document).encode() + b"\n")
    except OSError:
        return  # the controller has gone


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
