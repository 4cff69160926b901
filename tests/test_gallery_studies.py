"""Each scenario of the gallery, carried out for a few runs on real data."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from boxwright.gallery import gallery_scenarios
from support import RunBoxwright

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_process_left")]


def carry_out(boxwright: RunBoxwright, name: str, *words: str) -> list[dict[str, Any]]:
    done = boxwright("run", gallery_scenarios()[name], "--study", "s", *words)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "incumbent: run " in done.stdout
    records: list[dict[str, Any]] = json.loads(boxwright("results", "s", "--json").stdout)
    return records


@pytest.mark.parametrize("name", ["mnist-doe", "mnist-csv"])
def test_digit_designs_train_networks_that_have_learned(boxwright: RunBoxwright, name: str) -> None:
    records = carry_out(boxwright, name, "--runs", "1")
    assert [record["status"] for record in records] == ["SUCCESS"]
    for record in records:
        # Guessing gives 0.9.
        assert 0 < record["metrics"]["validation_error"] < 0.7
        assert 0 < record["metrics"]["test_error"] < 0.7
        assert record["quality"] == record["metrics"]["validation_error"]
        script = (Path(record["folder"]) / "train.py").read_text()
        assert f"nb_filters = {record['config']['nb_filters']}\n" in script


@pytest.fixture
def four_slots(request: pytest.FixtureRequest) -> list[str]:
    """Return the options for four slots of a real Slurm; for those of this machine where there is none."""
    if os.getuid() or not shutil.which("slurmctld", path=f"{os.environ['PATH']}:/usr/sbin"):
        return []
    request.getfixturevalue("slurm")
    # Four trainings at a time, on a machine that may have two cores, take their time.
    return ["--backend", "slurm", "--slots", "4", "--set", "limits.cutoff_s=1000"]


def test_digit_tuning_answers_unsat_and_leaves_model_and_weights(
    boxwright: RunBoxwright, tmp_path: Path, four_slots: list[str]
) -> None:
    records = carry_out(boxwright, "mnist-smac", "--runs", "5", "--set", "optimizer.initial=4", *four_slots)
    statuses = [record["status"] for record in records]
    assert set(statuses) == {"SUCCESS", "UNSAT"}
    first = records[0]
    assert first["config"] == {"nb_filters": 32, "nb_conv": 3, "nb_pool": 2, "dropout1": 0.25, "dropout2": 0.5}
    assert 0 < first["quality"] < 0.5
    assert {record["optimizer_seed"] for record in records} == {1, 2}
    for record in records:
        folder = Path(record["folder"])
        if record["status"] == "SUCCESS":
            assert json.loads((folder / "model.json").read_text())["class_name"]
            assert (folder / "model.weights.h5").stat().st_size > 1000
            assert (tmp_path / "s/outputs/000" / folder.name / "model.json").is_file()
        else:
            assert record["cost"] is None
            assert record["exit_code"] == 0
    assert "own + " in (tmp_path / "s" / "study.log").read_text()
