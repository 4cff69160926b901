"""A study whose optimizer is at its goal ends politely, says why, and goes on when more is asked of it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

import boxwright as library
from boxwright.store.database import Store
from boxwright.terms import Status
from support import RunBoxwright, Running, statuses

pytestmark = pytest.mark.usefixtures("no_process_left")

OPTIMIZER = "[optimizer]\nruns = {runs}\ninitial = {runs}\nseeds = 1\ntarget = {target}\n"
COUNTING = 'echo "Result of algorithm run: SUCCESS, 0.1, 1, $((10 - BOXWRIGHT_TRIAL)), 0"'  # 9, 8, 7, …

BOUNDED = "[limits]\ncutoff_s = 120\n"  # what is waited for never comes where the study does not end


def design(target: float, runs: int = 6) -> str:
    return OPTIMIZER.format(target=target, runs=runs)


def test_study_ends_once_a_run_is_as_good_as_the_target(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    done = boxwright("run", make_scenario(COUNTING, design=design(8)), "--study", "s")
    assert done.returncode == 0, done.stderr
    reason = "optimizer.target = 8 is reached by run 2 (quality 8): no new runs"
    assert reason in done.stderr.splitlines()
    assert f" {reason}\n" in (tmp_path / "s/study.log").read_text()
    assert statuses(tmp_path / "s") == [Status.SUCCESS] * 2
    state = library.status(tmp_path / "s")
    assert (state["state"], state["settled"], state["target"], state["reason"]) == ("finished", 2, 6, reason)
    assert f"\nended: {reason}\n" in boxwright("status", "s").stdout


def test_study_says_that_nothing_is_left_of_its_space(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    bounds = 'type = "int", lower = 0, upper = 120, default = 1'
    space = f'x = {{ {bounds} }}\ny = {{ {bounds} }}\nforbidden = ["{{x + y > 4}}"]\n'
    scenario = make_scenario(COUNTING, space=space, design="[optimizer]\nruns = 16\nseeds = 1\n")
    for command in (["run", scenario, "--study", "s"], ["resume", "s"]):
        done = boxwright(*command)
        assert done.returncode == 0, done.stderr
        reason = "nothing that the space allows is left to try: 15 trials instead of 16"
        assert reason in done.stderr.splitlines()
        state = library.status(tmp_path / "s")
        assert (state["state"], state["settled"], state["reason"]) == ("finished", 15, reason)
    enough = boxwright("run", scenario, "--study", "enough", "--set", "optimizer.runs=15")
    assert (enough.returncode, "nothing that" in enough.stderr) == (0, False)


def test_resume_at_the_target_says_why_there_is_nothing_to_do_and_goes_on_with_a_farther_one(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    boxwright("run", make_scenario(COUNTING, design=design(8)), "--study", "s")
    again = boxwright("resume", "s", "--runs", "8")
    assert again.returncode == 0
    hint = f"To go on, ask for more: boxwright resume {tmp_path / 's'} --set optimizer.target=NUMBER"
    assert f"optimizer.target = 8 is reached by run 2 (quality 8): no new runs. {hint}" in again.stderr
    assert len(statuses(tmp_path / "s")) == 2
    assert boxwright("resume", "s", "--set", "optimizer.target=6").returncode == 0
    assert len(statuses(tmp_path / "s")) == 4
    assert library.status(tmp_path / "s")["reason"].startswith("optimizer.target = 6 is reached by run 4")


def test_target_is_reached_from_below_where_more_is_better(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    script = 'echo "Result of algorithm run: SUCCESS, 0.1, 1, $BOXWRIGHT_TRIAL, 0"'
    more = '[study]\nobjective = { direction = "maximize" }\n'
    done = boxwright("run", make_scenario(script, design=design(2.5), more=more), "--study", "s")
    assert "optimizer.target = 2.5 is reached by run 3 (quality 3)" in done.stderr
    assert len(statuses(tmp_path / "s")) == 3


def test_runs_under_way_finish_when_another_reaches_the_target(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    # Run 2 lasts until run 1 has reached the target.
    script = (
        'test "$BOXWRIGHT_TRIAL" = 1 || until grep -q target "$BOXWRIGHT_STUDY/study.log"; do sleep 0.02; done; '
        'while test ! -e "$BOXWRIGHT_STUDY/runs/000/000002/stdout.log"; do sleep 0.02; done; ' + COUNTING
    )
    done = boxwright("run", make_scenario(script, design=design(9), more=BOUNDED), "--study", "s", "--slots", "2")
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "s") as store:
        assert [(run.run, run.quality) for run in store.runs()] == [(1, 9), (2, 8)]


@pytest.mark.slow
def test_study_ends_once_no_proposal_promises_enough_and_goes_on_when_less_is_enough(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    design = "[optimizer]\nruns = 7\ninitial = 4\nseeds = 1\nmin_improvement = 1e6\npatience = 2\n"
    done = boxwright("run", make_scenario(COUNTING, design=design), "--study", "s")
    assert done.returncode == 0, done.stderr
    reason = "each of the last 2 proposals promised less than optimizer.min_improvement = 1e+06: no new runs"
    assert reason in done.stderr.splitlines()
    assert len(statuses(tmp_path / "s")) == 5  # four of the initial design, and the first proposal of a model
    assert library.status(tmp_path / "s")["reason"] == reason
    again = boxwright("resume", "s")
    assert (again.returncode, len(statuses(tmp_path / "s"))) == (0, 5)
    assert f"{reason}. To go on, be content with less: boxwright resume {tmp_path / 's'} --set" in again.stderr
    assert boxwright("resume", "s", "--runs", "4").returncode == 2
    less = ("--runs", "6", "--set", "optimizer.min_improvement=1e-300")  # fewer than were asked for at first
    assert boxwright("resume", "s", *less).returncode == 0
    assert len(statuses(tmp_path / "s")) == 6


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.slow
def test_study_that_was_given_up_ends_after_a_resume_too_though_its_last_runs_were_never_waited_for(
    make_scenario: Callable[..., Path],
    boxwright: RunBoxwright,
    start: Callable[..., Running],
    tmp_path: Path,
    end: signal.Signals,
) -> None:
    design = "[optimizer]\nruns = 9\ninitial = 4\nseeds = 1\nmin_improvement = 1e6\npatience = 2\nahead = false\n"
    wait = 'test "$BOXWRIGHT_TRIAL" != 4 || until test -e "$BOXWRIGHT_STUDY/go"; do sleep 0.02; done; '
    first = start(make_scenario(wait + COUNTING, design=design), "--slots", "2")
    first.hear("promised less than optimizer.min_improvement")
    os.kill(first.process.pid, end)  # the last one goes on, or is stopped with SIGTERM
    first.end()
    (tmp_path / "study/go").touch()
    again = boxwright("resume", tmp_path / "study")
    assert again.returncode == 0, again.stderr
    assert "promised less than optimizer.min_improvement = 1e+06: no new runs. To go on" in again.stderr
    with Store(tmp_path / "study") as store:
        assert store.trial_counts() == (5, 5)  # four of the initial design, and the first proposal of a model
    assert library.status(tmp_path / "study")["state"] == "finished"


def test_failures_and_a_target_that_is_no_number_do_not_end_a_study(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    scenario = make_scenario('echo "Result of algorithm run: TIMEOUT, 1, 1, 0, 0"', design=design(8, 3))
    assert boxwright("run", scenario, "--study", "s").returncode == 1
    assert statuses(tmp_path / "s") == [Status.TIMEOUT] * 3
    assert json.loads(boxwright("status", "s", "--json").stdout)["reason"] == ""
    wrong = boxwright("run", scenario, "--study", "t", "--set", "optimizer.target=nan")
    assert (wrong.returncode, (tmp_path / "t").exists()) == (2, False)
    assert "optimizer.target: nan is not finite" in wrong.stderr
