"""What people script against: results, status, show, tail, archive, init, schema, doctor."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

import boxwright as library
from support import RunBoxwright

SCRIPT = """
echo "hello from trial $BOXWRIGHT_TRIAL"
echo "a warning" >&2
echo "Test error: 0.$BOXWRIGHT_TRIAL"
test "$BOXWRIGHT_TRIAL" = 3 && exit 7
echo "Result of algorithm run: SUCCESS, 0.25, 1, $BOXWRIGHT_TRIAL, 0, some text"
"""
MORE = """
[parse]
result_line = true
regex = { test_error = 'Test error: ([0-9.]+)' }
[slots]
gpu_ids = ["7"]
gpus = 1
"""


@pytest.fixture(scope="module")
def finished(make_shared_scenario: Callable[..., Path]) -> Path:
    """A study of four runs of which the third has crashed."""
    scenario = make_shared_scenario(SCRIPT, more=MORE)
    return library.run(scenario, study=scenario.parent.parent / "study")[0]


@pytest.fixture
def study(finished: Path, tmp_path: Path) -> Path:
    """A copy of that study."""
    return shutil.copytree(finished, tmp_path / "study")


def test_run_ends_with_the_table_the_incumbent_and_the_study(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    done = boxwright("run", make_scenario(SCRIPT, more=MORE), "--study", "s")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["run", "x", "quality", "test_error", "status", "time"]
    assert [line.split()[0] for line in lines[1:5]] == ["1", "2", "4", "3"]
    assert "CRASHED" in lines[4]
    assert lines[5].startswith("incumbent: run 1, quality 1, test_error 0.1: x=")
    assert lines[6] == f"study: {tmp_path / 's'}"
    assert "\x1b" not in done.stdout + done.stderr
    assert "run 3: CRASHED" in done.stderr


def test_results_as_json_keep_their_names_and_types(study: Path, boxwright: RunBoxwright) -> None:
    records: list[dict[str, Any]] = json.loads(boxwright("results", study, "--json").stdout)
    assert [record["run"] for record in records] == [1, 2, 3, 4]
    good, bad = records[0], records[2]
    wanted: dict[str, type | tuple[type, ...]] = {
        "run": int,
        "trial": int,
        "status": str,
        "quality": float,
        "cost": float,
        "metrics": dict,
        "config": dict,
        "instance": type(None),
        "seed": int,
        "optimizer_seed": type(None),
        "slot": int,
        "gpus": list,
        "started": float,
        "ended": float,
        "wall_s": float,
        "cpu_s": float,
        "max_rss_bytes": int,
        "exit_code": int,
        "reason": str,
        "folder": str,
    }
    assert wanted.keys() <= good.keys()
    assert {name: good[name] for name, kind in wanted.items() if not isinstance(good[name], kind)} == {}
    assert (good["status"], good["quality"], good["metrics"], good["gpus"]) == (
        "SUCCESS",
        1.0,
        {"quality": 1.0, "test_error": 0.1},
        ["7"],
    )
    assert 0 < good["started"] <= good["ended"]
    assert good["cpu_s"] >= 0
    assert good["max_rss_bytes"] > 0
    assert (bad["status"], bad["quality"], bad["cost"], bad["exit_code"]) == ("CRASHED", None, None, 7)
    assert "exit code 7" in bad["reason"]
    assert (Path(good["folder"]) / "stdout.log").is_file()


def test_results_are_sorted_and_filtered(study: Path, boxwright: RunBoxwright) -> None:
    def runs(*words: str) -> list[int]:
        return [record["run"] for record in json.loads(boxwright("results", study, "--json", *words).stdout)]

    assert runs("--sort", "-quality") == [4, 2, 1, 3]
    assert runs("--sort", "test_error", "--where", "status=SUCCESS") == [1, 2, 4]
    assert runs("--where", "quality>=2", "--where", "test_error<0.4") == [2]
    assert [record.run for record in library.results(study, sort="-quality")] == [4, 2, 1, 3]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--sort", "qualty"], '--sort: no parameter, metric or field "qualty". Did you mean "quality"?'),
        (["--where", "quality"], '--where: "quality" is no condition.'),
        (["--where", "y=1"], '--where: no parameter, metric or field "y". Known: x, quality, test_error, status,'),
    ],
)
def test_results_refuse_names_that_are_not_known(
    study: Path, boxwright: RunBoxwright, words: list[str], message: str
) -> None:
    done = boxwright("results", study, *words)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_results_as_csv_equal_the_file_in_the_study(study: Path, boxwright: RunBoxwright) -> None:
    printed = list(csv.DictReader(io.StringIO(boxwright("results", study, "--csv").stdout)))
    with (study / "results.csv").open(newline="") as file:
        kept = list(csv.DictReader(file))
    assert printed == kept
    assert [row["test_error"] for row in kept] == ["0.1", "0.2", "0.3", "0.4"]


def test_status_says_where_the_study_stands(study: Path, boxwright: RunBoxwright) -> None:
    state = json.loads(boxwright("status", study, "--json").stdout)
    assert (state["controller"], state["trials"], state["settled"], state["failed"]) == ("not running", 4, 4, 1)
    assert state["runs"] == {"CRASHED": 1, "SUCCESS": 3}
    assert state["incumbent"]["run"] == 1
    text = boxwright("status", study).stdout
    assert "4 of 4 settled, 1 without an answer" in text


def test_show_names_the_files_of_a_run(study: Path, boxwright: RunBoxwright) -> None:
    text = boxwright("show", study, "3").stdout
    assert "status: CRASHED: " in text
    assert "stdout.log" in text
    assert json.loads(boxwright("show", study, "3", "--json").stdout)["exit_code"] == 7
    missing = boxwright("show", study, "9")
    assert (missing.returncode, missing.stderr) == (2, f"boxwright: {study}: no run 9; there are 4 runs.\n")


def test_tail_prints_what_a_run_has_written(study: Path, boxwright: RunBoxwright) -> None:
    assert boxwright("tail", study, "2").stdout.startswith("hello from trial 2\n")
    assert boxwright("tail", study, "2", "--stderr", "-f").stdout == "a warning\n"


@pytest.mark.parametrize("name", ["a.tar.zst", "a.tar.gz", "a.zip"])
def test_archive_holds_the_best_runs(study: Path, boxwright: RunBoxwright, tmp_path: Path, name: str) -> None:
    (study / "runs/000/000001/leads-out").symlink_to("/etc/passwd")
    done = boxwright("archive", study, name, "--best", "2")
    path = tmp_path / name
    assert done.stdout == f"{path}\n"
    if name.endswith("zip"):
        with zipfile.ZipFile(path) as packed:
            names = packed.namelist()
    else:
        data = path.read_bytes()
        if name.endswith("zst"):
            data = zstandard.ZstdDecompressor().stream_reader(data).read()
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            names = tar.getnames()
    runs = {part.split("/")[3] for part in names if part.startswith("study/runs/")}
    assert runs == {"000001", "000002"}
    assert "study/results.csv" in names
    assert not any("leads-out" in part for part in names)
    again = boxwright("archive", study, name)
    assert (again.returncode, "exists already" in again.stderr) == (2, True)


def test_archive_refuses_a_suffix_it_does_not_know(study: Path, boxwright: RunBoxwright, tmp_path: Path) -> None:
    done = boxwright("archive", study, "a.rar")
    assert done.returncode == 2
    assert ".tar.zst, .tar.gz, .zip" in done.stderr
    assert not (tmp_path / "a.rar").exists()


def test_init_copies_a_scenario_that_checks(boxwright: RunBoxwright, tmp_path: Path) -> None:
    assert "branin" in boxwright("init").stdout
    done = boxwright("init", "branin", "mine")
    assert done.stdout == f"{tmp_path / 'mine'}\n"
    assert (tmp_path / "mine" / "scenario.toml").read_text().startswith("#:schema scenario.schema.json\n")
    assert json.loads((tmp_path / "mine" / "scenario.schema.json").read_text()) == json.loads(
        json.dumps(library.schema())
    )
    assert boxwright("check", "mine").returncode == 0
    again = boxwright("init", "branin", "mine")
    assert (again.returncode, "exists already" in again.stderr) == (2, True)
    unknown = boxwright("init", "brannin")
    assert 'Did you mean "branin"?' in unknown.stderr


def test_init_into_a_folder_that_cannot_be_written_leaves_nothing(boxwright: RunBoxwright, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = boxwright("init", "branin", "file/deep")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_check_shows_the_first_run_and_writes_nothing(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    before = sorted(tmp_path.rglob("*"))
    scenario = make_scenario()
    done = boxwright("check", scenario, "--set", "design.runs=7")
    assert done.returncode == 0, done.stderr
    assert "sound. 7 trials" in done.stdout
    assert "run.sh --x=" in done.stdout
    assert sorted(set(tmp_path.rglob("*")) - set(before)) == [
        scenario.parent,
        scenario.parent / "run.sh",
        scenario,
    ]


def test_schema_is_the_one_that_the_gallery_points_to(boxwright: RunBoxwright) -> None:
    printed = json.loads(boxwright("schema").stdout)
    from boxwright.gallery import gallery_root

    assert json.loads((gallery_root() / "scenarios" / "scenario.schema.json").read_text()) == printed


def test_doctor_lists_cores_packages_and_schedulers(boxwright: RunBoxwright, tmp_path: Path) -> None:
    found = json.loads(boxwright("doctor", "--json").stdout)
    assert found["cores"] == len(os.sched_getaffinity(0))
    assert found["memory_bytes"] > 0
    assert all(found["packages"].values())
    assert "schedulers" in boxwright("doctor").stdout


def test_output_into_a_closed_pipe_is_no_bug(study: Path) -> None:
    command = f"'{sys.executable}' -m boxwright results '{study}' --json | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=180)
    assert (done.returncode, done.stderr) == (0, "")
