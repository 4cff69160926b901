"""The lock of a study and orders to its controller, when others ask and when nobody is there."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.errors import UserError
from boxwright.study.control import controller_lock, is_running
from support import PATIENCE_S, RunBoxwright, Running

POLLER = """
import sys
from pathlib import Path
from boxwright.study.control import is_running
print("polling", flush=True)
while True:
    is_running(Path(sys.argv[1]))
"""


def test_asking_for_the_state_all_the_time_keeps_no_controller_out(tmp_path: Path) -> None:
    with controller_lock(tmp_path):
        assert is_running(tmp_path)
    with subprocess.Popen([sys.executable, "-c", POLLER, str(tmp_path)], stdout=subprocess.PIPE) as poller:
        assert poller.stdout is not None
        poller.stdout.readline()
        try:
            for _ in range(500):
                with controller_lock(tmp_path):
                    pass
                time.sleep(0.0003)
        finally:
            poller.kill()


def test_study_that_has_a_controller_is_refused_soon(tmp_path: Path) -> None:
    began = time.monotonic()
    with (
        controller_lock(tmp_path),
        pytest.raises(UserError, match="is being run by process"),
        controller_lock(tmp_path),
    ):
        pass
    assert time.monotonic() - began < 5


@pytest.mark.usefixtures("no_process_left")
@pytest.mark.slow
def test_order_without_a_controller_tells_of_runs_that_go_on(
    make_scenario: Callable[..., Path], start: Callable[..., Running], boxwright: RunBoxwright
) -> None:
    running = start(make_scenario("sleep 60"), "--slots", "1", "--runs", "1")
    running.wait_for_runs(1)
    running.process.kill()
    running.end()
    asked = boxwright("stop", running.study, "--now")
    assert asked.returncode == 2
    assert "no controller is at work here, but a run that it started goes on;" in asked.stderr
    with Running(None, running.study).process as resumed:
        time.sleep(0.1)
        while boxwright("stop", running.study, "--now").returncode != 0:
            time.sleep(0.1)
        resumed.communicate(timeout=180)
    asked = boxwright("stop", running.study)
    assert "no controller is at work here (nothing is running)." in asked.stderr


@pytest.mark.usefixtures("no_process_left")
@pytest.mark.slow
def test_order_to_a_controller_that_does_not_answer_says_so_and_nonsense_is_answered(
    make_scenario: Callable[..., Path], start: Callable[..., Running], boxwright: RunBoxwright
) -> None:
    running = start(make_scenario("sleep 60"), "--slots", "1", "--runs", "1")
    running.wait_for_runs(1)
    running.process.send_signal(signal.SIGSTOP)
    asked = boxwright("stop", running.study)
    running.process.send_signal(signal.SIGCONT)
    assert "its controller gave no answer within 10 s" in asked.stderr
    for line in (b"{", b'{"do":"kill\xff"}', b'{"do":' * 9999, b'{"do":"evaluate","values":' + b"[" * 9999):
        answer = said_to(running.study, line)
        assert answer.startswith('{"done":false,"text":"not understood: '), line[:30]
    assert boxwright("stop", running.study, "--now").returncode == 0
    assert running.end()[0] == 130


def said_to(study: Path, words: bytes) -> str:
    """Return what the controller answers to a line."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(PATIENCE_S)
        line.connect(os.path.relpath(study / "control.sock"))
        line.sendall(words + b"\n")
        return line.recv(4096).decode()
