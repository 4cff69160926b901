"""The process table: read right, also where names are odd and the kernel keeps no lists of children."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.execute.tree import descendants, environment_of, proportional_bytes, read_process, resident_bytes
from execute_support import wait_until


@pytest.mark.parametrize("scan", [False, True])
def test_descendants_are_all_processes_below_also_those_of_threads(scan: bool) -> None:
    script = (
        "import subprocess, threading, time\n"
        "threading.Thread(target=lambda: (subprocess.Popen(['sh', '-c', 'sleep 60 & wait']), time.sleep(60))).start()"
    )
    with subprocess.Popen([sys.executable, "-c", script]) as process:
        wait_until(lambda: len(descendants(process.pid, scan=scan)) == 2)
        shell, sleep = descendants(process.pid, scan=scan)
        assert (shell.parent, sleep.parent) == (process.pid, shell.pid)
        for pid in (sleep.pid, shell.pid, process.pid):
            os.kill(pid, 9)


def test_process_with_an_odd_name_is_read_right(tmp_path: Path) -> None:
    program = tmp_path / "a) Z 1 (\n"
    shutil.copy(shutil.which("sleep") or "", program)
    with subprocess.Popen([program, "60"], start_new_session=True) as process:
        found = read_process(process.pid)
        process.kill()
    assert found is not None
    assert (found.parent, found.group, found.session) == (os.getpid(), process.pid, process.pid)
    assert found.is_alive


def test_zombie_is_not_alive() -> None:
    with subprocess.Popen(["true"]) as process:
        wait_until(lambda: (found := read_process(process.pid)) and not found.is_alive)


@pytest.mark.parametrize("measure", [resident_bytes, proportional_bytes])
def test_memory_of_a_process_is_measured(measure: Callable[[int], int]) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "data = bytearray(50 << 20); import time; time.sleep(60)"]
    ) as process:
        wait_until(lambda: measure(process.pid) > 50 << 20)
        process.kill()


def test_process_that_is_gone_has_nothing() -> None:
    with subprocess.Popen(["true"]) as process:
        pass
    time.sleep(0.01)
    pid = process.pid
    assert read_process(pid) is None
    assert (resident_bytes(pid), proportional_bytes(pid)) == (0, 0)
    assert (descendants(pid, scan=False), environment_of(pid)) == ([], [])
