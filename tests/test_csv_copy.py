"""The rows of a CSV design are kept in the study: it can be taken up whatever becomes of the file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support import RunBoxwright

pytestmark = pytest.mark.usefixtures("no_process_left")

CSV = '[design]\nkind = "csv"\nfile = "points.csv"\n'
ROWS = "x\n0.25\n0.5\n"


@pytest.fixture
def points(make_scenario: Callable[..., Path], boxwright: RunBoxwright) -> Path:
    """Return the CSV file of a study ``s`` whose second row is yet to run."""
    scenario = make_scenario(design=CSV)
    points = scenario.parent / "points.csv"
    points.write_text(ROWS)
    assert boxwright("run", scenario, "--study", "s", "--runs", "1").returncode == 0
    return points


def go_on(boxwright: RunBoxwright, *words: str) -> tuple[list[float], str]:
    """Resume the study; return the x of all its runs, and what was said."""
    done = boxwright("resume", "s", *words)
    assert done.returncode == 0, done.stderr
    records = json.loads(boxwright("results", "s", "--json").stdout)
    return [record["config"]["x"] for record in sorted(records, key=lambda record: record["run"])], done.stderr


def test_rows_added_at_the_end_are_taken_up_and_kept(points: Path, boxwright: RunBoxwright, tmp_path: Path) -> None:
    points.write_text(f"{ROWS}0.75\n")
    assert go_on(boxwright, "--runs", "3")[0] == [0.25, 0.5, 0.75]
    assert (tmp_path / "s" / "design.csv").read_text() == f"{ROWS}0.75\n"


def test_study_goes_by_its_own_copy_where_rows_were_changed(points: Path, boxwright: RunBoxwright) -> None:
    points.write_text("x\n0.25\n0.125\n0.75\n")
    found, said = go_on(boxwright, "--runs", "3")
    assert found == [0.25, 0.5]
    assert "points.csv: rows that the study has were changed; it goes by its own copy, design.csv." in said


def test_study_goes_on_without_its_file(points: Path, boxwright: RunBoxwright) -> None:
    points.unlink()
    found, said = go_on(boxwright, "--runs", "2")
    assert found == [0.25, 0.5]
    assert "points.csv: No such file or directory; the study goes by its own copy, design.csv" in said


def test_added_rows_that_are_wrong_leave_the_copy_as_it_was(
    points: Path, boxwright: RunBoxwright, tmp_path: Path
) -> None:
    points.write_text(f"{ROWS}7\n")
    assert boxwright("resume", "s", "--runs", "3").returncode == 2
    assert (tmp_path / "s" / "design.csv").read_text() == ROWS
    points.write_text(f"{ROWS}1\n")
    assert go_on(boxwright, "--runs", "3")[0] == [0.25, 0.5, 1.0]


def test_study_goes_on_without_its_parameter_file(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright
) -> None:
    scenario = make_scenario(space='file = "space.pcs"\n')
    (scenario.parent / "space.pcs").write_text("x real [0, 1] [0.5]\n")
    assert boxwright("run", scenario, "--study", "s").returncode == 0
    (scenario.parent / "space.pcs").unlink()
    assert len(go_on(boxwright, "--runs", "5")[0]) == 5
