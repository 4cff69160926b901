"""A study whose listener leaves: a broken pipe, a terminal that is gone, a watcher that fails."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

import boxwright as library
from boxwright.store.records import RunRecord
from boxwright.study.watching import NoWatcher, Progress
from boxwright.terms import Status
from support import Running, statuses

MIDDLING = 'sleep 1; echo "Result of algorithm run: SUCCESS, 0.1, 1, 1, 0"'
pytestmark = pytest.mark.usefixtures("no_process_left")


@pytest.mark.slow
def test_study_goes_on_when_nobody_reads_its_stderr(
    make_scenario: Callable[..., Path], start: Callable[..., Running]
) -> None:
    running = start(make_scenario(MIDDLING), "--slots", "2")
    running.wait_for_runs(1)
    assert running.process.stderr is not None
    running.process.stderr.close()
    code, out, _ = running.end()
    assert code == 0
    assert f"study: {running.study}" in out
    assert statuses(running.study) == [Status.SUCCESS] * 4


def test_study_goes_on_when_its_terminal_is_gone(make_scenario: Callable[..., Path], tmp_path: Path) -> None:
    master, terminal = pty.openpty()
    words = [sys.executable, "-m", "boxwright", "run", str(make_scenario(MIDDLING)), "--study", str(tmp_path / "s")]
    try:
        running = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal)
    finally:
        os.close(terminal)
    with os.fdopen(master, "rb", buffering=0) as display:
        wait_for_text(display, b"slot")
    assert running.wait(60) == 0
    assert statuses(tmp_path / "s") == [Status.SUCCESS] * 4


def wait_for_text(display: BinaryIO, text: bytes) -> None:
    seen = b""
    while text not in seen:
        block = display.read(4096)
        assert block, seen
        seen += block


def test_exit_code_tells_of_failed_runs_when_nobody_reads_the_table(
    make_scenario: Callable[..., Path], start: Callable[..., Running]
) -> None:
    running = start(make_scenario("exit 1"), "--runs", "1")
    assert running.process.stdout is not None
    running.process.stdout.close()
    code, _, err = running.end()
    assert code == 1, err


def test_answer_that_nobody_reads_to_its_end_is_no_failure(
    make_scenario: Callable[..., Path], tmp_path: Path
) -> None:
    library.run(make_scenario("exit 1"), study=tmp_path / "s", runs=1)
    words = [sys.executable, "-m", "boxwright", "results", str(tmp_path / "s")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reading:
        assert reading.stdout is not None
        assert reading.stderr is not None
        reading.stdout.close()
        assert b"Traceback" not in reading.stderr.read()
    assert reading.returncode == 0


def test_watcher_that_fails_is_told_nothing_more_and_the_study_goes_on(
    make_scenario: Callable[..., Path], tmp_path: Path
) -> None:
    heard: list[int] = []

    class Failing(NoWatcher):
        def run_ended(self, record: RunRecord, progress: Progress) -> None:
            heard.append(record.run)
            raise BrokenPipeError

    _, summary = library.run(make_scenario(), study=tmp_path / "s", slots=1, watcher=Failing())
    assert (summary.settled, summary.exit_code) == (4, 0)
    assert heard == [1]
