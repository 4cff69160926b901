"""Configurations: from the unit cube, from values, from texts; the same validity as ConfigSpace's."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import msgspec
import numpy as np
import pytest
from ConfigSpace import Configuration
from ConfigSpace.util import get_one_exchange_neighbourhood
from hypothesis import given, settings
from hypothesis import strategies as st

from boxwright.errors import SpaceError
from boxwright.scenario.parameters import SpaceTable
from boxwright.space import Space, load_space, plain_config, space_from_json, space_to_json

TABLE = """
lr = { type = "float", lower = 1e-5, upper = 0.1, default = 0.01, log = true }
depth = { type = "int", lower = 1, upper = 20 }
width = { type = "int", lower = 1, upper = 512, log = true, default = 64 }
act = { type = "categorical", choices = ["relu", "elu", "tanh"] }
size = { type = "ordinal", sequence = ["small", "mid", "large"], default = "mid" }
any = { type = "categorical", choices = [2, 2.5, "auto", true], default = "auto" }
drop = { type = "float", lower = 0, upper = 1, when = "act in {relu, elu} && depth > 2" }
fine = { type = "int", lower = 0, upper = 9, when = "drop > 0.5 || size == large" }
seed = { type = "constant", value = 7 }
forbidden = ["{act=tanh, any=true}", "{depth * width > 5000}", "{fine=9}"]
"""


def load(text: str = TABLE) -> Space:
    return load_space(msgspec.toml.decode(text, type=SpaceTable), place="s.toml", folder=Path())


def test_from_unit_spreads_choices_and_whole_numbers_evenly() -> None:
    space = load(
        'n = { type = "int", lower = -2, upper = 3 }\nc = { type = "categorical", choices = ["a", "b", true] }\n'
        'k = { type = "int", lower = 1, upper = 3, log = true }'
    )
    drawn = [space.from_unit([u, u, u]) for u in np.linspace(0, 1, 6001)]
    for name, shares in (
        ("n", {-2: 1 / 6, -1: 1 / 6, 0: 1 / 6, 1: 1 / 6, 2: 1 / 6, 3: 1 / 6}),
        ("c", {"a": 1 / 3, "b": 1 / 3, True: 1 / 3}),
        ("k", {v: math.log((v + 0.5) / (v - 0.5)) / math.log(7) for v in (1, 2, 3)}),
    ):
        counts = Counter(config[name] for config in drawn if config is not None)
        assert {value: count / 6001 for value, count in counts.items()} == pytest.approx(shares, abs=1e-3)


def test_from_unit_reaches_both_bounds_and_never_leaves_them() -> None:
    space = load(
        'x = { type = "float", lower = 0.1, upper = 0.3 }\n'
        'y = { type = "float", lower = 1e-6, upper = 0.7, log = true }'
    )
    assert space.from_unit([0.0, 0.0]) == {"x": 0.1, "y": 1e-6}
    assert space.from_unit([1.0, 1.0]) == {"x": 0.3, "y": 0.7}
    assert list((space.from_unit([0.5, 0.5]) or {}).values()) == pytest.approx([0.2, math.sqrt(0.7e-6)])


def test_from_unit_leaves_inactive_parameters_out_and_refuses_forbidden_points() -> None:
    space = load()
    points = np.random.default_rng(0).random((3000, len(space.names)))
    drawn = [space.from_unit(point.tolist()) for point in points]
    configs = [config for config in drawn if config is not None]
    assert 1500 < len(configs) < 2800
    for config in configs:
        assert list(config) == [name for name in space.names if name in config]
        assert ("drop" in config) == (config["act"] != "tanh" and int(config["depth"]) > 2)
        assert ("fine" in config) == (float(config.get("drop", 0)) > 0.5 or config["size"] == "large")
        assert not (config["act"] == "tanh" and config["any"] is True)
        assert int(config["depth"]) * int(config["width"]) <= 5000
        assert config.get("fine") != 9
        assert {type(value) for value in config.values()} <= {bool, int, float, str}


PARAMETERS = (
    '{ type = "float", lower = -1, upper = 2',
    '{ type = "float", lower = 1e-6, upper = 0.5, log = true',
    '{ type = "int", lower = -3, upper = 12',
    '{ type = "int", lower = 1, upper = 300, log = true',
    '{ type = "categorical", choices = ["a", "b", "c"]',
    '{ type = "categorical", choices = [true, false]',
    '{ type = "categorical", choices = [2, 2.5, "auto", true]',
    '{ type = "ordinal", sequence = ["low", "mid", "high"], default = "mid"',
    '{ type = "ordinal", sequence = [1, 2, 4, 8], default = 2',
    '{ type = "beta", alpha = 2, beta = 3',
)
VALUES = (
    ("0.5", "1"), ("0.01", "0.4"), ("3", "5"), ("2", "40"), ("a", "b"), ("true", "false"), ("auto", "true"),
    ("low", "mid"), ("2", "4"), ("0.3", "0.7"),
)  # fmt: skip
ORDERED = (0, 1, 2, 3, 7, 8, 9)


@st.composite
def tables(draw: st.DrawFn) -> str:
    """Draw a table whose later parameters hang on earlier ones, with some forbidden clauses."""
    kinds = draw(st.lists(st.integers(0, len(PARAMETERS) - 1), min_size=3, max_size=8))

    def comparison(below: int) -> str:
        parent = draw(st.integers(0, below - 1))
        kind = kinds[parent]
        first, second = VALUES[kind]
        operator = draw(st.sampled_from(("==", "!=", "in", "<", ">") if kind in ORDERED else ("==", "!=", "in")))
        return f"p{parent} in {{{first}, {second}}}" if operator == "in" else f"p{parent} {operator} {first}"

    lines = []
    for index, kind in enumerate(kinds):
        when = ""
        if index and draw(st.booleans()):
            when = comparison(index)
            while draw(st.booleans()) and len(when) < 60:
                when += draw(st.sampled_from((" && ", " || "))) + comparison(index)
            when = f', when = "{when}"'
        lines.append(f"p{index} = {PARAMETERS[kind]}{when} }}")
    clauses = []
    for _ in range(draw(st.integers(0, 3))):
        if draw(st.booleans()):
            chosen = draw(st.lists(st.integers(0, len(kinds) - 1), min_size=1, max_size=3, unique=True))
            clauses.append("{" + ", ".join(f"p{i}={VALUES[kinds[i]][1]}" for i in chosen) + "}")
        else:
            numbers = [i for i, kind in enumerate(kinds) if kind in (0, 1, 2, 3, 8, 9)]
            if numbers:
                left, right = draw(st.sampled_from(numbers)), draw(st.sampled_from(numbers))
                clauses.append(f"{{p{left} * 2 > p{right} + 1 && p{left} > 0.1}}")
    lines.append(f"forbidden = {msgspec.json.encode(clauses).decode()}")
    return "\n".join(lines)


def _loaded(table: str) -> Space | None:
    try:
        return load(table)
    except SpaceError as error:
        if "the default configuration is forbidden" not in str(error):
            raise
        return None


@settings(max_examples=120, deadline=None)
@given(tables(), st.integers(0, 2**32 - 1))
def test_from_unit_agrees_with_configspace(table: str, seed: int) -> None:
    space = _loaded(table)
    if space is None:
        return
    for point in np.random.default_rng(seed).random((30, len(space.names))):
        config = space.from_unit(point.tolist())
        if config is None:
            continue
        configuration = space.configuration(config)
        configuration.check_valid_configuration()
        assert plain_config(configuration) == config
        assert space.check(config) == config
        again = Configuration(space.configspace, vector=configuration.get_array())
        assert space.check(plain_config(again)) == config


@settings(max_examples=120, deadline=None)
@given(tables(), st.integers(0, 2**32 - 1))
def test_samples_and_neighbours_of_configspace_are_valid_here(table: str, seed: int) -> None:
    space = _loaded(table)
    if (
        space is None
        or sum(
            space.from_unit(p) is not None for p in np.random.default_rng(0).random((40, len(space.names))).tolist()
        )
        < 4
    ):
        return
    configspace = space.configspace
    configspace.seed(seed)
    for configuration in configspace.sample_configuration(6):
        config = space.check(plain_config(configuration))
        assert dict(space.configuration(config)) == dict(configuration)
        for number, neighbour in enumerate(get_one_exchange_neighbourhood(configuration, seed=seed % 1000)):
            assert space.check(plain_config(neighbour))
            if number > 12:
                break


def test_space_still_samples_validly_after_a_round_trip() -> None:
    space = space_from_json(space_to_json(load()))
    for configuration in space.configspace.sample_configuration(300):
        space.check(plain_config(configuration))


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"dept": 3}, 's.csv:4: no parameter "dept". Did you mean "depth"?'),
        ({"depth": 21}, "s.csv:4: depth = 21, but it must be a whole number from 1 to 20."),
        ({"depth": 2.5}, "depth = 2.5, but it must be a whole number"),
        ({"depth": True}, "depth = True, but it must be"),
        ({"depth": "3"}, "depth = '3', but it must be"),
        ({"lr": float("nan")}, "lr = nan, but it must be a number from 1e-05 to 0.1"),
        ({"lr": float("inf")}, "lr = inf"),
        ({"act": "rely"}, "act = 'rely', but it must be one of 'relu', 'elu', 'tanh'"),
        ({"act": None}, "act = None"),
        ({"act": ["relu"]}, "act = ['relu']"),
        ({"any": 1}, "any = 1, but it must be one of 2, 2.5, 'auto', true"),
        ({"seed": 8}, "seed = 8, but it must be 7"),
        ({"fine": 3}, "fine is inactive here"),
        ({"width": 512}, "this configuration is forbidden: {depth * width > 5000}"),
    ],
)
def test_check_refuses(changed: dict[str, object], wanted: str) -> None:
    space = load()
    with pytest.raises(SpaceError) as raised:
        space.check({**space.default(), **changed}, "s.csv:4")
    assert wanted in str(raised.value)
    assert "\n" not in str(raised.value)


def test_check_refuses_a_missing_parameter() -> None:
    space = load()
    values = space.default()
    del values["act"]
    with pytest.raises(SpaceError, match="no value for act: one of 'relu', 'elu', 'tanh'"):
        space.check(values)


def test_check_gives_each_value_the_type_of_its_parameter() -> None:
    space = load()
    config = space.check(
        {**space.default(), "depth": np.int64(3), "lr": np.float64(0.05), "any": np.True_, "seed": 7.0}
    )
    assert (config["depth"], config["lr"], config["any"], config["seed"]) == (3, 0.05, True, 7)
    assert [type(config[name]) for name in ("depth", "lr", "any", "seed")] == [int, float, bool, int]


def test_parse_texts_types_each_text_by_its_parameter() -> None:
    space = load()
    config = space.parse_texts({"depth": " 5.0", "lr": "1e-3 ", "any": "True", "act": " elu", "drop": ".75"})
    assert config == {
        "lr": 0.001, "depth": 5, "width": 64, "act": "elu", "size": "mid", "any": True, "drop": 0.75,
        "fine": 4, "seed": 7,
    }  # fmt: skip
    assert space.parse_texts({"any": "2.50"})["any"] == 2.5
    assert type(space.parse_texts({"any": "2"})["any"]) is int


def test_parse_texts_drops_what_is_inactive_and_lets_it_be_blank() -> None:
    config = load().parse_texts({"act": "tanh", "drop": "", "fine": "nonsense"})
    assert "drop" not in config
    assert "fine" not in config


@pytest.mark.parametrize("text", ["", " ", "x", "nan", "inf", "1_0", "0x3", "2.5", "21", "١", "1e999", "9" * 5000])
def test_parse_texts_refuses_a_text_that_is_no_value(text: str) -> None:
    with pytest.raises(SpaceError, match=r"depth = .* a whole number from 1 to 20"):
        load().parse_texts({"depth": text})


def test_grid_values_hold_the_bounds_and_every_choice() -> None:
    space = load()
    assert space.grid_values("depth", 3) == [1, 10, 20]
    assert space.grid_values("depth", 20) == list(range(1, 21))
    assert space.grid_values("depth", 1) == [10]
    assert space.grid_values("width", 4) == [1, 8, 64, 512]
    assert space.grid_values("any", 1) == [2, 2.5, "auto", True]
    assert space.grid_values("lr", 5) == pytest.approx([1e-5, 1e-4, 1e-3, 1e-2, 1e-1])
    assert space.grid_values("drop", 3) == [0.0, 0.5, 1.0]
    assert space.grid_values("seed", 3) == [7]


def test_size_counts_the_configurations_of_a_finite_space() -> None:
    assert load().size() is None
    assert load(
        'a = { type = "int", lower = 1, upper = 20 }\nb = { type = "categorical", choices = ["x", "y"] }'
    ).size() == 40  # fmt: skip


def test_configuration_refuses_what_check_would_refuse() -> None:
    space = load()
    with pytest.raises(SpaceError, match="not valid here"):
        space.configuration({**space.default(), "depth": 99})


def test_minus_zero_and_zero_are_one_configuration() -> None:
    space = load('x = { type = "float", lower = -1, upper = 1 }')
    assert repr(space.parse_texts({"x": "-0"})) == repr(space.check({"x": -0.0})) == "{'x': 0.0}"
