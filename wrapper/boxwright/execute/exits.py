"""``exit.json``: written once, by rename, when a run is over."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import msgspec

from boxwright.execute.messages import Exit
from boxwright.json_faults import NOT_JSON

EXIT_FILE = "exit.json"
_TEMPORARY = ".exit.json.new"
_LARGEST_BYTES = 1 << 20


def write_exit(folder: Path, exit_: Exit) -> None:
    """Put ``exit.json`` in the folder, all of it or nothing.

    Not synced: what a killed process wrote is safe with the kernel, and losing it with the power only costs
    a second run of the trial.

    Raises:
        OSError: The disk is full, or the folder is gone.
    """
    temporary = folder / _TEMPORARY
    with suppress(FileNotFoundError):
        temporary.unlink()
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with open(fd, "wb") as file:  # noqa: PTH123 (a descriptor)
            file.write(msgspec.json.encode(exit_))
        os.rename(temporary, folder / EXIT_FILE)  # noqa: PTH104 (in the path of every run)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise


def read_exit(folder: Path, run: int) -> Exit | None:
    """Return the exit of this run, None where there is none (yet), or something else stands in its place."""
    path = folder / EXIT_FILE
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST_BYTES:
            return None
        exit_ = msgspec.json.decode(path.read_bytes(), type=Exit)
    except (OSError, *NOT_JSON):
        return None
    return exit_ if exit_.run == run else None
