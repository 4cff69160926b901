"""Whatever a run leaves running is gone when the run is over: daemons, forks in flight, the deaf, the stopped."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxwright.execute.messages import Ended
from boxwright.execute.tree import read_process
from execute_support import Stage

DAEMON = """
import os, signal, sys, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
os.environ.clear()
for fd in range(3): os.close(fd)
BEFORE
open('daemon.pid', 'w').write(str(os.getpid()))
while True: time.sleep(1)
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path / "study") as stage:
        stage.start()
        yield stage


def start_daemon(before: str = "") -> list[str]:
    script = DAEMON.replace("BEFORE", before)
    return ["sh", "-c", '"$0" -c "$1"; while [ ! -s daemon.pid ]; do sleep 0.01; done', sys.executable, script]


def daemon_is_gone(stage: Stage, run: int) -> bool:
    process = read_process(int(stage.text(run, "daemon.pid")))
    return process is None or not process.is_alive


def test_daemon_that_a_run_leaves_is_ended_and_counted(stage: Stage) -> None:
    exit_ = stage.run(start_daemon())
    assert (exit_.ended_by, exit_.exit_code, exit_.stragglers) == (Ended.EXITED, 0, 1)
    assert daemon_is_gone(stage, 1)


def test_daemon_that_ignores_sigterm_is_killed(stage: Stage) -> None:
    exit_ = stage.run(start_daemon("signal.signal(signal.SIGTERM, signal.SIG_IGN)"))
    assert exit_.stragglers == 1
    assert daemon_is_gone(stage, 1)
    assert exit_.wall_s < exit_.ended - exit_.started, "the command itself was over before"


def test_daemon_that_is_stopped_is_ended(stage: Stage) -> None:
    stop = "open('daemon.pid', 'w').write(str(os.getpid())); os.kill(os.getpid(), signal.SIGSTOP)"
    assert stage.run(start_daemon(stop)).stragglers == 1
    assert daemon_is_gone(stage, 1)


def test_daemon_goes_with_a_run_that_is_stopped(stage: Stage) -> None:
    argv = start_daemon("signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    argv[2] += "; sleep 60"
    exit_ = stage.run(argv, cutoff_s=1)
    assert exit_.ended_by is Ended.CUTOFF
    assert daemon_is_gone(stage, 1)


def test_processes_that_fork_while_they_are_killed_are_ended(stage: Stage) -> None:
    hopper = (
        "import os, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "open('daemon.pid', 'w').write(str(os.getpid()))\n"
        "while True:\n    if os.fork(): os._exit(0)\n    time.sleep(0.002)\n"
    )
    exit_ = stage.run(["sh", "-c", '"$0" -c "$1" & sleep 0.5', sys.executable, hopper])
    assert exit_.ended_by is Ended.EXITED
    assert exit_.stragglers >= 1


def test_processes_that_fork_into_sessions_of_their_own_are_ended(stage: Stage) -> None:
    hopper = (
        "import os, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "while True:\n    if os.fork(): os._exit(0)\n    os.setsid()\n    time.sleep(0.005)\n"
    )
    exit_ = stage.run(["sh", "-c", '"$0" -c "$1" & sleep 0.5', sys.executable, hopper])
    assert exit_.ended_by is Ended.EXITED


def test_helper_that_ends_by_itself_is_no_straggler_and_keeps_its_output(stage: Stage) -> None:
    exit_ = stage.run(["sh", "-c", "(sleep 0.1; echo tail) & echo head"])
    assert exit_.stragglers == 0
    assert stage.text(1) == "head\ntail\n"


def test_many_stragglers_are_all_ended(stage: Stage) -> None:
    exit_ = stage.run(["sh", "-c", "for i in $(seq 50); do setsid sleep 60 & done"])
    assert exit_.stragglers == 50
    assert exit_.ended - exit_.started < 10


def test_straggler_of_one_run_is_not_taken_for_one_of_the_next(stage: Stage) -> None:
    assert stage.run(["sh", "-c", "setsid sleep 60 &"]).stragglers == 1
    assert stage.run(["true"]).stragglers == 0
