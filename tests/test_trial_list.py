"""The design of a list of trials: configuration, instance and seed of each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.store.database import Store
from support import RunBoxwright

pytestmark = pytest.mark.usefixtures("no_process_left")

DESIGN = '[design]\nkind = "trials"\nfile = "list"\n'
INSTANCES = '[instances]\nnames = ["a", "b"]\n[study]\nseed = 7\n'


def listed(scenario: Path, *lines: str) -> Path:
    (scenario.parent / "list").write_text("".join(f"{line}\n" for line in lines))
    return scenario


def trials(study: Path) -> list[tuple[object, str | None, int, str]]:
    with Store(study) as store:
        return [(trial.config["x"], trial.instance, trial.seed, trial.origin) for trial in store.trials()]


def test_each_line_is_run_once_and_lines_added_later_are_taken_up(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    lines = [
        '{"config": {"x": 0.25}, "instance": "a"}',
        '{"config": {"x": 0.25}, "instance": "b", "seed": 9, "origin": "mine"}',
        '{"config": {"x": 0.25}, "instance": "a", "seed": 7}',
        "",
        '{"config": {}, "instance": "a"}',
    ]
    scenario = listed(make_scenario(design=DESIGN, more=INSTANCES), *lines)
    assert "3 trials, trials design" in boxwright("check", scenario).stdout
    done = boxwright("run", scenario, "--study", "s")
    assert done.returncode == 0, done.stderr
    first = [(0.25, "a", 7, "trials"), (0.25, "b", 9, "mine"), (0.5, "a", 7, "trials")]
    assert trials(tmp_path / "s") == first
    listed(scenario, *lines, '{"config": {"x": 1}, "instance": "b"}')
    assert boxwright("resume", "s").returncode == 0
    assert trials(tmp_path / "s") == [*first, (1.0, "b", 7, "trials")]
    (scenario.parent / "list").unlink()
    assert "goes by its own copy, design.jsonl" in boxwright("resume", "s").stderr


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"config": {"x": 2}}', "list:1: is no trial: x = 2, but it must be a number from 0.0 to 1.0"),
        ('{"config": {"y": 1}}', 'list:1: is no trial: no parameter "y"'),
        ('{"config": {"x": 0.5}, "instance": "c"}', 'list:1: no instance "c" in instances.names.'),
        ('{"config": {"x": 0.5}, "sead": 1}', "list:1: is no trial: Object contains unknown field `sead`"),
        ('{"config": {"x": [1]}}', "list:1: is no trial: Expected `bool | int | float | str`, got `array`"),
        ('{"config"', "list:1: is no trial: Input data was truncated"),
        ("\udcff", "list:1: is no trial: "),
        (json.dumps({"config": {"x": 0.5}, "seed": 2**70}), "list:1: is no trial: "),
        ("[" * 100_000, "list:1: is no trial: "),
        ("", "list: the file holds no trial."),
    ],
)
def test_line_that_is_no_trial_is_refused_with_its_place(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, line: str, message: str
) -> None:
    scenario = make_scenario(design=DESIGN, more=INSTANCES)
    (scenario.parent / "list").write_bytes(line.encode("utf-8", "surrogateescape") + b"\n")
    done = boxwright("check", scenario)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_list_takes_no_replicates(make_scenario: Callable[..., Path], boxwright: RunBoxwright) -> None:
    scenario = listed(make_scenario(design=DESIGN + "replicates = 2\n"), '{"config": {}}')
    done = boxwright("check", scenario)
    assert "design.replicates: a list of trials names each of them. Leave it out." in done.stderr
