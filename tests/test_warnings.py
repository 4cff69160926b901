"""What is no mistake but probably not meant is said before the first run."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support import RunBoxwright

pytestmark = pytest.mark.usefixtures("no_process_left")
UNUSED = "parameter that no template, flag or file uses: x"


def test_run_warns_of_what_check_warns_of(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    scenario = make_scenario()
    words = (scenario, "--set", "command.flags=none")
    line = f"warning: {scenario}: {UNUSED}\n"
    assert boxwright("check", *words).stderr == line
    done = boxwright("run", *words, "--study", "s")
    assert done.returncode == 0
    assert done.stderr.startswith(line)
    assert f"warning: {scenario}: {UNUSED}" in (tmp_path / "s/study.log").read_text()
    assert UNUSED not in boxwright("resume", "s").stderr


def test_run_on_a_terminal_warns_before_the_display_opens(make_scenario: Callable[..., Path], tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "boxwright", "run", str(make_scenario()), "--set", "command.flags=none"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                more = os.read(ours, 4096)
            except OSError:  # the other end has gone
                break
            shown += more
        os.close(ours)
    assert process.returncode == 0
    assert shown.replace(b"\r\n", b"").startswith(b"warning: ")


def test_fewer_rows_than_runs_asked_for_are_said(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    scenario = make_scenario(design='[design]\nkind = "csv"\nfile = "d.csv"\n')
    (scenario.parent / "d.csv").write_text("x\n0.5\n0.25\n0.125\n1\n")
    line = f"warning: {scenario}: 4 rows: 4 runs, not the 10 asked for"
    assert line in boxwright("check", scenario, "--set", "design.runs=10").stderr
    done = boxwright("run", scenario, "--study", "s", "--runs", "10")
    assert (done.returncode, line in done.stderr.splitlines()) == (0, True)
    done = boxwright("resume", "s", "--runs", "11")
    assert (done.returncode, "4 rows: 4 runs, not the 11 asked for" in done.stderr) == (0, True)
    grid = make_scenario(design='[design]\nkind = "grid"\nruns = 9\n')
    assert "3 configurations: 3 runs, not the 9 asked for" in boxwright("check", grid).stderr
    assert boxwright("check", grid, "--set", "design.runs=3").stderr == ""


@pytest.mark.parametrize(
    ("forbidden", "more", "note"),
    [
        ("", "", "4 configurations: 4 runs, not the 20 asked for"),
        ('forbidden = ["{a=2}"]\n', "", "3 configurations: 3 runs, not the 20 asked for"),
        ('forbidden = ["{a=2}", "{c=4}", "{c=5}"]\n', "", "1 configuration: 1 run, not the 20 asked for"),
        ('forbidden = ["{a=2}"]\n', "[study]\nnoisy = true\n", "3 configurations: 9 runs, not the 20 asked for"),
    ],
)
def test_optimizer_of_a_finite_space_counts_what_is_active_and_not_forbidden(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, forbidden: str, more: str, note: str
) -> None:
    space = f"{forbidden}a = {{ type = 'ordinal', sequence = [1, 2] }}\n"
    space += "c = { type = 'ordinal', sequence = [3, 4, 5], when = 'a in {1}' }\n"
    scenario = make_scenario(space=space, design="[optimizer]\nruns = 20\n", more=more)
    assert boxwright("check", scenario).stderr == f"warning: {scenario}: {note}\n"
