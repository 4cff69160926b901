"""The scenario files of the gallery say what their scripts need, and each run they plan can be started."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from ConfigSpace.hyperparameters import NumericalHyperparameter

from boxwright.gallery import gallery_root, gallery_scenarios
from boxwright.materialise import Materialiser, Plan, RunContext
from boxwright.scenario import LoadedScenario, load_scenario
from boxwright.scenario.designs import CsvDesign
from boxwright.scenario.layers import find_scenario
from boxwright.space import Space, load_space
from boxwright.terms import Slot, Trial

IN_TOML = ("ask-tell", "branin", "dakota", "irace", "mnist-csv", "mnist-doe", "mnist-smac", "optuna")
NAMES = (*IN_TOML, "smac2-scenario")


def open_scenario(path: Path) -> tuple[LoadedScenario, Space]:
    loaded = load_scenario(path)
    return loaded, load_space(loaded.scenario.space, place=path.name, folder=loaded.folder)


def plan_default(path: Path, folder: Path) -> Plan:
    """Return the plan of a run of the default configuration."""
    loaded, space = open_scenario(path)
    materialiser = Materialiser(loaded.scenario, loaded.folder, space)
    assert not materialiser.warnings
    scenario = loaded.scenario
    config, instance = space.default(), scenario.example_instance
    trial = Trial(number=1, config=config, instance=instance, seed=scenario.study.seed)
    return materialiser.plan(
        RunContext(run=1, trial=trial, slot=Slot(0), folder=folder, study=folder.parent, mark="s")
    )


def test_gallery_holds_these_scenarios() -> None:
    assert tuple(gallery_scenarios()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_scenario_stands_alone_when_its_folder_is_copied(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "a copy"
    shutil.copytree(gallery_scenarios()[name], folder)
    plan = plan_default(find_scenario(folder), tmp_path / "run")
    assert Path(plan.argv[0]).is_file()
    assert not any(str(gallery_root() / "scenarios") in word for word in plan.argv)


@pytest.mark.parametrize("name", IN_TOML)
def test_scenario_names_its_schema_in_its_first_line(name: str) -> None:
    text = (gallery_scenarios()[name] / "scenario.toml").read_text("utf-8")
    assert text.startswith("#:schema ../scenario.schema.json\n")
    assert (gallery_scenarios()[name] / "README.md").is_file()


def test_digit_tuning_has_the_five_parameters_with_their_ranges() -> None:
    _, space = open_scenario(gallery_scenarios()["mnist-smac"] / "scenario.toml")
    parameters = [each for each in space.configspace.values() if isinstance(each, NumericalHyperparameter)]
    ranges = {each.name: (each.lower, each.upper) for each in parameters}
    assert ranges == {
        "nb_filters": (4, 256),
        "nb_conv": (1, 20),
        "nb_pool": (1, 20),
        "dropout1": (0.0, 1.0),
        "dropout2": (0.0, 1.0),
    }
    assert space.default() == {"nb_filters": 32, "nb_conv": 3, "nb_pool": 2, "dropout1": 0.25, "dropout2": 0.5}


def test_digit_tuning_passes_seed_and_parameters_as_flags(tmp_path: Path) -> None:
    plan = plan_default(gallery_scenarios()["mnist-smac"] / "scenario.toml", tmp_path / "run")
    words = list(plan.argv[2:])
    assert words[:2] == ["--seed", "1"]
    assert dict(zip(words[2::2], words[3::2], strict=True)) == {
        "--nb_filters": "32",
        "--nb_conv": "3",
        "--nb_pool": "2",
        "--dropout1": "0.25",
        "--dropout2": "0.5",
    }


@pytest.mark.parametrize("name", ["mnist-doe", "mnist-csv"])
def test_digit_design_writes_the_values_into_the_script(tmp_path: Path, name: str) -> None:
    plan = plan_default(gallery_scenarios()[name] / "scenario.toml", tmp_path / "run")
    text = plan.files["train.py"].content.decode("utf-8")
    assert "nb_filters = 32\n" in text
    assert "nb_conv_size = 3\n" in text
    assert "$" not in text
    assert plan.argv == (sys.executable, "train.py")
    assert plan.post_argv
    assert plan.post_argv[1] == str(gallery_root() / "postprocess" / "last_line.py")


def test_csv_design_has_a_column_for_each_parameter_and_rows_within_the_ranges() -> None:
    loaded, space = open_scenario(gallery_scenarios()["mnist-csv"] / "scenario.toml")
    assert isinstance(loaded.scenario.design, CsvDesign)
    header, *rows = (loaded.folder / loaded.scenario.design.file).read_text("utf-8").split()
    assert sorted(header.split(",")) == sorted(space.names)
    assert len(rows) == 12
    for row in rows:
        space.parse_texts(dict(zip(header.split(","), row.split(","), strict=True)))
