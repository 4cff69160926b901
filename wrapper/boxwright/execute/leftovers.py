"""What is left of a run whose slot agent was killed: found by the token in its environment, and ended."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from types import MappingProxyType

from boxwright.execute.tree import Process, all_processes, below, environment_of, signal_groups

TOKEN_NAME = "BOXWRIGHT_TOKEN"  # noqa: S105 (names a run, keeps nothing secret)
GRACE_S = 1.0
UNKILLABLE_S = 10.0


def kill_leftovers(token: str, *, grace_s: float = GRACE_S) -> int:
    """End every process that was started with this token in its environment, and all that belongs to it.

    To it belong the processes below it and those of its session, which may have cleared their environment.

    Returns:
        How many there were. This blocks until they are gone, or ten seconds after the grace.
    """
    known: dict[int, Process] = {}
    asked: set[int] = set()
    insist = time.monotonic() + grace_s
    pause_s = 0.005
    while left := find_leftovers(token, known):
        known.update((process.pid, process) for process in left)
        if time.monotonic() >= insist:
            signal_groups(left, signal.SIGKILL)
        else:
            # Each is asked once: to many programs a second TERM means "at once".
            signal_groups([process for process in left if process.group not in asked], signal.SIGTERM)
            asked.update(process.group for process in left)
        if time.monotonic() > insist + UNKILLABLE_S:
            break
        time.sleep(pause_s)
        pause_s = min(pause_s * 2, 0.1)
    return len(known)


def find_leftovers(token: str, known: Mapping[int, Process] = MappingProxyType({})) -> list[Process]:
    """Return the living processes that belong to the token.

    Args:
        token: What stands in the environment.
        known: By pid, those that were found to belong to it before; they still do when their parents are gone.
    """
    wanted = f"{TOKEN_NAME}={token}".encode(errors="surrogateescape")
    processes = [process for process in all_processes() if process.is_alive]
    marked = {process.pid for process in processes if wanted in environment_of(process.pid)}
    marked.update(
        process.pid for process in processes if process.pid in known and known[process.pid].started == process.started
    )
    sessions = {process.session for process in processes if process.pid in marked} - {os.getsid(0), 0}
    members = [process for process in processes if process.pid in marked or process.session in sessions]
    found = {process.pid: process for process in members}
    found.update((process.pid, process) for process in below(found, processes))
    found.pop(os.getpid(), None)
    return list(found.values())
