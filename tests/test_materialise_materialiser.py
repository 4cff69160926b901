"""Scenario and space together: what is refused before anything runs, and what is only warned of."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from boxwright.errors import ScenarioError, TemplateError
from boxwright.gallery import gallery_root
from boxwright.materialise import Materialiser, Plan, RunContext
from boxwright.scenario import load_scenario
from boxwright.space import load_space
from boxwright.terms import Slot, Trial, Value

SPACE = """
lr = { type = "float", lower = 0, upper = 1 }
act = { type = "categorical", choices = ["relu", "elu"] }
slope = { type = "float", lower = 0, upper = 1, when = "act == elu" }
"""


def make(folder: Path, more: str = "", *, space: str = SPACE, command: str = 'argv = ["true"]') -> Materialiser:
    text = f'[command]\n{command}\n[space]\n{space}\n[design]\nkind = "sobol"\nruns = 2\n{more}'
    (folder / "scenario.toml").write_text(text)
    loaded = load_scenario(folder)
    found = load_space(loaded.scenario.space, place="scenario.toml", folder=loaded.folder)
    return Materialiser(loaded.scenario, loaded.folder, found)


def plan(materialiser: Materialiser, **config: Value) -> Plan:
    study = Path("/study")
    return materialiser.plan(RunContext(1, Trial(1, config), Slot(0), study / "run", study, "id"))


def with_template(folder: Path, text: str | bytes, syntax: str = "{{ }}") -> Materialiser:
    (folder / "t.txt").write_bytes(text if isinstance(text, bytes) else text.encode())
    return make(folder, f'[[inputs.templates]]\nsource = "t.txt"\nsyntax = "{syntax}"\n')


def test_words_know_where_things_are(tmp_path: Path) -> None:
    words = '"{{ python }}", "{{ scenario_dir }}", "{{ gallery }}", "{{ study_folder }}", "{{ run_folder }}"'
    assert plan(make(tmp_path, command=f"argv = [{words}]")).argv == (
        *(sys.executable, str(tmp_path), str(gallery_root()), "/study", "/study/run"),
    )


@pytest.mark.parametrize(
    ("text", "syntax", "message"),
    [
        ("\n{{ momentum }}", "{{ }}", 't.txt:2: no value for "momentum". Known: act, lr, slope, config, seed,'),
        ("\n{{ slop }}", "{{ }}", 't.txt:2: no value for "slop". Did you mean "slope"?'),
        ("\n${slop}", "${}", 't.txt:2: no value for "slop". Did you mean "slope"?'),
        ("{{ config['l.r'] }}", "{{ }}", 't.txt: no parameter "l.r" for config.'),
        ("{{ slope }}", "{{ }}", 't.txt:1: no value for "slope": it is inactive in this configuration.'),
        ("{{ cutoff_s }}", "{{ }}", 't.txt:1: no value for "cutoff_s": the scenario has no limits.cutoff_s.'),
        (b"\n\xff", "{{ }}", "t.txt:2: byte 0xff is no UTF-8. Save the template as UTF-8."),
    ],
)
def test_template_that_cannot_be_filled_is_refused_at_once(
    tmp_path: Path, text: str | bytes, syntax: str, message: str
) -> None:
    with pytest.raises(TemplateError) as caught:
        with_template(tmp_path, text, syntax)
    assert str(caught.value).startswith(message)


def test_inactive_parameter_is_refused_only_where_it_is_inactive(tmp_path: Path) -> None:
    text = "{% if act == 'elu' %}{{ slope }}{% endif %}{% if lr > 0.9 %}{{ slope }}{% endif %}"
    materialiser = with_template(tmp_path, text)
    assert plan(materialiser, lr=0.5, act="elu", slope=0.25).files["t.txt"].content == b"0.25"
    with pytest.raises(TemplateError, match=r'^t\.txt:1: no value for "slope": it is inactive'):
        plan(materialiser, lr=0.95, act="relu")


@pytest.mark.parametrize(
    ("more", "command", "message"),
    [
        ("", 'argv = ["no-such-program"]', 'scenario.toml: command.argv[0]: no program "no-such-program" on PATH.'),
        (
            "",
            'argv = ["true"]\nskip = ["lrr"]',
            'scenario.toml: command.skip: no parameter "lrr". Did you mean "lr"?',
        ),
        ('[postprocess]\nargv = ["./gone"]', 'argv = ["true"]', "scenario.toml: postprocess.argv[0]: "),
        (
            '[environment.set]\nPATH = "/nowhere"',
            'argv = ["true"]',
            'scenario.toml: command.argv[0]: no program "true"',
        ),
        (
            '[[inputs.files]]\nsource = "scenario.toml"\nmode = "archive"',
            'argv = ["true"]',
            "scenario.toml: inputs.files[0]",
        ),
    ],
)
def test_scenario_that_cannot_run_is_refused_at_once(tmp_path: Path, more: str, command: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        make(tmp_path, more, command=command)
    assert str(caught.value).startswith(message)


def test_names_that_clash_in_a_parameter_file_are_refused(tmp_path: Path) -> None:
    space = 'a = { type = "int", lower = 0, upper = 1 }\n"a.b" = { type = "int", lower = 0, upper = 1 }\n'
    more = '[[inputs.parameters]]\ntarget = "p.json"\n'
    with pytest.raises(
        ScenarioError, match=r'inputs\.parameters: p\.json: parameter "a" is a value and holds "a\.b" too'
    ):
        make(tmp_path, more, space=space)
    assert make(tmp_path, more + "nested = false\n", space=space).warnings == ()


def test_unused_parameters_are_warned_of(tmp_path: Path) -> None:
    assert make(tmp_path).warnings == ("scenario.toml: parameters that no template, flag or file uses: lr, slope",)
    assert with_template(tmp_path, "{{ lr }} {{ slope | default(0) }}").warnings == ()
    assert with_template(tmp_path, "{{ config }}").warnings == ()
    flags = 'argv = ["true"]\nflags = "--name value"\nskip = ["lr"]'
    assert make(tmp_path, command=flags).warnings == (
        "scenario.toml: parameter that no template, flag or file uses: lr",
    )


def test_parameter_that_hides_a_name_of_ours_wins_and_is_warned_of(tmp_path: Path) -> None:
    space = 'seed = { type = "int", lower = 5, upper = 6 }\n'
    materialiser = make(tmp_path, space=space, command='argv = ["true", "{{ seed }}"]')
    assert plan(materialiser, seed=6).argv[1] == "6"
    assert materialiser.warnings == (
        "scenario.toml: in templates, these names are the parameters, not boxwright's: seed",
    )


def test_environment_value_with_a_nul_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"environment\.set\.A: the value holds a NUL character$"):
        make(tmp_path, "[environment.set]\nA = '{{ \"\\0\" }}'\n")


def test_a_thousand_parameters_are_looked_through_once(tmp_path: Path) -> None:
    space = "\n".join(f'p{number} = {{ type = "int", lower = 0, upper = 9 }}' for number in range(1500))
    before_s = time.process_time()
    (warning,) = make(tmp_path, space=space).warnings
    assert "parameters that no template, flag or file uses: p0, p1, " in warning
    assert time.process_time() - before_s < 6
