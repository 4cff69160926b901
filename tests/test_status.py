"""``status``: a study counts as through only when all that was asked for has an outcome."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boxwright as library
from support import RunBoxwright, Running

WAITING = (
    'test -e "$BOXWRIGHT_STUDY/fast" || sleep 5; echo "Result of algorithm run: SUCCESS, 0.1, 1, $BOXWRIGHT_TRIAL, 0"'
)


def state_of(study: Path) -> tuple[Any, ...]:
    found = library.status(study)
    return found["state"], found["settled"], found["target"]


def test_status_counts_to_what_the_study_was_asked_for(
    make_scenario: Callable[..., Path], start: Callable[..., Running], boxwright: RunBoxwright, no_process_left: None
) -> None:
    running = start(make_scenario(WAITING), "--slots", "2", "--runs", "8")
    running.wait_for_runs(2)
    assert state_of(running.study) == ("running", 0, 8)
    assert boxwright("stop", running.study, "--now").returncode == 0
    assert running.end()[0] == 130
    assert state_of(running.study) == ("interrupted", 0, 8)
    told = boxwright("status", running.study)
    assert "trials: 0 of 8 settled, 0 without an answer\n" in told.stdout
    assert told.stdout.endswith(f"interrupted; continue with: boxwright resume {running.study}\n")
    (running.study / "fast").touch()
    assert boxwright("resume", running.study).returncode == 0
    assert state_of(running.study) == ("finished", 8, 8)
    assert "continue with" not in boxwright("status", running.study).stdout


def test_status_of_a_study_whose_controller_was_killed_is_interrupted(
    make_scenario: Callable[..., Path], start: Callable[..., Running], boxwright: RunBoxwright, no_process_left: None
) -> None:
    running = start(make_scenario(WAITING), "--slots", "2")
    running.wait_for_runs(2)
    running.process.send_signal(signal.SIGKILL)
    running.end()
    text = boxwright("status", running.study).stdout
    assert "trials: 0 of 4 settled" in text
    assert "interrupted, with 2 runs under way that nobody looks after; continue with: boxwright resume" in text
    assert json.loads(boxwright("status", running.study, "--json").stdout)["state"] == "interrupted"
    (running.study / "fast").touch()
    assert boxwright("resume", running.study, "--slots", "2").returncode == 0
    assert state_of(running.study) == ("finished", 4, 4)


def test_status_of_a_study_that_a_run_has_ended_says_so(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    abort = 'echo "Result of algorithm run: ABORT, 0, 0, 0, 0"'
    boxwright("run", make_scenario(abort), "--study", "s", "--slots", "1")
    assert state_of(tmp_path / "s") == ("aborted", 1, 4)
    assert "a run asked for the study to stop; continue with: boxwright resume" in boxwright("status", "s").stdout


def test_status_is_finished_when_a_small_space_has_nothing_left(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    space = 'x = { type = "categorical", choices = ["a", "b"] }'
    boxwright("run", make_scenario(space=space, design='[design]\nkind = "grid"\n'), "--study", "s")
    assert state_of(tmp_path / "s") == ("finished", 2, 2)
