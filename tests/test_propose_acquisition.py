"""What a place promises: probabilities, bounds and draws, in numbers that do not underflow."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest
from scipy.stats import norm

from boxwright.propose.search.acquisition import (
    bound_width,
    log_gain,
    log_gain_of_bound,
    log_probability_of_improvement,
)
from boxwright.propose.search.climb import Effort
from boxwright.propose.search.columns import Columns
from boxwright.propose.search.engine import Engine, Kind
from boxwright.propose.search.forest import Forest
from boxwright.propose.search.gaussian import GaussianProcess
from boxwright.scenario.kinds import Acquisition
from boxwright.terms import Config
from propose_support import PLANE, make_space, plane_cost

MIXED = """
x = { type = "float", lower = 0, upper = 1 }
k = { type = "categorical", choices = ["a", "b", "c"] }
"""

ONES = np.ones(6)
FAR = np.array([-3.0, 0.0, 10.0, 40.0, 1e4, 1e9])


def test_probability_of_improvement_is_that_of_the_normal_distribution() -> None:
    found = math.exp(log_probability_of_improvement(np.array([2.0]), np.array([0.5]), 1.5)[0])
    assert found == pytest.approx(norm.cdf(1.5, 2.0, 0.5))


def test_confidence_bound_prefers_the_lower_one_and_takes_doubt_for_promise() -> None:
    sure, unsure, worse = log_gain_of_bound(np.array([1.0, 1.0, 3.0]), np.array([0.1, 1.0, 1.0]), 0.5, 4.0)
    assert unsure > sure
    assert unsure > worse
    assert 1.0 < bound_width(10, 2) < bound_width(100, 2) < bound_width(100, 20) < 10.0


@pytest.mark.parametrize(
    "promise",
    [
        lambda means: log_probability_of_improvement(means, ONES, -1.0),
        lambda means: log_gain_of_bound(means, ONES, -1.0, 2.0),
        lambda means: log_gain(means, -1.0),
    ],
    ids=["pi", "lcb", "ts"],
)
def test_promise_falls_on_where_its_exponential_is_zero(promise: object) -> None:
    assert callable(promise)
    found = promise(FAR)
    assert np.isfinite(found).all()
    assert (np.diff(found) < 0).all()


def test_functions_drawn_from_a_process_are_those_that_it_predicts() -> None:
    columns = Columns(make_space(MIXED))
    rng = np.random.default_rng(1)
    rows = columns.draw(8, rng)
    process = GaussianProcess(columns)
    process.train(rows, (np.sin(6 * rows[:, 0]) + rows[:, 1])[:, None])
    fresh = np.vstack([columns.draw(12, rng), rows[:2]])
    draws = np.array([process.sample(rng)(fresh) for _ in range(300)])
    means, variances = process.predict(fresh)
    deviations = np.sqrt(variances[:, 0])
    assert np.abs(draws.mean(axis=0) - means[:, 0]).max() < 0.25 * deviations.max()
    assert draws.std(axis=0) == pytest.approx(deviations, rel=0.3, abs=0.1 * deviations.max())
    near = np.array([[0.65, 0.0], [0.66, 0.0]])
    one, other = np.array([process.sample(rng)(near) for _ in range(200)]).T
    assert np.corrcoef(one, other)[0, 1] > 0.9, "neighbours are drawn together, not each by itself"


def test_function_drawn_from_a_forest_is_one_of_its_trees() -> None:
    columns = Columns(make_space(PLANE))
    rng = np.random.default_rng(2)
    rows = columns.draw(40, rng)
    forest = Forest(columns, seed=1)
    forest.train(rows, rows.sum(axis=1)[:, None])
    draws = {tuple(forest.sample(rng)(rows)) for _ in range(200)}
    assert 5 <= len(draws) <= 10
    assert np.mean(list(draws), axis=0) == pytest.approx(forest.predict(rows)[0][:, 0], abs=0.15)


@pytest.mark.parametrize("acquisition", ["pi", "lcb", "ts"])
@pytest.mark.parametrize("model", ["gp", "rf"])
def test_seed_finds_lower_ground_whatever_it_goes_by(acquisition: Acquisition, model: Literal["gp", "rf"]) -> None:
    space, effort = make_space(PLANE), Effort(challengers=100, around=50, neighbours=12, steps=5)
    engine = Engine(space, 1, Kind(model, acquisition), effort)
    known: list[Config] = [{"x": x, "y": y} for x in (-4.0, -1.0, 2.0, 5.0, 8.5) for y in (1.0, 8.0, 14.0)]
    for number, config in enumerate(known):
        engine.tell(config, None if float(config["x"]) > 8 else plane_cost(config), number)
    proposed = []
    for _ in range(3):
        found = engine.ask()
        assert found is not None
        engine.running(found[0])
        proposed.append(plane_cost(found[0]))
    assert np.median(proposed) < np.median([plane_cost(config) for config in known]) / 2
