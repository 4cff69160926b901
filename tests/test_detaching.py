"""``run --detach`` and ``status -f``: a study that goes on by itself, and the command that follows it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

import boxwright as library
from boxwright.commands.detaching import LOG
from boxwright.commands.following import follow
from boxwright.errors import UserError
from execute_support import wait_until
from support import RunBoxwright

WAITING = (
    'until test -e "$BOXWRIGHT_STUDY/go"; do sleep 0.05; done; '
    'echo "Result of algorithm run: SUCCESS, 0.1, 1, $BOXWRIGHT_TRIAL, 0"'
)
pytestmark = pytest.mark.usefixtures("no_process_left")


def test_detached_study_goes_on_by_itself_and_is_followed_to_its_end(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    done = boxwright("run", make_scenario(WAITING), "--study", "s", "--slots", "2", "--runs", "3", "--detach")
    assert done.returncode == 0, done.stderr
    study = tmp_path / "s"
    assert done.stdout == f"study: {study}\n"
    assert f"follow it with: boxwright status -f {study}\n" in done.stderr
    wait_until(lambda: len(library.status(study)["running"]) == 2)
    (study / "go").touch()
    said: list[str] = []
    state = follow(study, said.append, pause_s=0.05)
    assert (state["state"], state["settled"]) == ("finished", 3)
    assert said[-1] == "3 of 3 trials settled, best 1, finished"
    followed = boxwright("status", "-f", study)
    assert followed.stdout.endswith(" 3 of 3 trials settled, best 1, finished\n")
    assert "run 3: SUCCESS" in (study / LOG).read_text()


def test_detached_study_is_stopped_like_any_other(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    study = library.detach(make_scenario(WAITING), study=tmp_path / "s")
    wait_until(lambda: library.status(study)["running"])
    assert boxwright("stop", study, "--now").returncode == 0
    assert follow(study, lambda _: None, pause_s=0.05)["state"] == "interrupted"


def test_mistake_is_told_before_anything_goes_on_by_itself(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    done = boxwright("run", make_scenario(more="[slots]\ncunt = 2\n"), "--study", "s", "--detach")
    assert done.returncode == 2
    assert 'Did you mean "count"?' in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "s").exists()


def test_controller_that_ends_at_once_is_told(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import sys

    false = tmp_path / "python"
    false.write_text(f"#!/bin/sh\nkill -{int(signal.SIGKILL)} $$\n")
    false.chmod(0o755)
    monkeypatch.setattr(sys, "executable", os.fspath(false))
    done = boxwright("run", make_scenario(), "--study", "s", "--detach")
    assert "the controller ended at once, with exit code -9" in done.stderr


def test_following_what_is_no_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no study"):
        follow(tmp_path / "s", lambda _: None)
