"""The files of SMAC v2 of a study that was made without them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from smac2_reader import read_live, read_state, read_trajectory
from smac2_support import make_smac2
from support import RunBoxwright


def test_export_writes_what_the_study_would_have_left(boxwright: RunBoxwright, tmp_path: Path) -> None:
    script = 'echo "Result of algorithm run: SUCCESS, 1.25, 0, $7, 0"'
    file = make_smac2(tmp_path / "s", "seed = 5", script=script)
    assert boxwright("run", file, "--study", "t").returncode == 0
    done = boxwright("export", "t", "--to", "smac2", "--out", "out")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{tmp_path}/out\n", "")
    names = {path.relative_to(tmp_path / "out") for path in (tmp_path / "out").rglob("*") if path.suffix}
    assert names <= {path.relative_to(tmp_path / "t") for path in (tmp_path / "t").rglob("*")}
    for name in ("live-rundata-5.json", "state-run5/runs_and_results-it6.csv", "state-run5/scenario.txt"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "t" / name).read_bytes()
    own, made = (read_trajectory(tmp_path / folder, 5) for folder in ("t", "out"))
    assert made[:-1] == own[:-1]
    assert made[-1].settings == own[-1].settings


def test_any_study_is_exported(make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path) -> None:
    assert boxwright("run", make_scenario(), "--study", "t").returncode == 0
    assert boxwright("export", "t", "--to", "smac2").returncode == 0
    records = json.loads(boxwright("results", "t", "--json").stdout)
    live = read_live(tmp_path / "t.smac2/live-rundata-0.json")
    assert sorted(run.quality for run in live.runs) == sorted(record["quality"] for record in records)
    assert len(read_state(tmp_path / "t.smac2/state-run0", 4)) == 4


def test_space_that_no_pcs_file_holds_is_refused(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    scenario = make_scenario(space='x = { type = "normal", mu = 0, sigma = 1 }\n')
    assert boxwright("run", scenario, "--study", "t").returncode == 0
    done = boxwright("export", "t", "--to", "smac2")
    assert done.returncode == 2
    assert done.stderr.startswith("boxwright: --to smac2: space.x: a PCS file needs bounds.")
    assert not (tmp_path / "t.smac2").exists()
