"""Runs that are told of their pilot's end in time, so that the next attempt can begin where they stopped."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

from boxwright.execute.leftovers import TOKEN_NAME
from boxwright.execute.tree import all_processes, environment_of

MARKER = ".signalled"
"""An empty file in the folder of a run that was told."""


def mark_signalled(folder: Path) -> None:
    """Leave word that this run was told to save what it has."""
    with suppress(OSError):  # a full disk: the run could not have saved anything either
        (folder / MARKER).touch()


def was_signalled(folder: Path) -> bool:
    """Return whether this run was told to save what it has."""
    return (folder / MARKER).exists()


def signal_main_process(token: str) -> None:
    """Send SIGUSR1 to the command of a run, and to nothing that it has started: who does not know it, dies of it.

    Args:
        token: What stands in the environment of the run's processes.
    """
    wanted = f"{TOKEN_NAME}={token}".encode(errors="surrogateescape")
    marked = {process.pid: process for process in all_processes() if wanted in environment_of(process.pid)}
    tops = [process for process in marked.values() if process.is_alive and process.parent not in marked]
    if tops:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(min(tops, key=lambda process: (process.started, process.pid)).pid, signal.SIGUSR1)
