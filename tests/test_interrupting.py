"""Signals that end a study, and those that must not: Ctrl-C, SIGTERM, a terminal that is closed, nohup."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from boxwright.terms import Status
from support import RunBoxwright, Running, statuses

MIDDLING = 'sleep 1; echo "Result of algorithm run: SUCCESS, 0.1, 1, 1, 0"'
OPTIMIZER = "[optimizer]\nruns = 20\ninitial = 2\nseeds = 1\n"
pytestmark = pytest.mark.usefixtures("no_process_left")


@pytest.mark.parametrize(
    ("prefix", "number"),
    [
        (["nohup"], signal.SIGHUP),
        (["sh", "-c", 'trap "" INT; exec "$@"', "sh"], signal.SIGINT),  # as & in a script starts it
    ],
    ids=["nohup", "background"],
)
def test_signal_that_was_ignored_at_the_start_does_not_stop_the_study(
    make_scenario: Callable[..., Path], start: Callable[..., Running], prefix: list[str], number: signal.Signals
) -> None:
    running = start(make_scenario(MIDDLING), "--slots", "2", "--runs", "2", prefix=prefix)
    running.wait_for_runs(2)
    running.process.send_signal(number)
    time.sleep(0.1)
    running.process.send_signal(number)
    code, _, err = running.end()
    assert code == 0, err
    assert statuses(running.study) == [Status.SUCCESS] * 2


@pytest.mark.slow
def test_terminal_that_is_closed_leaves_the_runs_alone(
    make_scenario: Callable[..., Path], start: Callable[..., Running], boxwright: RunBoxwright
) -> None:
    script = f'while ! test -e "$BOXWRIGHT_STUDY/go"; do sleep 0.05; done; {MIDDLING}'
    heard = ["env", "--default-signal=HUP"]  # whoever runs the tests may have it ignored
    running = start(make_scenario(script), "--runs", "2", "--slots", "1", prefix=heard)
    running.wait_for_runs(1)
    running.process.send_signal(signal.SIGHUP)
    assert running.process.wait(60) == 130
    assert statuses(running.study) == [Status.RUNNING]
    (running.study / "go").touch()
    running.end()  # the run has the terminal, too
    assert boxwright("resume", running.study).returncode == 0
    assert statuses(running.study) == [Status.SUCCESS] * 2


def child_of(running: Running, module: str) -> psutil.Process:
    """Return the process of the study's controller that executes this module, once there is one."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for child in psutil.Process(running.process.pid).children():
            with contextlib.suppress(psutil.Error):
                if module in child.cmdline():
                    return child
        time.sleep(0.01)
    raise AssertionError(f"no {module} within 60 s")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.slow
def test_study_is_stopped_while_its_optimizer_does_not_answer(
    make_scenario: Callable[..., Path], start: Callable[..., Running], number: signal.Signals
) -> None:
    quick = 'echo "Result of algorithm run: SUCCESS, 0.1, 1, 1, 0"'
    running = start(make_scenario(quick, design=OPTIMIZER), "--slots", "1")
    nursery = child_of(running, "boxwright.propose.nursery")
    deadline = time.monotonic() + 60
    while not nursery.children():
        assert time.monotonic() < deadline, "no seed within 60 s"
        time.sleep(0.01)
    for process in (*nursery.children(), nursery):
        process.suspend()
    running.wait_for_runs(2)
    time.sleep(0.5)
    began = time.monotonic()
    running.process.send_signal(number)
    code, _, err = running.end()
    assert code == 130, err
    assert time.monotonic() - began < 90
    assert statuses(running.study) == [Status.SUCCESS] * 2


def test_third_interrupt_does_not_wait_for_a_run_whose_agent_does_not_answer(
    make_scenario: Callable[..., Path], start: Callable[..., Running], boxwright: RunBoxwright
) -> None:
    script = f'test -e "$BOXWRIGHT_STUDY/fast" || sleep 60; {MIDDLING}'
    running = start(make_scenario(script), "--slots", "1", "--runs", "1")
    running.wait_for_runs(1)
    agent = child_of(running, "boxwright.execute.agent")
    agent.suspend()
    for answer in ("waiting for those under way", "stopping the runs under way", ""):  # two signals at once are one
        assert running.process.poll() is None
        running.process.send_signal(signal.SIGINT)
        if answer:
            running.hear(answer)
    code, _, err = running.end()
    assert code == 130, err
    assert "not ended: run 1; no longer waited for, `boxwright resume` takes it up" in err
    assert statuses(running.study) == [Status.RUNNING]
    (running.study / "fast").touch()
    agent.resume()
    assert boxwright("resume", running.study).returncode == 0
    assert statuses(running.study) == [Status.LOST, Status.SUCCESS]


@pytest.mark.slow
@pytest.mark.slow
def test_run_whose_agent_does_not_answer_is_let_go_some_time_after_an_interrupt(
    make_scenario: Callable[..., Path], start: Callable[..., Running]
) -> None:
    running = start(make_scenario("sleep 80", more="[limits]\ngrace_s = 0.1\n"), "--slots", "1", "--runs", "1")
    running.wait_for_runs(1)
    agent = child_of(running, "boxwright.execute.agent")
    agent.suspend()
    running.process.send_signal(signal.SIGTERM)
    assert running.end()[0] == 130
    assert statuses(running.study) == [Status.RUNNING]
    agent.resume()
    agent.wait(30)


def test_runs_that_were_lost_use_up_no_retries(
    make_scenario: Callable[..., Path], start: Callable[..., Running], boxwright: RunBoxwright
) -> None:
    script = """
case $BOXWRIGHT_RUN in
    1) sleep 60 ;;
    2) exit 1 ;;
    *) echo "Result of algorithm run: SUCCESS, 0.1, 1, 1, 0" ;;
esac
"""
    running = start(make_scenario(script, more="[study]\nretries = 1\n"), "--slots", "1", "--runs", "1")
    running.wait_for_runs(1)
    running.process.send_signal(signal.SIGTERM)
    assert running.end()[0] == 130
    assert boxwright("resume", running.study).returncode == 0
    assert statuses(running.study) == [Status.LOST, Status.CRASHED, Status.SUCCESS]


def test_resume_sees_a_number_of_runs_only_where_one_is_set(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    boxwright("run", make_scenario(), "--study", "s", "--runs", "1")
    assert boxwright("resume", "s", "--runs", "2").returncode == 0
    done = boxwright("resume", "s", "--set", "environment.set.NOTE=runs=x")
    assert done.returncode == 0, done.stderr
    assert len(statuses(tmp_path / "s")) == 2
