"""What ConfigSpace gets wrong by itself, and what holds in a space of ours."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import msgspec
import pytest
from ConfigSpace.util import get_one_exchange_neighbourhood

from boxwright.errors import SpaceError
from boxwright.scenario.parameters import SpaceTable
from boxwright.space import Space, load_space, plain_config, space_from_json, space_to_json


def load(text: str) -> Space:
    return load_space(msgspec.toml.decode(text, type=SpaceTable), place="s.toml", folder=Path())


@pytest.mark.parametrize("operator", ["==", "!=", "in"])
def test_condition_on_a_log_integer_holds_for_every_sample_of_that_integer(operator: str) -> None:
    # of these the sampled position and the position of the value differ by one unit in the last place
    right = "{14, 26, 56, 3}" if operator == "in" else "56"
    space = load(
        'n = { type = "int", lower = 1, upper = 200, log = true, default = 56 }\n'
        f'x = {{ type = "float", lower = 0, upper = 1, when = "n {operator} {right}" }}'
    )
    for configuration in space.configspace.sample_configuration(4000):
        config = plain_config(configuration)
        wanted = {"==": config["n"] == 56, "!=": config["n"] != 56, "in": config["n"] in (14, 26, 56, 3)}[operator]
        assert ("x" in config) == wanted
        assert space.check(config) == config


@pytest.mark.parametrize(
    "rule", ["x < 1.4e-12", "x > 1.5e-12", "x == 1.1e-12", "x != 1.1e-12", "x in {1.1e-12, 1e-9}"]
)
def test_condition_on_a_real_parameter_looks_at_its_rounded_value(rule: str) -> None:
    space = load(
        'x = { type = "float", lower = 1e-12, upper = 1e-8, log = true }\n'
        f'y = {{ type = "int", lower = 0, upper = 9, when = "{rule}" }}'
    )
    for configuration in space.configspace.sample_configuration(4000):
        config = plain_config(configuration)
        assert space.check(config) == config


@pytest.mark.parametrize("scale", ["lower = 1e-6, log = true", "lower = 0", "lower = -6e8"])
@pytest.mark.parametrize(
    "default", ["1873340.658", "5000.1", "503673042.136", "0.123456789012345678", "6.635663701539056"]
)
@pytest.mark.parametrize("rule", ["x == {}", "x != {}", "x < {}", "x > {}", "x in {{1, {}}}"])
def test_default_that_a_condition_names_is_the_number_as_written(rule: str, default: str, scale: str) -> None:
    written = rule.format(default)
    space = load(
        f'x = {{ type = "float", {scale}, upper = 6e8, default = {default} }}\n'
        f'y = {{ type = "int", lower = 0, upper = 9, when = "{written}" }}'
    )
    holds = rule.startswith(("x ==", "x in"))
    assert space.default() == ({"x": float(default), "y": 4} if holds else {"x": float(default)})
    assert space.check(space.default()) == space.default()
    again = space_from_json(space_to_json(space))
    assert again.default() == space.default()


def test_default_may_be_a_bound_that_rounding_moves() -> None:
    bound = 1956381.8114575588
    space = load(
        f'x = {{ type = "float", lower = {bound}, upper = 9e6, default = {bound} }}\n'
        f'y = {{ type = "int", lower = 0, upper = 9, when = "x == {bound}" }}'
    )
    assert space.default() == {"x": pytest.approx(bound, rel=1e-15), "y": 4}
    with pytest.raises(SpaceError, match="must be a number from"):
        space.check({"x": bound - 1e-6, "y": 4})


def test_default_that_is_named_in_a_narrow_range_on_a_log_scale() -> None:
    lower, upper, default = 122.30462366212124, 122.31041763164865, 122.30534622271753
    space = load(
        f'x = {{ type = "float", lower = {lower}, upper = {upper}, default = {default}, log = true }}\n'
        f'y = {{ type = "int", lower = 0, upper = 9, when = "x == {default}" }}'
    )
    assert space.default() == {"x": default, "y": 4}


def test_default_of_a_distribution_is_the_number_as_written() -> None:
    space = load('x = { type = "normal", mu = 1e6, sigma = 1e5, lower = 0, upper = 9e6, default = 1873340.658 }')
    assert space.default() == space_from_json(space_to_json(space)).default() == {"x": 1873340.658}


def test_unequal_does_not_hold_for_an_inactive_parent() -> None:
    space = load(
        'a = { type = "categorical", choices = ["x", "y"] }\n'
        'b = { type = "categorical", choices = ["u", "v"], when = "a == x" }\n'
        'c = { type = "int", lower = 0, upper = 9, when = "b != u" }'
    )
    assert space.parse_texts({"a": "y"}) == {"a": "y"}
    assert not any("c" in k and "b" not in k for k in map(plain_config, space.configspace.sample_configuration(200)))


def test_neighbour_switches_on_all_that_hangs_on_a_change() -> None:
    space = load(
        'a = { type = "categorical", choices = ["x", "y"], default = "y" }\n'
        'b = { type = "categorical", choices = ["u", "v"], when = "a == x" }\n'
        'c = { type = "categorical", choices = ["m", "n"], when = "b == u" }\n'
        'd = { type = "int", lower = 0, upper = 9, when = "c == m && a != y" }'
    )
    neighbours = get_one_exchange_neighbourhood(space.configspace.get_default_configuration(), seed=1)
    assert [space.check(plain_config(found)) for found in neighbours] == [{"a": "x", "b": "u", "c": "m", "d": 4}]


def test_neighbour_heeds_forbidden_clauses_of_what_a_change_switches_on() -> None:
    space = load(
        'a = { type = "categorical", choices = ["x", "y"], default = "y" }\n'
        'b = { type = "int", lower = 0, upper = 9, default = 3, when = "a == x" }\n'
        'c = { type = "int", lower = 0, upper = 9, default = 5 }\n'
        'forbidden = ["{b * c > 10}"]'
    )
    default = space.configspace.get_default_configuration()
    found = [plain_config(neighbour) for neighbour in get_one_exchange_neighbourhood(default, seed=1)]
    assert found
    assert all(config["a"] == "y" for config in found)


def test_and_and_or_of_the_same_parts_are_two_conditions() -> None:
    space = load(
        'a = { type = "categorical", choices = ["x", "y"] }\nb = { type = "categorical", choices = ["u", "v"] }\n'
        'both = { type = "int", lower = 0, upper = 9, when = "a == x && b == u" }\n'
        'one = { type = "int", lower = 0, upper = 9, when = "a == x || b == u" }'
    )
    for config in map(plain_config, space.configspace.sample_configuration(100)):
        assert ("both" in config) == (config["a"] == "x" and config["b"] == "u")
        assert ("one" in config) == (config["a"] == "x" or config["b"] == "u")


def test_long_chain_of_conditions_is_taken_up_in_no_time() -> None:
    # ConfigSpace alone needs time that doubles with each link
    chain = "".join(
        f'p{n} = {{ type = "float", lower = 0, upper = 1, when = "p{n - 1} > 0.1" }}\n' for n in range(1, 60)
    )
    space = load('p0 = { type = "float", lower = 0, upper = 1 }\n' + chain)
    assert len(space.default()) == 60
    for configuration in space.configspace.sample_configuration(20):
        assert space.check(plain_config(configuration))


def test_space_with_an_expression_can_be_pickled_and_copied() -> None:
    space = load('a = { type = "int", lower = 0, upper = 9 }\nforbidden = ["{a^2 > 30}"]')
    for other in (pickle.loads(pickle.dumps(space.configspace)), copy.deepcopy(space.configspace)):
        assert other == space.configspace
        assert {config["a"] for config in other.sample_configuration(200)} == {0, 1, 2, 3, 4, 5}
    assert copy.copy(space.configspace.forbidden_clauses[0]) == space.configspace.forbidden_clauses[0]
    assert space.configspace.forbidden_clauses[0].to_dict() == {"type": "EXPRESSION", "expression": "a^2 > 30"}


def test_plain_config_gives_python_types_that_survive() -> None:
    space = load(
        'flag = { type = "categorical", choices = [true, false] }\n'
        'mixed = { type = "categorical", choices = [2, 2.5, true] }\n'
        'whole = { type = "ordinal", sequence = [1, 2.5] }\n'
        'text = { type = "categorical", choices = ["a", "b"] }\n'
        'n = { type = "int", lower = 0, upper = 3 }\nx = { type = "float", lower = 0, upper = 3 }'
    )
    kinds = {name: set[type]() for name in space.names}
    for configuration in space.configspace.sample_configuration(100):
        for name, value in plain_config(configuration).items():
            kinds[name].add(type(value))
    assert kinds == {
        "flag": {bool}, "mixed": {int, float, bool}, "whole": {int, float}, "text": {str}, "n": {int}, "x": {float}
    }  # fmt: skip
