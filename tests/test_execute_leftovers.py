"""Processes of a run are found by the token in their environment, and ended with all that belongs to them."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator

import pytest

from boxwright.execute.leftovers import find_leftovers, kill_leftovers
from boxwright.execute.tree import read_process
from execute_support import wait_until


@pytest.fixture
def token() -> str:
    return f"{uuid.uuid4().hex}:7"


@pytest.fixture
def start(token: str) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Return a function that starts a shell script with the token in its environment."""
    started: list[subprocess.Popen[bytes]] = []

    def start(script: str, token: str = token) -> subprocess.Popen[bytes]:
        env = {"PATH": "/usr/bin:/bin", "BOXWRIGHT_TOKEN": token, "PYTHON": sys.executable}
        started.append(subprocess.Popen(["sh", "-c", script], env=env, start_new_session=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_leftovers_are_ended_with_their_children_and_daemons(
    start: Callable[..., subprocess.Popen[bytes]], token: str
) -> None:
    start("setsid sleep 60 & env -i sleep 60 & env -i setsid sleep 60 & sleep 60")
    wait_until(lambda: len(find_leftovers(token)) == 5)
    assert kill_leftovers(token) == 5
    assert find_leftovers(token) == []


def test_leftovers_that_ignore_sigterm_are_killed(start: Callable[..., subprocess.Popen[bytes]], token: str) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    start(f"setsid env -i $PYTHON -c '{deaf}' & sleep 60")
    wait_until(lambda: len(find_leftovers(token)) == 3)
    time.sleep(0.3)  # until it ignores
    pids = [process.pid for process in find_leftovers(token)]
    assert kill_leftovers(token, grace_s=0.2) == 3
    assert not [pid for pid in pids if (found := read_process(pid)) and found.is_alive]


def test_leftovers_of_other_runs_are_left_alone(start: Callable[..., subprocess.Popen[bytes]], token: str) -> None:
    other = start("sleep 60", token + "1")
    wait_until(lambda: find_leftovers(token + "1"))
    assert kill_leftovers(token) == 0
    assert other.poll() is None


def test_no_leftovers_cost_no_time() -> None:
    began = time.monotonic()
    assert kill_leftovers("no such:1") == 0
    assert time.monotonic() - began < 1
