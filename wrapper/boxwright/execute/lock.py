"""The lock of a slot: whoever holds ``slots/<number>.lock`` of a study has the slot's GPUs and cores.

Held by the slot agent for its whole life, not by the controller. So a study that is resumed while agents of the
killed controller are still busy gives none of their GPUs away: a new agent waits for the lock.
"""

from __future__ import annotations

import fcntl
import os
import signal
from contextlib import suppress
from pathlib import Path

import msgspec

from boxwright.execute.tree import read_process
from boxwright.json_faults import NOT_JSON
from boxwright.terms import Slot


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds a slot: the content of the lock file. It stays there when the lock is free again.

    Attributes:
        boot: The kernel's name for this start of the machine: the folder may be seen from several machines.
        started: Clock ticks since boot; a pid alone may have passed on to another process.
    """

    pid: int
    gpus: tuple[str, ...]
    cores: tuple[int, ...]
    boot: str
    started: int

    @property
    def is_running_here(self) -> bool:
        """Whether the pid still names that process, on this machine."""
        process = read_process(self.pid)
        return process is not None and process.started == self.started and self.boot == _boot()

    def has_share_of(self, slot: Slot) -> bool:
        """Whether it has the GPUs and cores of this slot."""
        return (self.gpus, self.cores) == (slot.gpus, slot.cores)


def lock_path(study: Path, number: int) -> Path:
    """Return the lock file of a slot."""
    return study / "slots" / f"{number}.lock"


def slot_locks(study: Path) -> list[Path]:
    """Return the lock files of all slots that the study has had."""
    return sorted(lock_path(study, 0).parent.glob("*.lock"))


def hold(path: Path, slot: Slot) -> int:
    """Wait for the lock, write who holds it, and return the descriptor that holds it until it is closed."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    fcntl.flock(fd, fcntl.LOCK_EX)
    process = read_process(os.getpid())
    assert process is not None
    owner = Owner(pid=process.pid, gpus=slot.gpus, cores=slot.cores, boot=_boot(), started=process.started)
    content = msgspec.json.encode(owner) + b"\n"
    os.pwrite(fd, content, 0)
    os.ftruncate(fd, len(content))
    return fd


def is_held(path: Path) -> bool:
    """Return whether some agent holds the lock at this moment."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def read_owner(path: Path) -> Owner | None:
    """Return who held the lock last, None where that cannot be read."""
    with suppress(OSError, *NOT_JSON):
        return msgspec.json.decode(path.read_bytes(), type=Owner)
    return None


def ask_owner_to_end(path: Path) -> None:
    """Send SIGTERM to the agent that holds the lock: it stops its run, writes ``exit.json`` and ends."""
    owner = read_owner(path)
    if owner is not None and owner.is_running_here and is_held(path):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(owner.pid, signal.SIGTERM)


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
