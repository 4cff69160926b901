"""Tables and progress on a terminal of 80 columns: no cell is broken, and what is left out is said."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from support import RunBoxwright

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
NAMES = ("learning_rate", "momentum", "weight_decay", "dropout", "label_smoothing", "warmup", "clip")
SPACE = "".join(f'{name} = {{ type = "float", lower = 0.001, upper = 1 }}\n' for name in NAMES)
pytestmark = pytest.mark.usefixtures("no_process_left")


def terminal(*words: str | Path, columns: int = 80) -> pexpect.spawn[str]:
    arguments = ["-m", "boxwright", *map(str, words)]
    environment = {**os.environ, "TERM": "xterm-256color"}  # rich takes a dumb terminal for one of 80 columns
    environment.pop("COLUMNS", None)
    return pexpect.spawn(
        sys.executable, arguments, env=environment, encoding="utf-8", timeout=180, dimensions=(40, columns)
    )


def shown(*words: str | Path, columns: int = 80) -> list[str]:
    child = terminal(*words, columns=columns)
    child.expect(pexpect.EOF)
    child.close()
    return ESCAPES.sub("", child.before or "").splitlines()


@pytest.fixture
def study(make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path) -> Path:
    folder = tmp_path / "s"
    done = boxwright("run", make_scenario(space=SPACE), "--study", folder, "--runs", "12")
    assert done.returncode == 0, done.stderr
    return folder


def test_table_on_a_narrow_terminal_leaves_parameters_out_and_says_how_many(study: Path) -> None:
    lines = shown("results", study)
    header = lines[0].split()
    assert header[:2] == ["run", NAMES[0]]
    assert header[-3:] == ["quality", "status", "time"]
    kept = len(header) - 4
    assert 0 < kept < len(NAMES)
    assert f"… {len(NAMES) - kept} more columns: --csv or --json shows all" in [line.strip() for line in lines]
    rows = lines[1:13]
    assert [row.split()[0] for row in rows] == [str(run) for run in range(1, 13)]
    assert all("SUCCESS" in row and len(row.rstrip()) <= 80 for row in rows)


def test_table_on_a_wide_terminal_shows_all_columns(study: Path) -> None:
    lines = shown("results", study, columns=200)
    assert lines[0].split() == ["run", *NAMES, "quality", "status", "time"]
    assert not any("more column" in line for line in lines)


def test_digits_are_shortened_before_a_column_goes(study: Path) -> None:
    lines = shown("results", study, columns=112)
    assert lines[0].split() == ["run", *NAMES, "quality", "status", "time"]
    cells = [cell for line in lines[1:13] for cell in line.split()[1:8]]
    assert max(len(cell.lstrip("0.")) for cell in cells) == 4


def test_incumbent_is_wrapped_at_blanks_only(study: Path) -> None:
    lines = shown("results", study)
    first = next(index for index, line in enumerate(lines) if line.startswith("incumbent: "))
    words = " ".join(lines[first:]).split()
    assert all(len(line) <= 80 for line in lines[first:])
    assert [word.partition("=")[0] for word in words if "=" in word] == list(NAMES)


def test_run_ends_with_the_twenty_best_runs_the_best_first(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    script = 'echo "Result of algorithm run: SUCCESS, 0.1, 1, $((30 - BOXWRIGHT_TRIAL)), 0"'
    done = boxwright("run", make_scenario(script), "--study", "s", "--runs", "22", "--slots", "1")
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[1:-2]] == [str(run) for run in range(22, 2, -1)]
    assert f"the best 20 of 22 runs; all: boxwright results {tmp_path / 's'}" in done.stderr.splitlines()


def test_display_says_that_it_is_stopping_when_told_so_elsewhere(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    child = terminal("run", make_scenario("sleep 3", space=SPACE), "--study", tmp_path / "s", "--slots", "1")
    child.expect("learning_rate=")
    assert boxwright("stop", tmp_path / "s").returncode == 0
    child.expect("told to stop: no new runs; waiting for those under way")
    child.expect("0/4 runs.*stopping")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130


@pytest.mark.slow
def test_idle_slot_says_that_a_configuration_is_being_proposed(
    make_scenario: Callable[..., Path], tmp_path: Path
) -> None:
    optimizer = "[optimizer]\nruns = 3\ninitial = 2\nseeds = 1\n"
    child = terminal("run", make_scenario(design=optimizer), "--study", tmp_path / "s", "--slots", "1")
    child.expect("proposing …")
    child.expect("3/3 runs")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
