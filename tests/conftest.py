"""Fixtures that several test files share."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import RunBoxwright, processes_below


@pytest.fixture
def boxwright(tmp_path: Path) -> RunBoxwright:
    """Return a function that runs ``boxwright`` in a process of its own and returns what it printed."""

    def call(*words: str | Path, cwd: Path | None = None, timeout_s: float = 120) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "boxwright", *map(str, words)],
            cwd=cwd or tmp_path,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=timeout_s,
            check=False,
        )

    return call


@pytest.fixture
def make_scenario(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a scenario, with a script ``run.sh`` beside it, and returns its path."""

    def make(
        script: str = 'echo "Result of algorithm run: SUCCESS, 0.1, 1, $BOXWRIGHT_TRIAL, 0"',
        *,
        design: str = '[design]\nkind = "monte-carlo"\nruns = 4\n',
        space: str = 'x = { type = "float", lower = 0, upper = 1 }\n',
        more: str = "",
        name: str = "scenario",
    ) -> Path:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        run = folder / "run.sh"
        run.write_text(f"#!/bin/sh\n{script}\n")
        run.chmod(0o755)
        scenario = folder / "scenario.toml"
        scenario.write_text(
            f'[command]\nargv = ["./run.sh"]\nflags = "--name=value"\n\n[space]\n{space}\n{design}\n{more}', "utf-8"
        )
        return scenario

    return make


@pytest.fixture
def no_process_left(tmp_path: Path) -> Iterator[None]:
    """Fail a test after which a process is left that works below its folder or was started for it."""
    yield
    deadline = time.monotonic() + 10
    while (left := processes_below(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left, f"left running: {left}"
