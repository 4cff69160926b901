"""The folder of a pilot on its node: gone with it, or swept by the next pilot there if it was killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import stat
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LOCK = "pilot.lock"


def _prefix() -> str:
    """Return how the names of this node's folders begin: a lock may say nothing of another node's that lie beside."""
    return f"boxwright-pilot-{zlib.crc32(socket.gethostname().encode()):08x}-"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a folder, where the scheduler has one for the job (TMPDIR) in that, for as long as the block lasts.

    What pilots of this user have left that were killed, or whose node was lost, goes first.
    """
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=_prefix()))
    # Under its name only once it is held: until then nobody takes its owner for dead.
    draft = folder / f".{_LOCK}"
    with draft.open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        draft.rename(folder / _LOCK)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_prefix()}*"):
        with suppress(OSError):  # another pilot sweeps, too
            status = folder.lstat()
            if stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and _is_left(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_left(folder: Path) -> bool:
    """Return whether the lock is there, and nobody has it."""
    with (folder / _LOCK).open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
