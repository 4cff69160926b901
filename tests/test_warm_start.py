"""An optimizer that is told of runs of elsewhere: earlier studies, and CSV files."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.store.database import Store
from support import RunBoxwright, Running

pytestmark = pytest.mark.usefixtures("no_process_left")

QUALITY = 'x=${1#--x=}; echo "Result of algorithm run: SUCCESS, 0.1, 1, $x, 0"'  # the parameter itself
GRID = '[design]\nkind = "grid"\nlevels = { x = [0.125, 0.25, 0.5, 1.0] }\n'
OPTIMIZER = "[optimizer]\nruns = {runs}\nseeds = 1\nwarm_start = {sources}\n"
MAXIMIZE = '[study]\nobjective = { direction = "maximize" }\n'


def optimizer(*sources: str, runs: int = 1) -> str:
    return OPTIMIZER.format(runs=runs, sources=json.dumps(sources))


def configs(study: Path) -> list[dict[str, object]]:
    with Store(study) as store:
        return [dict(run.config) for run in store.runs()]


@pytest.fixture
def earlier(make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path) -> Path:
    """Return a study with four runs, x = quality = 0.125, 0.25, 0.5, 1."""
    assert boxwright("run", make_scenario(QUALITY, design=GRID, name="earlier"), "--study", "first").returncode == 0
    return tmp_path / "first"


def taken_over(boxwright: RunBoxwright, scenario: Path) -> str:
    """Return what ``check`` says would be taken over."""
    done = boxwright("check", scenario)
    assert (done.returncode, done.stderr) == (0, "")
    return "\n".join(re.findall(r"^warm start: (.*)$", done.stdout, re.MULTILINE))


def refusal(boxwright: RunBoxwright, scenario: Path, tmp_path: Path) -> str:
    done = boxwright("run", scenario, "--study", "s")
    assert done.returncode == 2, done.stderr
    assert not list(tmp_path.glob("*s*/scenario.toml.new")), done.stderr
    assert not (tmp_path / "s").exists()
    (line,) = done.stderr.splitlines()
    return line


@pytest.mark.parametrize(("more", "best"), [("", 0.125), (MAXIMIZE, 1.0)])
def test_best_earlier_configuration_runs_first_and_all_are_in_the_model(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, earlier: Path, tmp_path: Path, more: str, best: float
) -> None:
    scenario = make_scenario(QUALITY, design=optimizer("../first", runs=2), more=more)
    done = boxwright("run", scenario, "--study", "s")
    assert done.returncode == 0, done.stderr
    note = "warm start: 4 of 4 runs of ../first taken over"
    assert note in done.stderr.splitlines()
    log = (tmp_path / "s/study.log").read_text()
    assert f" {note}\n" in log
    first, second = configs(tmp_path / "s")
    assert first == {"x": best}
    # The default, 0.5, and all else of an initial design is known well enough: a model chose the second.
    assert second["x"] not in (0.125, 0.25, 0.5, 1.0)
    assert "seed 1: 1 own + 4 shared runs in the model" in log


def test_study_goes_on_with_what_it_was_told_when_the_earlier_one_is_gone(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, earlier: Path, tmp_path: Path
) -> None:
    scenario = make_scenario(QUALITY, design=optimizer(runs=1))
    assert boxwright("run", scenario, "--study", "s", "--warm-start", "first").returncode == 0
    shutil.rmtree(earlier)
    done = boxwright("resume", "s", "--runs", "2")
    assert done.returncode == 0, done.stderr
    assert "seed 1: 1 own + 4 shared runs in the model" in (tmp_path / "s/study.log").read_text()
    kept = (tmp_path / "s/warm_start.jsonl").read_text().splitlines()
    assert [json.loads(line)["quality"] for line in kept] == [0.125, 0.25, 0.5, 1.0]
    (tmp_path / "s/warm_start.jsonl").write_text(f"{kept[0]}\n{{}}\n")
    broken = boxwright("resume", "s", "--runs", "3")
    assert broken.returncode == 2
    assert f"{tmp_path}/s/warm_start.jsonl:2: is no run that the study kept" in broken.stderr
    (tmp_path / "s/warm_start.jsonl").unlink()
    assert "warm_start.jsonl: cannot be read: No such file" in boxwright("resume", "s", "--runs", "3").stderr


def test_earlier_study_may_be_running(
    make_scenario: Callable[..., Path], start: Callable[..., Running], boxwright: RunBoxwright
) -> None:
    waiting = f'test "$BOXWRIGHT_TRIAL" -lt 3 || exec sleep 600; {QUALITY}'
    running = start(make_scenario(waiting, design=GRID, name="earlier"), "--slots", "1")
    running.wait_for_runs(3)
    scenario = make_scenario(QUALITY, design=optimizer(str(running.study)))
    assert taken_over(boxwright, scenario) == f"2 of 2 runs of {running.study} taken over"
    assert boxwright("stop", running.study, "--now").returncode == 0
    assert running.end()[0] == 130


def test_finite_space_is_run_whole_the_known_ones_last(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    (tmp_path / "runs.csv").write_text("x,cost\n1,1\n2,2\n3,3\n")
    scenario = make_scenario(
        QUALITY, space='x = { type = "int", lower = 1, upper = 4 }\n', design=optimizer("../runs.csv", runs=9)
    )
    assert boxwright("run", scenario, "--study", "s").returncode == 0
    assert [config["x"] for config in configs(tmp_path / "s")] == [1, 4, 2, 3]


def test_runs_that_are_none_of_this_space_are_passed_over_and_counted(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, earlier: Path
) -> None:
    narrow = 'x = { type = "float", lower = 0.2, upper = 0.6 }\n'
    scenario = make_scenario(space=narrow, design=optimizer("../first"))
    reason = "x = 0.125, but it must be a number from 0.2 to 0.6"
    assert taken_over(boxwright, scenario) == f"2 of 4 runs of ../first taken over; 2 not, the first because {reason}"
    without = make_scenario(space=narrow.replace("x", "y"), design=optimizer("../first"))
    done = boxwright("check", without)
    assert done.returncode == 2
    why = "4 runs, none of which can be taken over, the first because x is no parameter here."
    assert done.stderr == f"boxwright: ../first: {why}\n"


def test_parameter_that_an_earlier_study_did_not_have_takes_its_default_where_it_is_active(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, earlier: Path, tmp_path: Path
) -> None:
    space = (
        'x = { type = "float", lower = 0, upper = 1 }\n'
        'y = { type = "float", lower = 0, upper = 1, default = 0.25, when = "x < 0.4" }\n'
    )
    scenario = make_scenario(QUALITY, space=space, design=optimizer("../first"))
    assert taken_over(boxwright, scenario).endswith("; not in there, so taken as the default: y = 0.25")
    assert boxwright("run", scenario, "--study", "s").returncode == 0
    kept = [json.loads(line)["config"] for line in (tmp_path / "s/warm_start.jsonl").read_text().splitlines()]
    assert kept == [{"x": 0.125, "y": 0.25}, {"x": 0.25, "y": 0.25}, {"x": 0.5}, {"x": 1.0}]


def test_study_of_another_objective_is_taken_only_if_its_runs_report_this_one(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    script = 'printf "loss\\t0.5\\nacc\\t0.75\\n"'
    loss = '[study]\nobjective = { metric = "loss" }\n[parse]\ntab = true\n'
    assert boxwright("run", make_scenario(script, more=loss, name="earlier"), "--study", "first").returncode == 0
    acc = '[study]\nobjective = { metric = "acc", direction = "maximize" }\n[parse]\ntab = true\n'
    scenario = make_scenario(design=optimizer("../first"), more=acc)
    assert taken_over(boxwright, scenario) == "4 of 4 runs of ../first taken over"
    other = make_scenario(design=optimizer("../first"), more=acc.replace("acc", "auc"))
    assert 'the first because it reports loss, but no "auc".' in refusal(boxwright, other, tmp_path)


def test_runs_on_several_instances_are_one_for_the_model(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    script = 'x=${1#--x=}; echo "Result of algorithm run: SUCCESS, 0.1, 1, $BOXWRIGHT_INSTANCE, 0"'
    instances = '[instances]\nnames = ["1", "4"]\n'
    design = "[optimizer]\nruns = 4\nseeds = 1\n"
    assert boxwright("run", make_scenario(script, design=design, more=instances), "--study", "first").returncode == 0
    scenario = make_scenario(script, design=optimizer("../first", runs=2), more=instances, name="second")
    done = boxwright("run", scenario, "--study", "s")
    assert "warm start: 4 of 4 runs of ../first taken over, as 2 configurations" in done.stderr.splitlines()
    kept = [json.loads(line) for line in (tmp_path / "s/warm_start.jsonl").read_text().splitlines()]
    assert [run["quality"] for run in kept] == [2.5, 2.5]


def test_csv_tells_failures_by_its_column_status(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    (tmp_path / "runs.csv").write_text("x;status;quality\n0.5;success;3\n0.75;crashed;\n0.9;lost;\n")
    scenario = make_scenario(QUALITY, design=optimizer("../runs.csv"), more=MAXIMIZE)
    done = boxwright("run", scenario, "--study", "s")
    assert "3 runs of ../runs.csv taken over; 1 not, the first because its status is LOST" in done.stderr
    kept = [json.loads(line) for line in (tmp_path / "s/warm_start.jsonl").read_text().splitlines()]
    assert [(run["status"], run["quality"], run["config"]) for run in kept] == [
        ("SUCCESS", 3.0, {"x": 0.5}),
        ("CRASHED", None, {"x": 0.75}),
    ]


def test_results_csv_of_a_study_is_a_table_of_runs(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, earlier: Path
) -> None:
    scenario = make_scenario(design=optimizer("../first/results.csv"))
    assert taken_over(boxwright, scenario) == "4 of 4 runs of ../first/results.csv taken over"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("x,qualty\n1,1\n", '../runs.csv:1: no parameter or metric "qualty". Did you mean "quality"?'),
        ("x\n1\n", "../runs.csv:1: no column for what came out. Name it quality or cost."),
        ("x,cost,x\n1,1,1\n", '../runs.csv:1: two columns are named "x". Drop one of them.'),
        ("x,cost\n", "../runs.csv: there is a header but no row below it."),
        ("x,cost\n1\n", "../runs.csv:2: 1 cell, but the header has 2 columns."),
        ("x,cost\n1,nan\n", '../runs.csv:2: cost = "nan", but it must be a finite number. Name failures in a column'),
        ("x,cost,status\n1,1,SUCESS\n", '../runs.csv:2: no status "SUCESS". Did you mean "SUCCESS"?'),
        ("x,cost\n,1\n", "../runs.csv: one run, none of which can be taken over, the first because the cell of x is"),
        ("x,cost\n\xff,1\n", "../runs.csv:2: byte 0xff is no UTF-8 text."),
        (None, 'optimizer.warm_start: there is no study and no file "../runs.csv"'),
        ("folder", 'optimizer.warm_start: "../runs.csv" is a folder, but no study: it holds no scenario.toml and'),
    ],
)
def test_source_that_is_no_table_of_runs_is_refused_in_one_line(
    make_scenario: Callable[..., Path],
    boxwright: RunBoxwright,
    tmp_path: Path,
    content: str | None,
    message: str,
) -> None:
    if content == "folder":
        (tmp_path / "runs.csv").mkdir()
    elif content is not None:
        (tmp_path / "runs.csv").write_bytes(content.encode("latin-1"))
    assert message in refusal(boxwright, make_scenario(design=optimizer("../runs.csv")), tmp_path)


@pytest.mark.parametrize("name", ["study.db", "space.json", "scenario.toml"])
def test_damaged_study_is_refused_in_one_line(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, earlier: Path, tmp_path: Path, name: str
) -> None:
    (earlier / name).write_bytes(b"\xff" * 5000)
    line = refusal(boxwright, make_scenario(design=optimizer("../first")), tmp_path)
    assert name in line


def test_design_looks_at_no_earlier_runs(make_scenario: Callable[..., Path], boxwright: RunBoxwright) -> None:
    done = boxwright("run", make_scenario(), "--warm-start", "first")
    assert (done.returncode, done.stderr) == (
        2,
        "boxwright: --warm-start: a design does not look at earlier runs. Leave it out.\n",
    )
