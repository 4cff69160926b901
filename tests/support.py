"""Types and functions that several test files share."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import psutil


class RunBoxwright(Protocol):
    """Calls the command line as a person would."""

    def __call__(self, *words: str | Path) -> subprocess.CompletedProcess[str]: ...


def processes_below(folder: Path) -> Sequence[str]:
    """Return the processes, this one excepted, whose working directory or command line lies below a folder."""
    found = []
    for process in psutil.process_iter(["pid", "cwd", "cmdline", "status"]):
        info = process.info
        if info["pid"] == os.getpid() or info["status"] == psutil.STATUS_ZOMBIE:
            continue
        words = [info["cwd"] or "", *(info["cmdline"] or [])]
        if any(word.startswith(str(folder)) for word in words):
            found.append(f"{info['pid']} {' '.join(info['cmdline'] or [])}")
    return found
