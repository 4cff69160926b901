"""External optimizers: copies are started, watched and stopped, and what they ask for runs like anything else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.store.database import Store
from boxwright.terms import Status
from external_support import ALGO, DOUBLE, QUICK, external, output_of
from support import PATIENCE_S, RunBoxwright, Running, statuses

pytestmark = pytest.mark.usefixtures("no_process_left")

HANGS_ABOVE = 'case "$1" in --x=0.9*) : > "$BOXWRIGHT_STUDY/../shared/${1#--x=}"; sleep 60;; esac\n' + QUICK


def test_two_copies_that_speak_smac2_share_the_slots_and_their_kills_free_them_within_a_second(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    double = [sys.executable, str(DOUBLE), "--algo", ALGO, "--seed", "{seed}", "--runs", "30", "--cutoff", "30"]
    double += ["--outdir", str(tmp_path / "shared"), "--kill-above", "0.9"]
    optimizer = f"[optimizer]\ncommand = {json.dumps(double)}\ncopies = 2\nruns = 100\nseed = 5\n"
    scenario = make_scenario(HANGS_ABOVE, design=optimizer)
    done = boxwright("run", scenario, "--study", "s", "--slots", "2")
    assert done.returncode == 1, done.stderr  # there are killed runs
    study = tmp_path / "s"
    killed = dict(line.split() for line in (tmp_path / "shared" / "kills.txt").read_text().splitlines())
    with Store(study) as store:
        records = list(store.runs())
    assert len(records) == 60
    assert {record.slot for record in records} == {0, 1}
    assert {record.optimizer_seed for record in records} == {1, 2}
    found = {repr(record.config["x"]): record for record in records if record.status is Status.KILLED}
    assert found.keys() == killed.keys()
    assert len(killed) >= 3
    for x, when in killed.items():
        assert found[x].reason.startswith("killed by its optimizer")
        assert (found[x].ended or 0) - float(when) < 1
    seen = set()
    for copy in (1, 2):
        *runs, last = output_of(study, copy).splitlines()
        assert len(runs) == 30
        seen |= {line.split()[2] for line in runs}
        assert last.startswith("shared runs read:")
        assert (study / "optimizers" / str(copy) / "stderr.log").read_text() == ""
    assert seen == {"SAT", "KILLED"}


def test_study_ends_with_its_runs_and_leaves_nothing_of_its_optimizer(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    stubborn = "(trap '' TERM HUP; setsid sleep 98765) & trap '' TERM"
    loop = "n=0; while :; do n=$((n + 1)); $algo --dialect plain x=0.$n; done"
    scenario = external(make_scenario, QUICK, f"{stubborn}\n{loop}", runs=3, more="[limits]\ngrace_s = 0.2\n")
    done = boxwright("run", scenario, "--study", "s")
    assert done.returncode == 0, done.stderr
    assert statuses(tmp_path / "s") == [Status.SUCCESS] * 3
    assert output_of(tmp_path / "s").split()[:3] == ["1.0", "2.0", "3.0"]
    assert not subprocess.run(["pgrep", "-f", "^sleep 98765"], capture_output=True, text=True, check=False).stdout


def test_call_that_waits_when_the_study_ends_is_told_to_abort(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    line = "$algo no_instance 0 5.0 2147483647 -1 -x"
    scenario = external(make_scenario, f"sleep 0.5; {QUICK}", f"trap '' TERM\n{line} 0.1 & {line} 0.2\nwait", runs=1)
    assert boxwright("run", scenario, "--study", "s", "--slots", "1").returncode == 0
    told = sorted(output_of(tmp_path / "s").splitlines())
    assert told == [
        "Result of this algorithm run: ABORT, 0.0, -1, 1000000000.0, -1, the study is over",
        "Result of this algorithm run: SUCCESS, 0.1, -1, 1.0, -1, run 1",
    ]


def test_copy_that_fails_is_started_again_and_gets_what_has_run_from_the_store(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    optimizer = """
echo life
$algo --dialect plain x=0.1
test -e first || { touch first; exit 3; }
$algo --dialect plain x=0.2
"""
    done = boxwright("run", external(make_scenario, QUICK, optimizer), "--study", "s")
    assert done.returncode == 0, done.stderr
    assert output_of(tmp_path / "s").split() == ["life", "1.0", "life", "1.0", "2.0"]
    assert len(statuses(tmp_path / "s")) == 2
    assert "optimizer 1: exit code 3 (see " in (tmp_path / "s" / "study.log").read_text()
    state = json.loads(boxwright("status", "s", "--json").stdout)
    assert state["evaluations"] == {"refused": 0, "outside": 0, "answered": 1}
    assert state["state"] == "finished"


def test_copy_that_goes_on_failing_is_given_up_and_the_others_go_on(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    optimizer = 'test "$1" = 0 && { echo life; exit 3; }\n$algo --dialect plain x=0.2'
    scenario = external(make_scenario, QUICK, optimizer, keys="copies = 2\nrestarts = 1")
    done = boxwright("run", scenario, "--study", "s")
    assert done.returncode == 0, done.stderr
    assert "optimizer 1: exit code 3 (see " in done.stderr
    assert "; it is given up" in done.stderr
    assert output_of(tmp_path / "s", 1).split() == ["life", "life"]
    assert statuses(tmp_path / "s") == [Status.SUCCESS]


def test_study_whose_copies_all_fail_says_so_and_can_be_resumed(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    optimizer = "test -e mended || exit 3\n$algo --dialect plain x=0.2"
    scenario = external(make_scenario, QUICK, optimizer, keys="restarts = 0")
    done = boxwright("run", scenario, "--study", "s")
    assert done.returncode == 2
    place = f"(see {tmp_path}/s/optimizers/1/stderr.log)"
    wanted = f"boxwright: no copy of the optimizer has come to its end; optimizer 1: exit code 3 {place}"
    assert done.stderr.splitlines()[-1] == wanted
    (tmp_path / "s" / "optimizers" / "1" / "mended").touch()
    assert boxwright("resume", "s").returncode == 0
    assert statuses(tmp_path / "s") == [Status.SUCCESS]


def test_optimizer_ends_with_a_killed_controller_and_resume_adopts_what_it_had_running(
    make_scenario: Callable[..., Path], start: Callable[..., Running], boxwright: RunBoxwright
) -> None:
    run = f'until test -e "$BOXWRIGHT_STUDY/go"; do sleep 0.02; done; {QUICK}'
    optimizer = "(setsid sleep 98764) & echo life $$\n$algo --dialect plain x=0.1\n$algo --dialect plain x=0.2"
    running = start(external(make_scenario, run, optimizer), "--slots", "1")
    running.wait_for_runs(1)
    os.kill(running.process.pid, signal.SIGKILL)
    pid = int(output_of(running.study).split()[1])
    deadline = time.monotonic() + PATIENCE_S
    while _is_there(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _is_there(pid)
    again = start(None, "--slots", "1")
    (running.study / "go").touch()
    code, _, err = again.end()
    assert code == 0, err
    running.process.communicate()
    assert statuses(running.study) == [Status.SUCCESS, Status.SUCCESS]
    told = [word for word in output_of(running.study).split() if "." in word]
    assert told == ["1.0", "2.0"]


def test_interrupted_study_stops_its_optimizer_and_resume_starts_it_again(
    make_scenario: Callable[..., Path], start: Callable[..., Running], boxwright: RunBoxwright
) -> None:
    run = f'test -e "$BOXWRIGHT_STUDY/go" || sleep 60; {QUICK}'
    running = start(external(make_scenario, run, "$algo --dialect plain x=0.1"), "--slots", "1")
    running.wait_for_runs(1)
    running.process.send_signal(signal.SIGTERM)
    assert running.end()[0] == 130
    assert statuses(running.study) == [Status.LOST]
    (running.study / "go").touch()
    assert boxwright("resume", running.study).returncode == 0
    assert statuses(running.study) == [Status.LOST, Status.SUCCESS]
    assert output_of(running.study) == "1.0\n"


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
