"""Types and functions that several test files share."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import psutil

from boxwright.store.database import Store
from boxwright.terms import Status


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


PATIENCE_S = 180.0
"""Seconds after which something hangs: far beyond what it takes, since several tests share a machine."""


class Running:
    """A study being run in the background.

    Args:
        scenario: What is run; None resumes the study.
        study: Its folder.
        words: Options.
        prefix: Words before the command, e.g. ``nohup``.
        verb: What is done in place of these two.
    """

    def __init__(
        self,
        scenario: Path | None,
        study: Path,
        *words: str,
        prefix: Sequence[str] = (),
        verb: Sequence[str] = (),
    ) -> None:
        self.study = study
        if not verb:
            verb = ["resume", str(study)] if scenario is None else ["run", str(scenario), "--study", str(study)]
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "boxwright", *verb, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.heard = ""

    def hear(self, words: str) -> None:
        """Wait until it says this on stderr."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.heard += line
            if words in line:
                return
        raise AssertionError(f"it never said {words!r}: {self.heard}")

    def wait_for_runs(self, number: int) -> None:
        """Wait until so many runs have been started."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if len(list(self.study.glob("runs/*/*/stdout.log"))) >= number:
                return
            assert self.process.poll() is None, self.process.communicate()
            time.sleep(0.02)
        raise AssertionError(f"no {number} runs within {PATIENCE_S} s")

    def end(self) -> tuple[int, str, str]:
        """Wait until it is over; return exit code, stdout and stderr."""
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, out, self.heard + err


def statuses(study: Path) -> list[Status]:
    """Return the states of all runs, by number."""
    with Store(study) as store:
        return [record.status for record in store.runs()]
