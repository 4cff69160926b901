"""What SMAC v2's users read of a validation: its five files, cell by cell, and trajectories taken up."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxwright.errors import ScenarioError
from boxwright.store.smac2.read_trajectory import read_trajectory, trajectory_entries
from smac2_support import make_smac2
from support import RunBoxwright

pytestmark = pytest.mark.usefixtures("no_process_left")

NAMES = ("Results", "CallStrings", "PerformanceDebug", "ObjectiveMatrix", "RunResultLineMatrix")
# Takes x seconds, and does not solve the instance "hard" within the cutoff of 5 s unless x is small.
WRAPPER = """
instance=$1; while [ "$1" != -x ]; do shift; done
if [ "$instance" = "so hard" ] && [ "$2" != 0.25 ]; then echo "Result for SMAC: TIMEOUT, 5, 0, 0, 0"
else echo "Result for SMAC: SAT, $2, 0, 0, 0, model found"; fi
"""
LINES = ("run_obj = RUNTIME", "cutoff_time = 5", "instances = instances.txt", "test-instances = tests.txt")
PLACES = ("outdir = out", "rungroup = r", "seed = 7", "validate-all = true", "deterministic = 0")
BEGUN = (
    "initial-challengers = -x '0.75' -c 'b'",
    "initial-challengers = -x '0.25'",
    "runcount_limit = 3",
    "max-incumbent-runs = 1",
)


def rows(folder: Path, name: str, base: str = "traj-run-7") -> list[list[str]]:
    with (folder / f"validation{name}-{base}-walltime.csv").open(newline="") as file:
        return list(csv.reader(file))


@pytest.fixture(scope="module")
def validated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a study whose incumbents, x = 0.5 and then 0.25, were validated at its end."""
    import os

    import boxwright

    folder = tmp_path_factory.mktemp("validated")
    file = make_smac2(
        folder / "s",
        *LINES,
        *PLACES,
        *BEGUN,
        script=WRAPPER,
        instances="a\n",
        pcs="x real [0, 1] [0.5]\nc {a, b} [a]\n",
    )
    (folder / "s" / "tests.txt").write_text('3,a,0\n3,"so hard",SAT\n4,"so hard",SAT\n')
    before = Path.cwd()
    os.chdir(folder)
    try:
        study, _ = boxwright.run(file)
        boxwright.validate(study)
    finally:
        os.chdir(before)
    return study


def test_validation_leaves_the_files_of_smac_v2_cell_by_cell(validated: Path) -> None:
    first, second = "-c 'a' -x '0.5'", "-c 'a' -x '0.25'"
    assert rows(validated, "CallStrings") == [
        ["Validation Configuration ID", "Configuration ", "Sample Call String"],
        ["1", first, f"./wrapper.sh a 0 5.0 2147483647 3 {first}"],
        ["2", second, f"./wrapper.sh a 0 5.0 2147483647 3 {second}"],
    ]
    assert rows(validated, "ObjectiveMatrix") == [
        ["Problem Instance", "Seed", "Objective of validation config #1", "Objective of validation config #2"],
        ["a", "3", "0.5", "0.25"],
        ["so hard", "3", "5.0", "0.25"],
        ["so hard", "4", "5.0", "0.25"],
    ]
    lines = [row[2:] for row in rows(validated, "RunResultLineMatrix")[1:]]
    assert lines[1] == ["TIMEOUT, 5.0, -1.0, 0.0, 3", "SAT, 0.25, -1.0, 0.0, 3,model found"]
    assert [float(line.split(",")[1]) for line in lines[0]] == [0.5, 0.25]
    # What is averaged has the PAR score: 0.5, and 10 times 5 s.
    assert rows(validated, "PerformanceDebug") == [
        ["Validation Configuration ID:1", "Instance", "OverallObjective", "Run #1", "Run #2"],
        ["", "a", "0.5", "0.5"],
        ["", "so hard", "50.0", "5.0", "5.0"],
        ["", "Overall Objective On Test Set", "25.25"],
        ["Validation Configuration ID:2", "Instance", "OverallObjective", "Run #1", "Run #2"],
        ["", "a", "0.25", "0.25"],
        ["", "so hard", "0.25", "0.25", "0.25"],
        ["", "Overall Objective On Test Set", "0.25"],
    ]
    head, *results = rows(validated, "Results")
    names = ["Time", "Training (Empirical) Performance", "Test Set Performance", "AC Overhead Time"]
    assert head == [*names, "Validation Configuration ID", ""]
    assert [row[1:] for row in results] == [["0.5", "25.25", "0.0", "1", ""], ["0.25", "0.25", "0.0", "2", ""]]
    # The moments are those of the trajectory.
    moments = [entry.wall_s for entry in read_trajectory(validated / "traj-run-7.txt", "t")]
    assert [float(row[0]) for row in results] == pytest.approx([moments[1], moments[2]])


