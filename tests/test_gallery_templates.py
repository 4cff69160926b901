"""The templates of the gallery become files that work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from boxwright.gallery import gallery_root
from boxwright.materialise import Materialiser, RunContext, write_plan
from boxwright.scenario import load_scenario
from boxwright.space import load_space
from boxwright.terms import Slot, Trial

TEMPLATES = gallery_root() / "templates"

SCENARIO = f"""
[command]
argv = ["{{{{ python }}}}", "train.py"]

[space]
learning_rate = {{ type = "float", lower = 1e-4, upper = 1e-1, default = 0.01, log = true }}
hidden_units = {{ type = "int", lower = 4, upper = 64, default = 16 }}

[design]
kind = "monte-carlo"
runs = 1

[inputs]
templates = [
    {{ source = "{TEMPLATES}/train.py.j2", target = "train.py" }},
    {{ source = "{TEMPLATES}/job.sh.j2", target = "job.sh" }},
    {{ source = "{TEMPLATES}/parameters.json.tmpl", target = "parameters.json", syntax = "${{}}" }},
]
"""


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """Return a run folder into which all templates were materialised."""
    scenario_file = tmp_path / "scenario.toml"
    scenario_file.write_text(SCENARIO, "utf-8")
    loaded = load_scenario(scenario_file)
    space = load_space(loaded.scenario.space, place="scenario.toml", folder=loaded.folder)
    folder = tmp_path / "run"
    folder.mkdir()
    trial = Trial(number=1, config=space.default(), seed=3)
    context = RunContext(run=1, trial=trial, slot=Slot(0), folder=folder, study=tmp_path, mark="s")
    write_plan(Materialiser(loaded.scenario, loaded.folder, space).plan(context), folder)
    return folder


def run(folder: Path, *words: str, **env: str) -> str:
    done = subprocess.run(
        words, cwd=folder, env={**os.environ, **env}, capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout


def test_gallery_holds_these_templates_and_no_others() -> None:
    names = {path.name for path in TEMPLATES.iterdir()}
    assert names == {"README.md", "train.py.j2", "job.sh.j2", "parameters.json.tmpl"}


def test_python_template_becomes_a_training_that_prints_a_result_line(run_folder: Path) -> None:
    lines = run(run_folder, sys.executable, "train.py").splitlines()
    status, _runtime, _runlength, error, seed = lines[-1].removeprefix("Result of algorithm run: ").split(", ")
    assert (status, seed) == ("SUCCESS", "3")
    assert 0 < float(error) < 0.2


def test_shell_template_becomes_a_call_with_the_parameters_as_flags(run_folder: Path) -> None:
    words = run(run_folder, "/bin/sh", "job.sh", PROGRAM="/bin/echo").split()
    assert words == ["--seed", "3", "--hidden-units", "16", "--learning-rate", "0.01"]


def test_json_template_becomes_a_document_with_formatted_numbers(run_folder: Path) -> None:
    text = (run_folder / "parameters.json").read_text("utf-8")
    assert '"learning_rate": 0.010000,' in text
    assert json.loads(text) == {"learning_rate": 0.01, "hidden_units": 16, "seed": 3}
