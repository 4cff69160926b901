"""The processes below a process, read from /proc: who they are, what they use, how to signal them all.

The slot agent is a child subreaper, so everything that a run ever started stays below the agent in this tree,
daemons included.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_HAS_CHILDREN_FILES = Path("/proc/self/task", str(os.getpid()), "children").exists()


@dataclass(frozen=True, slots=True)
class Process:
    """One line of the process table.

    Attributes:
        state: One letter as in ``ps``: R, S, D, T (stopped), Z (zombie), X (dead) …
        started: Clock ticks since boot; with the pid, names one process for ever.
    """

    pid: int
    parent: int
    group: int
    session: int
    state: str
    started: int

    @property
    def is_alive(self) -> bool:
        """Whether it still does, or may do, anything."""
        return self.state not in "ZX"


def read_process(pid: int) -> Process | None:
    """Return the process, None where there is none (any more)."""
    try:
        text = _read(f"/proc/{pid}/stat")
    except OSError:
        return None
    # The second field is the program's name in parentheses and may hold anything, parentheses and newlines included.
    fields = text.rpartition(b")")[2].split()
    return Process(
        pid, int(fields[1]), int(fields[2]), int(fields[3]), state=fields[0].decode(), started=int(fields[19])
    )


def all_processes() -> list[Process]:
    """Return every process that this one can see."""
    pids = [int(name) for name in _names("/proc") if name.isdigit()]
    return [process for process in map(read_process, pids) if process is not None]


def descendants(pid: int, *, scan: bool = not _HAS_CHILDREN_FILES) -> list[Process]:
    """Return the processes below this one, zombies included, parents first.

    Args:
        pid: Whose descendants.
        scan: Read the whole process table instead of the kernel's lists of children, which not every kernel
            has and which cost less on machines with thousands of processes.
    """
    if scan:
        return below({pid}, all_processes())
    found: list[Process] = []
    todo = [pid]
    while todo:
        for child in _children(todo.pop()):
            process = read_process(child)
            if process is not None:
                found.append(process)
                todo.append(child)
    return found


def below(roots: Iterable[int], processes: Iterable[Process]) -> list[Process]:
    """Return those of the processes that are below one of the roots, the roots left out."""
    children: dict[int, list[Process]] = {}
    for process in processes:
        children.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    seen = set(roots)
    todo = list(seen)
    while todo:
        for child in children.get(todo.pop(), ()):
            if child.pid not in seen:
                seen.add(child.pid)
                found.append(child)
                todo.append(child.pid)
    return found


def signal_groups(processes: Iterable[Process], number: signal.Signals) -> None:
    """Send the signal once to every process group that one of the processes is in, and wake the stopped ones.

    To a group and not to its members: the kernel signals a group at one stroke, so that none of them can slip
    away by forking between the reading of /proc and the signal.
    """
    groups: dict[int, bool] = {}
    for process in processes:
        groups[process.group] = groups.get(process.group, False) or process.state in "Tt"
    groups.pop(os.getpgrp(), None)
    for group, is_stopped in groups.items():
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
            if is_stopped and number is not signal.SIGKILL:
                os.killpg(group, signal.SIGCONT)


def resident_bytes(pid: int) -> int:
    """Return the resident set, 0 for a process that is gone."""
    try:
        return int(_read(f"/proc/{pid}/statm").split()[1]) * _PAGE_BYTES
    except OSError:
        return 0


def proportional_bytes(pid: int) -> int:
    """Return the resident set with each shared page divided by its users; the resident set where that is unknown.

    Costs milliseconds for a large process; kernels before 4.14 do not tell it.
    """
    try:
        for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return resident_bytes(pid)


def environment_of(pid: int) -> list[bytes]:
    """Return the environment that the process was started with, as ``NAME=value``; empty where it may not be read."""
    try:
        return _read(f"/proc/{pid}/environ").split(b"\0")
    except OSError:
        return []


def _children(pid: int) -> list[int]:
    children: list[int] = []
    for thread in _names(f"/proc/{pid}/task"):
        with suppress(OSError):
            children += map(int, _read(f"/proc/{pid}/task/{thread}/children").split())
    return children


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 (thousands of names; Path makes an object of each)
    except OSError:
        return []


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 (read thousands of times; Path costs more than the read)
        return file.readall()
