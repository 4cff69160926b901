"""``show`` and ``tail``: one run, under way or over."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import boxwright as library
from support import RunBoxwright, Running

WAITING = 'echo "trial $BOXWRIGHT_TRIAL"; test -e "$BOXWRIGHT_STUDY/fast" || sleep 4; exit 3'
pytestmark = pytest.mark.usefixtures("no_process_left")


def test_show_says_how_and_when_a_run_was_started(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    boxwright("run", make_scenario("exit 3", space='x = { type = "constant", value = "two words" }'), "--study", "s")
    text = boxwright("show", "s", "1").stdout
    assert f"\ncommand: {tmp_path}/scenario/run.sh '--x=two words'\n" in text
    assert re.search(r"\nstarted: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d\n", text)
    assert re.search(r"\ntime: 0\.\d\d s wall, 0\.\d\d s CPU; memory: \d+\.\d .iB\n", text)
    assert "metrics:" not in text
    (tmp_path / "s/runs/000/000001/run.json").write_text("[")
    assert "command:" not in boxwright("show", "s", "1").stdout


def test_show_of_a_run_under_way_has_no_blanks_and_tail_without_a_number_takes_the_newest(
    make_scenario: Callable[..., Path], start: Callable[..., Running], boxwright: RunBoxwright
) -> None:
    running = start(make_scenario(WAITING), "--slots", "2", "--runs", "2")
    running.wait_for_runs(2)
    text = boxwright("show", running.study, "1").stdout
    assert re.search(r"\ntime: \d\.\d\d s so far\n", text)
    assert "metrics:" not in text
    newest = boxwright("tail", running.study, "-f")
    assert (newest.returncode, newest.stdout) == (0, "trial 2\n")
    assert b"".join(library.tail(running.study)) == b"trial 2\n"
    running.end()


def test_package_lists_its_public_names() -> None:
    assert set(library.__all__) <= set(dir(library))
