"""Distributions: the same quantiles as scipy.stats, within the bounds, and honest about nonsense."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from scipy import stats

from boxwright.errors import SpaceError
from boxwright.scenario.parameters import (
    BetaParameter,
    LognormalParameter,
    NormalParameter,
    SpaceTable,
    TriangularParameter,
)
from boxwright.space import Space, load_space
from boxwright.space.distributions import DistributionParameter, make_distribution

CASES: list[tuple[DistributionParameter, Any]] = [
    (NormalParameter(mu=3, sigma=2), stats.norm(3, 2)),
    (NormalParameter(mu=3, sigma=2, lower=0, upper=4), stats.truncnorm(-1.5, 0.5, 3, 2)),
    (NormalParameter(mu=0, sigma=1, lower=5, upper=9), stats.truncnorm(5, 9)),
    (NormalParameter(mu=0, sigma=1, lower=-7, upper=-5), stats.truncnorm(-7, -5)),
    (NormalParameter(mu=0, sigma=1, lower=-1), stats.truncnorm(-1, np.inf)),
    (LognormalParameter(mu=1, sigma=0.5), stats.lognorm(0.5, scale=math.e)),
    (TriangularParameter(lower=-1, mode=2, upper=3), stats.triang(0.75, -1, 4)),
    (TriangularParameter(lower=0, mode=0, upper=1), stats.triang(0, 0, 1)),
    (TriangularParameter(lower=0, mode=1, upper=1), stats.triang(1, 0, 1)),
    (BetaParameter(alpha=2, beta=5), stats.beta(2, 5)),
    (BetaParameter(alpha=0.5, beta=0.5, lower=-2, upper=2), stats.beta(0.5, 0.5, -2, 4)),
]


def load(text: str) -> Space:
    return load_space(msgspec.toml.decode(text, type=SpaceTable), place="mc.toml", folder=Path())


@pytest.mark.parametrize(("parameter", "wanted"), CASES, ids=lambda case: type(case).__name__)
def test_distribution_has_the_quantiles_of_scipy(parameter: DistributionParameter, wanted: Any) -> None:
    u = np.linspace(1e-9, 1 - 1e-9, 1001)
    found = make_distribution(parameter, "x").ppf(u)
    np.testing.assert_allclose(found, wanted.ppf(u), rtol=1e-7, atol=1e-10)
    assert make_distribution(parameter, "x").ppf(0.25) == pytest.approx(float(wanted.ppf(0.25)))


def test_lognormal_is_truncated_where_bounds_are_given() -> None:
    found = make_distribution(LognormalParameter(mu=0, sigma=1, lower=0.5, upper=2), "x").ppf(np.linspace(0, 1, 101))
    edge = math.log(2)
    wanted = np.exp(stats.truncnorm(-edge, edge).ppf(np.linspace(0, 1, 101)))
    np.testing.assert_allclose(found, wanted, rtol=1e-9)


@pytest.mark.parametrize("parameter", [case[0] for case in CASES], ids=lambda case: type(case).__name__)
def test_distribution_stays_within_its_bounds_at_both_ends(parameter: DistributionParameter) -> None:
    distribution = make_distribution(parameter, "x")
    assert distribution.ppf(0.0) == pytest.approx(distribution.lower, rel=1e-14)
    assert distribution.ppf(1.0) == pytest.approx(distribution.upper, rel=1e-14)
    assert distribution.lower <= distribution.default <= distribution.upper


def test_distribution_default_is_the_median_unless_given() -> None:
    space = load(
        'a = { type = "normal", mu = 3, sigma = 1 }\n'
        'b = { type = "triangular", lower = 0, mode = 1, upper = 2 }\n'
        'c = { type = "beta", alpha = 2, beta = 5, default = 0.125 }\n'
    )
    assert space.default() == {"a": 3.0, "b": 1.0, "c": 0.125}


def test_space_names_the_parameters_that_an_optimizer_cannot_search() -> None:
    space = load(
        'a = { type = "normal", mu = 0, sigma = 1 }\n'
        'b = { type = "normal", mu = 0, sigma = 1, lower = -1, upper = 1 }\n'
        'c = { type = "lognormal", mu = 0, sigma = 1, upper = 9 }\n'
        'd = { type = "float", lower = 0, upper = 1 }\n'
    )
    assert space.unbounded == ("a", "c")
    assert set(space.distributions) == {"a", "b", "c"}
    assert space.size() is None
    assert space.grid_values("b", 3)[0] == -1.0


def test_space_draws_from_the_distribution() -> None:
    space = load('a = { type = "normal", mu = 10, sigma = 2, lower = 8, upper = 11 }')
    drawn = [space.from_unit([u]) for u in np.random.default_rng(1).random(4000)]
    values = [float(config["a"]) for config in drawn if config is not None]
    assert stats.kstest(values, stats.truncnorm(-1, 0.5, 10, 2).cdf).pvalue > 0.001


@pytest.mark.parametrize(
    ("table", "wanted"),
    [
        ('type = "normal", mu = 0, sigma = 1, lower = 2, upper = 1', "lower must be below upper, found 2.0 and 1.0"),
        ('type = "normal", mu = 0, sigma = 1, lower = 40, upper = 41', "no probability is left between the bounds"),
        ('type = "normal", mu = inf, sigma = 1', "mc.toml: space.x.mu: a finite number is needed"),
        ('type = "normal", mu = 0, sigma = 1, default = 9', "default = 9.0 is outside -8.0 to 8.0"),
        ('type = "lognormal", mu = 0, sigma = 1, lower = -1', "a lognormal value is above 0, found lower = -1.0"),
        ('type = "lognormal", mu = 1000, sigma = 1', "too large"),
        ('type = "lognormal", mu = -40, sigma = 0.1', "13 decimals are kept"),
        ('type = "triangular", lower = 0, mode = 3, upper = 2', "mode = 3.0 is outside 0.0 to 2.0"),
        ('type = "beta", alpha = 1, beta = 1, lower = 1', "lower must be below upper, found 1.0 and 1.0"),
    ],
)
def test_distribution_refuses(table: str, wanted: str) -> None:
    with pytest.raises(SpaceError) as raised:
        load(f"x = {{ {table} }}")
    assert wanted in str(raised.value)
    assert str(raised.value).startswith("mc.toml: space.x")