def test_export_writes_the_validation_of_a_study_too(
    validated: Path, boxwright: RunBoxwright, tmp_path: Path
) -> None:
    done = boxwright("export", validated, "--to", "smac2", "--out", tmp_path / "exported")
    assert done.returncode == 0, done.stderr
    for name in NAMES:
        assert rows(tmp_path / "exported", name) == rows(validated, name)


def test_trajectory_of_smac_v2_is_validated_as_one_of_the_study(
    validated: Path, boxwright: RunBoxwright, tmp_path: Path
) -> None:
    file = tmp_path / "traj-run-99.txt"
    file.write_text((validated / "traj-run-7.txt").read_text().replace("x='0.5'", "x='1.0'"))
    done = boxwright("validate", validated, "--trajectory-files", file, "--incumbents", "last", "--json")
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    assert (found["config"], found["quality"]) == ({"x": 0.25, "c": "a"}, 0.25)
    assert found["label"].startswith("traj-run-99.txt:5 from ")
    assert len(rows(validated, "Results", "traj-run-99")) == 2
    every = boxwright(
        "validate", validated, "--trajectory-files", file, "--configuration", "-x '0.25' -c 'b'", "--json"
    )
    assert [each["config"]["x"] for each in json.loads(every.stdout)] == [1.0, 0.25, 0.25]
    listed = [(float(row[1]), row[4]) for row in rows(validated, "Results", "traj-run-99")[1:]]
    # As there: the first row has no performance yet, and the last incumbent stands again at the end.
    assert listed == [(pytest.approx(1.7976931348623157e308), "1"), (0.5, "1"), (0.25, "2"), (0.25, "2")]
    (given_,) = rows(validated, "Results", "cli-7")[1:]
    assert (given_[0], math.isnan(float(given_[1])), given_[2]) == ("0.0", True, "0.25")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("1.0, 2.0", "t.txt:2: 1.0, 2.0 is no incumbent. A line is: CPU time, performance, "),
        ("1.0, 2.0, NaN, 1, 0.0, x='1'", "is no incumbent"),
        ("1.0, 2.0, x, 1, 0.0, x='1'", "is no incumbent"),
        ("1.0, 2.0, 3.0, 1, 0.0, x=1", "t.txt:2: "),
        ("1.0, 2.0, 3.0, 1, 0.0, x='2'", "t.txt:2: "),
        ("", "t.txt: holds no incumbent"),
    ],
)
def test_file_that_is_no_trajectory_is_refused_with_its_line(
    validated: Path, boxwright: RunBoxwright, tmp_path: Path, line: str, problem: str
) -> None:
    (tmp_path / "t.txt").write_text(f'"CPU Time Used"\n{line}\n')
    done = boxwright("validate", validated, "--trajectory-files", tmp_path / "t.txt")
    assert done.returncode == 2
    assert problem in done.stderr
    assert done.stderr.count("\n") == 1


@given(st.text() | st.text("0123456789.,eE-+' x=\"\n\0"))
@settings(max_examples=60)
def test_any_text_is_a_trajectory_or_an_error(text: str) -> None:
    said = "t"
    try:
        assert all(math.isfinite(entry.wall_s) for entry in trajectory_entries(text, "t"))
    except ScenarioError as error:
        said = str(error)
    assert "\n" not in said
