"""Designs drawn in the unit cube: Monte Carlo, Sobol, Latin hypercube."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from boxwright.errors import SpaceError
from boxwright.propose.designs import design_size, make_design
from boxwright.scenario.designs import LatinHypercube, MonteCarlo, PointDesign, Sobol
from boxwright.space import Space
from boxwright.terms import Config
from propose_support import make_space

PLANE = """
x = { type = "float", lower = 0, upper = 1 }
y = { type = "float", lower = 10, upper = 20 }
"""

MIXED = """
lr = { type = "float", lower = 1e-6, upper = 1, log = true }
units = { type = "int", lower = 1, upper = 512, log = true }
opt = { type = "categorical", choices = ["sgd", "adam"] }
momentum = { type = "float", lower = 0, upper = 1, when = "opt == sgd" }
forbidden = ["{opt=adam, units=1}"]
"""

KINDS: list[type[MonteCarlo] | type[Sobol]] = [MonteCarlo, Sobol]


def points(settings: PointDesign, space: Space, stages: Sequence[int] = ()) -> list[Config]:
    return list(make_design(settings, space, folder=Path(), stages=stages))


def strata(configs: Sequence[Config], count: int) -> tuple[list[int], list[int]]:
    """Return in which of so many equal parts of their ranges the x and y lie."""
    xs = [int(float(config["x"]) * count) for config in configs]
    ys = [int((float(config["y"]) - 10) / 10 * count) for config in configs]
    return sorted(xs), sorted(ys)


@pytest.mark.parametrize("kind", [MonteCarlo, Sobol, LatinHypercube])
def test_design_is_a_function_of_its_seed(kind: type[MonteCarlo] | type[Sobol] | type[LatinHypercube]) -> None:
    space = make_space(MIXED)
    assert points(kind(runs=9, seed=3), space) == points(kind(runs=9, seed=3), space)
    assert points(kind(runs=9, seed=3), space) != points(kind(runs=9, seed=4), space)


@pytest.mark.parametrize("kind", KINDS)
def test_design_begins_with_the_points_of_a_smaller_one(kind: type[MonteCarlo] | type[Sobol]) -> None:
    space = make_space(MIXED)
    assert points(kind(runs=100), space)[:7] == points(kind(runs=7), space)
    assert points(kind(runs=7), space, stages=[7, 100]) == points(kind(runs=100), space)


@pytest.mark.parametrize("kind", [MonteCarlo, Sobol, LatinHypercube])
def test_design_holds_only_allowed_and_typed_configurations(
    kind: type[MonteCarlo] | type[Sobol] | type[LatinHypercube],
) -> None:
    space = make_space(MIXED)
    configs = points(kind(runs=150), space)
    assert len(configs) == 150
    assert design_size(kind(runs=150), space, Path()) == 150
    assert all(space.check(config) == config for config in configs)
    assert {config["opt"] for config in configs} == {"sgd", "adam"}
    assert all(("momentum" in config) == (config["opt"] == "sgd") for config in configs)
    assert any(config["units"] == 1 for config in configs)
    assert all(type(config["units"]) is int for config in configs)


@pytest.mark.parametrize("kind", [MonteCarlo, Sobol, LatinHypercube])
def test_design_says_so_when_next_to_everything_is_forbidden(
    kind: type[MonteCarlo] | type[Sobol] | type[LatinHypercube],
) -> None:
    space = make_space("n = { type = 'int', lower = 1, upper = 9999999, default = 1 }\nforbidden = ['{n > 1}']")
    with pytest.raises(SpaceError, match=r"space: 10000 points drawn in a row are forbidden\."):
        points(kind(runs=2), space)


def test_sobol_fills_every_quarter_with_its_first_four_points() -> None:
    configs = points(Sobol(runs=4), make_space(PLANE))
    assert strata(configs, 4) == ([0, 1, 2, 3], [0, 1, 2, 3])


@pytest.mark.parametrize("count", [1, 5, 64])
def test_latin_hypercube_has_one_point_in_each_stratum_of_each_parameter(count: int) -> None:
    configs = points(LatinHypercube(runs=count), make_space(PLANE))
    assert strata(configs, count) == (list(range(count)), list(range(count)))


def test_latin_hypercube_keeps_its_points_and_fills_empty_strata_when_it_is_extended() -> None:
    space = make_space(PLANE)
    first = points(LatinHypercube(runs=6), space)
    second = points(LatinHypercube(runs=6), space, stages=[6, 10])
    third = points(LatinHypercube(runs=6), space, stages=[6, 10, 30])
    assert second[:6] == first
    assert third[:10] == second
    assert len(third) == 30
    for old, new, size in ((first, second, 10), (second, third, 30)):
        for taken, filled in zip(strata(old, size), strata(new[len(old) :], size), strict=True):
            assert len(set(filled)) == len(filled)
            assert not set(filled) & set(taken)


def test_latin_hypercube_doubled_is_a_latin_hypercube_again() -> None:
    configs = points(LatinHypercube(runs=8), make_space(PLANE), stages=[8, 16])
    assert strata(configs, 16) == (list(range(16)), list(range(16)))


def test_latin_hypercube_keeps_its_strata_where_some_points_are_forbidden() -> None:
    space = make_space("""
        x = { type = "float", lower = 0, upper = 1 }
        y = { type = "float", lower = 10, upper = 20 }
        forbidden = ["{x > 0.6 && y > 16}"]
    """)
    configs = points(LatinHypercube(runs=20), space)
    assert not any(float(config["x"]) > 0.6 and float(config["y"]) > 16 for config in configs)
    xs, ys = strata(configs, 20)
    assert len(set(xs)) >= 18
    assert len(set(ys)) >= 18
