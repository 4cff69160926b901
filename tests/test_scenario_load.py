"""Loading a scenario: from a file or a folder, merged over its base, with overrides, written back."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from boxwright.errors import ScenarioError
from boxwright.scenario import LoadedScenario, load_scenario
from boxwright.scenario.designs import MonteCarlo, Sobol
from boxwright.scenario.parameters import CategoricalParameter, IntParameter

BASE = """
[command]
argv = ["./run.sh", "{{ scenario_dir }}/data", "{{ x }}"]
[space]
x = { type = "float", lower = 0, upper = 1 }
[design]
kind = "monte-carlo"
runs = 3
"""


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_scenario_is_found_in_a_folder_and_named_after_it(tmp_path: Path) -> None:
    file = write(tmp_path / "branin" / "scenario.toml", BASE)
    from_folder, from_file = load_scenario(file.parent), load_scenario(file)
    assert from_folder == from_file
    assert from_folder.scenario.study.name == "branin"
    assert from_folder.path == file
    assert from_folder.folder == file.parent
    assert from_folder.scenario.design == MonteCarlo(runs=3)


def test_scenario_of_another_file_name_gives_the_study_its_name(tmp_path: Path) -> None:
    assert load_scenario(write(tmp_path / "wide.toml", BASE)).scenario.study.name == "wide"


def test_text_of_a_scenario_stands_alone(tmp_path: Path) -> None:
    write(tmp_path / "base" / "scenario.toml", BASE + '[[inputs.templates]]\nsource = "t.j2"\n')
    write(tmp_path / "base" / "t.j2", "{{ x }}")
    write(tmp_path / "mine" / "points.csv", "x\n1\n")
    mine = write(tmp_path / "mine" / "m.toml", 'extends = "../base"\n[design]\nkind = "csv"\nfile = "points.csv"\n')
    loaded = load_scenario(mine, ["limits.cutoff_s=2.5"])
    copy = load_scenario(write(tmp_path / "elsewhere" / "study" / "scenario.toml", loaded.text))
    assert copy.scenario == loaded.scenario
    assert copy.folder == loaded.folder == tmp_path / "mine"
    assert copy.text == loaded.text
    assert "extends" not in tomllib.loads(loaded.text)


# ---------------------------------------------------------------------------------------------- extends


def extend(tmp_path: Path, more: str) -> LoadedScenario:
    write(tmp_path / "base" / "scenario.toml", BASE)
    return load_scenario(write(tmp_path / "mine" / "mine.toml", f'extends = "../base/scenario.toml"\n{more}'))


def test_base_file_keeps_its_own_folder_for_programs_and_paths(tmp_path: Path) -> None:
    argv = extend(tmp_path, "").scenario.command.argv
    assert argv[0] == str(tmp_path / "base" / "run.sh")
    assert argv[1] == f'{{{{ "{tmp_path}/base" }}}}/data'
    assert argv[2] == "{{ x }}"


def test_base_file_keeps_its_own_folder_for_a_line(tmp_path: Path) -> None:
    write(tmp_path / "base dir" / "b.toml", BASE.replace('argv = ["./run.sh", ', 'line = "./run.sh a" # '))
    mine = write(tmp_path / "mine.toml", 'extends = "base dir/b.toml"')
    assert load_scenario(mine).scenario.command.line == f"'{tmp_path}/base dir/run.sh' a"


def test_tables_of_a_base_are_merged_and_its_arrays_replaced(tmp_path: Path) -> None:
    scenario = extend(tmp_path, '[design]\nruns = 9\n[space]\ny = { type = "int", lower = 1, upper = 2 }\n').scenario
    assert scenario.design == MonteCarlo(runs=9)
    assert list(scenario.space) == ["x", "y"]


def test_parameter_of_another_type_replaces_that_of_the_base(tmp_path: Path) -> None:
    scenario = extend(tmp_path, '[space]\nx = { type = "categorical", choices = [1, "a", true] }\n').scenario
    assert scenario.space["x"] == CategoricalParameter(choices=(1, "a", True))
    assert extend(tmp_path, "[space.x]\nupper = 7\n").scenario.space["x"].upper == 7  # type: ignore[union-attr]


def test_design_of_another_kind_replaces_that_of_the_base(tmp_path: Path) -> None:
    assert extend(tmp_path, '[design]\nkind = "sobol"\nruns = 4\n').scenario.design == Sobol(runs=4)


def test_optimizer_replaces_the_design_of_a_base(tmp_path: Path) -> None:
    scenario = extend(tmp_path, "[optimizer]\nruns = 20\n").scenario
    assert scenario.design is None
    assert scenario.optimizer is not None


def test_line_replaces_the_argv_of_a_base(tmp_path: Path) -> None:
    command = extend(tmp_path, '[command]\nline = "true"\n').scenario.command
    assert (command.argv, command.line) == ((), "true")


def test_files_that_extend_each_other_in_a_circle_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.toml", 'extends = "b.toml"')
    write(tmp_path / "b.toml", 'extends = "a.toml"')
    with pytest.raises(
        ScenarioError, match=r"a\.toml: extends: the files extend each other in a circle: .*a\.toml → "
    ):
        load_scenario(tmp_path / "a.toml")


def test_fault_in_a_base_names_the_base(tmp_path: Path) -> None:
    write(tmp_path / "base.toml", BASE.replace("runs = 3", "rums = 3"))
    with pytest.raises(ScenarioError, match=r'base\.toml: design\.rums: unknown key\. Did you mean "runs"\?$'):
        load_scenario(write(tmp_path / "mine.toml", 'extends = "base.toml"\n[design]\nseed = 3\n'))


# ---------------------------------------------------------------------------------------------- --set


def test_override_is_read_as_toml_or_else_as_text(tmp_path: Path) -> None:
    file = write(tmp_path / "scenario.toml", BASE)
    overrides = [
        "design.runs=7",
        "study.name=2020-01-01",
        "slots.gpu_ids=[0, 'x']",
        "study.objective.direction=maximize",
    ]
    scenario = load_scenario(file, overrides).scenario
    assert scenario.design == MonteCarlo(runs=7)
    assert scenario.study.name == "2020-01-01"
    assert scenario.slots.gpu_ids == (0, "x")
    assert scenario.study.objective.direction == "maximize"


def test_override_reaches_a_parameter_whose_name_has_dots(tmp_path: Path) -> None:
    text = BASE + '[space."hp.n"]\ntype = "int"\nlower = 1\nupper = 2\n'
    found = load_scenario(write(tmp_path / "s.toml", text), ['space."hp.n".upper=5']).scenario.space["hp.n"]
    assert found == IntParameter(lower=1, upper=5)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("design.rusn=4", '--set design.rusn: unknown key. Did you mean "runs"?'),
        ("design.runs=many", '--set design.runs: found the text "many", expected a whole number of at least 1'),
        ("space.xx.lower=1", '--set space.xx.lower=1: no parameter "xx". Did you mean "x"?'),
        ("design", '--set design: expected a dotted key and a value, such as "optimizer.runs=30"'),
        ("=3", '--set =3: expected a dotted key and a value, such as "optimizer.runs=30"'),
        ("a b=3", '--set a b=3: expected a dotted key and a value, such as "optimizer.runs=30"'),
        ("a\nb=3", '--set a\\nb=3: expected a dotted key and a value, such as "optimizer.runs=30"'),
        ("\udcff.b=3", '--set \\udcff.b=3: expected a dotted key and a value, such as "optimizer.runs=30"'),
        ("command.argv.0=x", "--set command.argv.0=x: command.argv is no table, so it has no key inside"),
        (
            f"design.runs={'7' * 5000}",
            f'--set design.runs: found the text "{"7" * 56}..., expected a whole number of at least 1',
        ),
        (f"{'.'.join('a' * 3000)}=1", f"--set {'a.' * 98}a...: tables are nested more than 50 deep"),
        ("limits.cutoff_s=inf", "--set limits.cutoff_s: inf is not finite. Write an ordinary number."),
    ],
)
def test_override_that_does_not_fit_is_named(tmp_path: Path, override: str, message: str) -> None:
    file = write(tmp_path / "scenario.toml", BASE)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(file, [override])
    assert str(caught.value) == message


def test_base_with_a_name_that_no_file_can_have_is_told_shortly(tmp_path: Path) -> None:
    file = write(tmp_path / "scenario.toml", f'extends = "{"a" * 5000}"\n{BASE}')
    with pytest.raises(ScenarioError, match=r"extends: .*: (cannot be read|there is no)") as caught:
        load_scenario(file)
    assert len(str(caught.value)) < 500
