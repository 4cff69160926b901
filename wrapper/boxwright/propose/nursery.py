"""The process that optimizer seeds are forked from: ``python -m boxwright.propose.nursery FD [forest]``.

ConfigSpace, SciPy and SMAC take seconds of CPU and 100 to 200 MB to import. One process imports them; a seed is a
fork of it, which begins within milliseconds and shares the memory of all that it does not change. Linux only.

``FD`` is an inherited socket of whole messages (SOCK_SEQPACKET). Each request is the number of a seed and,
once the study wants it, ``forest``, with two descriptors beside it (SCM_RIGHTS): the seed's end of its socket to the
controller, and its log. Answers say which process a seed became, or why it became none, and later how it ended. The
nursery ends when the controller is gone, and so do its seeds, each by itself. One thread only: a fork copies no
other, and a lock that one of them holds would stay locked.
"""

from __future__ import annotations

import gc
import importlib
import os
import selectors
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress

import msgspec
from msgspec import Struct

FOREST = "forest"
"""The word that has the nursery import SMAC's forest, too."""

_FOREST_MODULE = "boxwright.propose.search.forest"

MOST_BYTES = 1024
"""More than any message of either side has."""

_LEFT_OUT = ("pandas", "pyarrow")
"""scikit-learn imports the one if it is there, that the other, and that starts a thread; trees need neither."""


class Forked(Struct, frozen=True, tag=True):
    """This seed is this process now."""

    number: int
    pid: int


class Refused(Struct, frozen=True, tag=True):
    """The system let this seed not be forked: too many processes, or too little memory."""

    number: int
    why: str


class Ended(Struct, frozen=True, tag=True):
    """This process of a seed has ended; the code as ``subprocess`` has it, negative for a signal."""

    pid: int
    code: int


def main(words: Sequence[str]) -> int:
    """Import what the seeds need and fork them; return the exit code, of the nursery or of a seed."""
    fd, *wanted = words
    connection = socket.socket(fileno=int(fd))
    connection.set_inheritable(False)
    _import(forest=FOREST in wanted)
    with ExitStack() as kept:
        kept.enter_context(connection)
        is_seed = _serve(connection, kept)
    if not is_seed:
        return 0
    from boxwright.propose.seed import main as seed_main

    return seed_main()


def _import(*, forest: bool) -> None:
    for name in _LEFT_OUT:
        sys.modules[name] = None  # type: ignore[assignment]  # to import it is an ImportError from here on
    # What is broken here is broken in each seed, too, which then says so to the controller.
    with suppress(Exception):
        importlib.import_module("boxwright.propose.model_seed")
        if forest:
            importlib.import_module(_FOREST_MODULE)
    gc.collect()
    gc.freeze()  # else the first collection in each fork touches, and so copies, every page with an object on it


def _serve(connection: socket.socket, kept: ExitStack) -> bool:
    """Fork until the controller is gone; True in a process that is a seed."""
    woken, wake = socket.socketpair()
    kept.enter_context(woken)
    kept.enter_context(wake)
    woken.setblocking(False)
    wake.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    selector = kept.enter_context(selectors.DefaultSelector())
    selector.register(connection, selectors.EVENT_READ)
    selector.register(woken, selectors.EVENT_READ)
    while True:
        ready = [key.fileobj for key, _ in selector.select()]
        try:
            if woken in ready:
                woken.recv(MOST_BYTES)
                _report_ended(connection)
            if connection not in ready:
                continue
            request, fds, _, _ = socket.recv_fds(connection, MOST_BYTES, 2)
        except OSError:
            return False  # the controller is gone
        if not request:
            return False
        number, *wanted = request.decode().split()
        if FOREST in wanted and _FOREST_MODULE not in sys.modules:
            _import(forest=True)  # the study has been given more runs since this process began
        answer: Forked | Refused
        try:
            if (pid := os.fork()) == 0:
                _become_seed(*fds)
                return True
            answer = Forked(int(number), pid)
        except OSError as error:
            answer = Refused(int(number), error.strerror or str(error))
        for fd in fds:
            os.close(fd)
        with suppress(OSError):
            connection.send(msgspec.json.encode(answer))


def _report_ended(connection: socket.socket) -> None:
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            connection.send(msgspec.json.encode(Ended(pid, os.waitstatus_to_exitcode(status))))


def _become_seed(line: int, log: int) -> None:
    """Put the seed's descriptors where a process of its own would have them, and leave the nursery's ways."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for fd, place in ((line, 0), (line, 1), (log, 2)):
        os.dup2(fd, place)
    os.close(line)
    os.close(log)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
