"""ConfigSpace's JSON files are read, and the study's space.json comes back exactly."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from ConfigSpace import (
    AndConjunction,
    BetaIntegerHyperparameter,
    CategoricalHyperparameter,
    ConfigurationSpace,
    EqualsCondition,
    ForbiddenGreaterThanRelation,
    ForbiddenLessThanEqualsClause,
    NormalFloatHyperparameter,
    NotEqualsCondition,
    UniformIntegerHyperparameter,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from boxwright.errors import SpaceError
from boxwright.scenario.parameters import SpaceTable
from boxwright.space import Space, load_space, plain_config, space_from_json, space_to_json

EVERYTHING = """
lr = { type = "float", lower = 1e-5, upper = 0.1, default = 0.01, log = true }
depth = { type = "int", lower = 1, upper = 20, log = true }
act = { type = "categorical", choices = ["relu", "elu", "größe \\"x\\""] }
size = { type = "ordinal", sequence = [8, 16.5, "all", true], default = 16.5 }
bias = { type = "categorical", choices = [true, false], when = "act != elu && depth > 2 || lr < 0.001" }
any = { type = "categorical", choices = [2, 2.5, "auto", true], default = true, when = "bias == true" }
drop = { type = "float", lower = 0, upper = 1, when = "act in {relu, elu}" }
seed = { type = "constant", value = true }
a = { type = "normal", mu = 0.1, sigma = 1 }
b = { type = "lognormal", mu = 0, sigma = 0.3, upper = 4 }
c = { type = "triangular", lower = 0, mode = 1, upper = 3 }
d = { type = "beta", alpha = 2, beta = 3, lower = -1, when = "a > 0" }
forbidden = ["{act=relu, depth=8}", "{lr * depth > 1 && act == relu}"]
"""


def load(text: str, folder: Path = Path()) -> Space:
    return load_space(msgspec.toml.decode(text, type=SpaceTable), place="s.toml", folder=folder)


@pytest.fixture
def load_json(tmp_path: Path) -> Callable[[object], Space]:
    """Return a function that writes a ConfigSpace file and loads it as a scenario would."""

    def call(document: object) -> Space:
        text = document if isinstance(document, str) else json.dumps(document)
        (tmp_path / "space.json").write_text(text)
        return load('file = "space.json"', tmp_path)

    return call


def test_space_json_comes_back_exactly() -> None:
    space = load(EVERYTHING)
    text = space_to_json(space)
    back = space_from_json(text)
    assert space_to_json(back) == text
    assert back.names == space.names
    assert back.configspace == space.configspace
    assert back.distributions == space.distributions
    assert back.default() == space.default()
    for name in space.names:
        assert back.domain(name) == space.domain(name)
        assert list(map(type, back.domain(name).values)) == list(map(type, space.domain(name).values))
    rng = np.random.default_rng(3)
    for point in rng.random((500, len(space.names))):
        assert back.from_unit(point.tolist()) == space.from_unit(point.tolist())


def test_space_json_can_be_read_by_configspace_itself_where_it_has_no_expressions() -> None:
    space = load(EVERYTHING.replace(', "{lr * depth > 1 && act == relu}"', ""))
    buffer = io.StringIO()
    space.configspace.to_json(buffer)  # this is how SMAC saves a scenario
    buffer.seek(0)
    assert set(ConfigurationSpace.from_json(buffer)) == set(space.names)


def test_configspace_file_gives_a_space(load_json: Callable[[object], Space]) -> None:
    theirs = ConfigurationSpace(
        {"z": (0.5, 2.0), "n": (1, 9), "act": ["relu", "tanh"], "flag": [True, False], "mixed": [1, 2.5, "auto"]}
    )
    theirs.add(
        NormalFloatHyperparameter("normal", 0.2, 0.1, 0.0, 1.0),
        BetaIntegerHyperparameter("beta", 2, 5, 0, 20),
        CategoricalHyperparameter("weighted", ["a", "b", "c"], weights=[0.7, 0.3, 0.0]),
        UniformIntegerHyperparameter("m", 1, 9, default_value=2),
    )
    theirs.add(
        AndConjunction(
            NotEqualsCondition(theirs["normal"], theirs["act"], "tanh"),
            EqualsCondition(theirs["normal"], theirs["flag"], True),
        ),
        ForbiddenGreaterThanRelation(theirs["m"], theirs["n"]),
        ForbiddenLessThanEqualsClause(theirs["z"], 0.6),
    )
    space = load_json(theirs.to_serialized_dict())
    assert set(space.names) == set(theirs)
    drawn = [space.from_unit(point.tolist()) for point in np.random.default_rng(1).random((2000, len(space.names)))]
    configs = [config for config in drawn if config is not None]
    assert 500 < len(configs) < 1500
    assert {config["weighted"] for config in configs} == {"a", "b"}
    assert {type(config["mixed"]) for config in configs} == {int, float, str}
    assert all(float(config["z"]) > 0.6 and int(config["m"]) <= int(config["n"]) for config in configs)
    assert all(("normal" in config) == (config["act"] != "tanh" and config["flag"] is True) for config in configs)
    for config in configs[:200]:
        assert space.check(config) == config
        assert plain_config(space.configuration(config)) == config
    for configuration in space.configspace.sample_configuration(200):
        assert space.check(plain_config(configuration))


PARAMETER = {"type": "uniform_int", "name": "x", "lower": 1, "upper": 3, "default_value": 1, "log": False}


CONDITION = {"type": "LT", "child": "x", "parent": "y", "value": 2}
BACK = {"type": "LT", "child": "y", "parent": "x", "value": 2}
TWO = [PARAMETER, {**PARAMETER, "name": "y"}]


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        ("{", "space.json: this is no JSON: Expecting property name"),
        ("[1]", 'it has no "hyperparameters"'),
        ("[" * 100_000, "this is no JSON"),
        ({"hyperparameters": 3}, "space.json: ConfigSpace cannot read this"),
        ({"hyperparameters": [3]}, "ConfigSpace cannot read this"),
        ({"hyperparameters": []}, "the space is empty"),
        ({"hyperparameters": [{"type": "odd", "name": "x"}]}, "'odd' is not known"),
        ({"hyperparameters": [{**PARAMETER, "lower": 9}]}, "ConfigSpace cannot read this"),
        ({"hyperparameters": [{**PARAMETER, "lower": "a"}]}, "ConfigSpace cannot read this"),
        ({"hyperparameters": [PARAMETER, PARAMETER]}, "stands twice"),
        ({"hyperparameters": [{**PARAMETER, "name": "a b"}]}, "holds a blank"),
        ({"hyperparameters": [{**PARAMETER, "name": 3}]}, "space.json"),
        ({"hyperparameters": [{"type": "categorical", "name": "x", "choices": [None]}]}, "is no text, number or"),
        ({"hyperparameters": [{"type": "categorical", "name": "x", "choices": [[1], [2]]}]}, "is no text, number or"),
        (
            {"hyperparameters": [{"type": "constant", "name": "x", "value": {"a": 1}}]},
            "is no text, number or boolean",
        ),
        ({"hyperparameters": [{"type": "constant", "name": "x", "value": "\ud800"}]}, "no command can be given"),
        (
            {"hyperparameters": [PARAMETER], "conditions": [{"type": "EQ", "child": "x", "parent": "y", "value": 1}]},
            "ConfigSpace cannot read this: no 'y'",
        ),
        (
            {"hyperparameters": [PARAMETER], "forbiddens": [{"type": "EQUALS", "name": "x", "value": 1}]},
            "the default configuration is forbidden by x == 1",
        ),
        ({"hyperparameters": TWO, "conditions": [CONDITION, CONDITION]}, "space.json: x: a second condition."),
        ({"hyperparameters": TWO, "conditions": [CONDITION, BACK]}, "conditions go round in a circle"),
        ({"hyperparameters": TWO, "conditions": [{**CONDITION, "value": 9}]}, "illegal value '9'"),
        ({"hyperparameters": [PARAMETER], "forbiddens": [{"type": "EXPRESSION", "expression": "x >"}]}, "is missing"),
    ],
)
def test_configspace_file_is_refused(document: object, wanted: str, load_json: Callable[[object], Space]) -> None:
    with pytest.raises(SpaceError) as raised:
        load_json(document)
    assert wanted in str(raised.value)
    assert "\n" not in str(raised.value)


def test_configspace_file_of_an_older_version_is_read_without_a_warning(load_json: Callable[[object], Space]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        space = load_json({"hyperparameters": [{**PARAMETER, "q": 1, "default": 2}]})
    assert space.default() == {"x": 2}


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"format": "x", "names": [], "configspace": {}, "distributions": {}}', "\ud800"]
)
def test_space_json_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(SpaceError, match=r"space\.json"):
        space_from_json(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 2**70) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)


def _replace(document: Any, steps: list[int], value: object) -> Any:
    if not steps or not isinstance(document, dict | list) or not document:
        return value
    keys = list(document) if isinstance(document, dict) else list(range(len(document)))
    key = keys[steps[0] % len(keys)]
    copy: Any = document.copy()
    copy[key] = _replace(document[key], steps[1:], value)
    return copy


@settings(max_examples=150, deadline=2000)
@given(steps=st.lists(st.integers(0, 20), min_size=1, max_size=5), value=JSON)
def test_space_json_with_a_damaged_part_gives_a_space_or_a_space_error(steps: list[int], value: object) -> None:
    document = json.loads(space_to_json(load(EVERYTHING)))
    try:
        space = space_from_json(json.dumps(_replace(document, steps, value)))
    except SpaceError:
        return
    assert space.check(space.default()) == space.default()
