"""``resume --retry``: trials without an answer get a new run, once what was wrong has been mended."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import boxwright as library
from boxwright.store.database import Store
from boxwright.terms import Status
from support import RunBoxwright

pytestmark = pytest.mark.usefixtures("no_process_left")

SCRIPT = """
while test -e "$BOXWRIGHT_STUDY/slow"; do sleep 0.1; done
test -e "$BOXWRIGHT_STUDY/mended" || test "$BOXWRIGHT_TRIAL" -gt 2 || exit 7
test -e "$BOXWRIGHT_STUDY/mended" || test "$BOXWRIGHT_TRIAL" -gt 3 || exec sleep 60
echo "Result of algorithm run: SUCCESS, 0.1, 1, $BOXWRIGHT_TRIAL, 0"
"""


@pytest.fixture
def study(make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path) -> Path:
    """A study of four trials: two crashed, one over its cutoff, one success."""
    scenario = make_scenario(SCRIPT, more="[limits]\ncutoff_s = 1.5\ngrace_s = 0.2\n")
    assert boxwright("run", scenario, "--study", "study").returncode == 1
    (tmp_path / "study" / "mended").touch()
    return tmp_path / "study"


def runs_of(study: Path) -> list[tuple[int, int, str, bool]]:
    with Store(study) as store:
        return [(record.trial, record.attempt, str(record.status), record.settles) for record in store.runs()]


BEFORE = [(1, 1, "CRASHED", True), (2, 1, "CRASHED", True), (3, 1, "TIMEOUT", True), (4, 1, "SUCCESS", True)]
UNSETTLED = [(1, 1, "CRASHED", False), (2, 1, "CRASHED", False), *BEFORE[2:]]
AGAIN = [(1, 2, "SUCCESS", True), (2, 2, "SUCCESS", True)]


def test_retry_runs_trials_with_such_an_outcome_again_and_no_others(study: Path, boxwright: RunBoxwright) -> None:
    assert runs_of(study) == BEFORE
    done = boxwright("resume", study, "--retry", "crashed")
    assert done.returncode == 1, done.stderr  # the one over its cutoff
    assert "2 trials with the outcome CRASHED: run again" in done.stderr
    assert "2 of 4 trials done" in done.stderr
    assert runs_of(study) == [*UNSETTLED, *AGAIN]
    done = boxwright("resume", study, "--retry", "Crashed, timeout")
    assert (done.returncode, "1 trial with the outcome CRASHED or TIMEOUT: run again" in done.stderr) == (0, True)
    assert "with the outcome CRASHED: run again" in (study / "study.log").read_text()
    done = boxwright("resume", study, "--retry", "killed")
    assert (done.returncode, "0 trials with the outcome KILLED: nothing to run again" in done.stderr) == (0, True)


def test_retry_is_not_forgotten_when_the_controller_is_killed(study: Path) -> None:
    (study / "slow").touch()
    command = [sys.executable, "-m", "boxwright", "resume", str(study), "--retry", "crashed"]
    command += ["--slots", "1", "--set", "limits.cutoff_s=40"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as controller:
        deadline = time.monotonic() + 60
        while len(list(study.glob("runs/*/*/stdout.log"))) < 5:
            assert time.monotonic() < deadline
            assert controller.poll() is None
            time.sleep(0.02)
        controller.kill()
    assert runs_of(study) == [*UNSETTLED, (1, 2, "RUNNING", False)]
    (study / "slow").unlink()
    assert library.resume(study, settings=["limits.cutoff_s=1.5"]).failed == 1
    assert runs_of(study) == [*UNSETTLED, *AGAIN]


def test_retry_is_one_step_whenever_the_process_is_killed(study: Path) -> None:
    program = f"""
import os, pathlib, signal
from boxwright.store.database import Store
from boxwright.terms import Status
store = Store(pathlib.Path({str(study)!r}), write=True)
store._db.set_trace_callback(lambda text: os.kill(os.getpid(), signal.SIGKILL) if text == "COMMIT" else None)
store.reopen_trials([Status.CRASHED, Status.TIMEOUT])
"""
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=180).returncode == -signal.SIGKILL
    assert runs_of(study) == BEFORE
    with Store(study, write=True) as store:
        assert store.reopen_trials([Status.CRASHED, Status.TIMEOUT]) == 3
        assert store.reopen_trials([Status.CRASHED, Status.TIMEOUT]) == 0
        assert store.trial_counts() == (4, 1)


@pytest.mark.parametrize("words", ["success", "crashd", "", "crashed,"])
def test_retry_of_what_is_no_failure_is_refused(study: Path, boxwright: RunBoxwright, words: str) -> None:
    done = boxwright("resume", study, "--retry", words)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert done.stderr.startswith("boxwright: --retry: ")
    assert runs_of(study) == BEFORE
