"""How much better a proposal is expected to be is said in units of the cost, whatever scale the model sees."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from boxwright.propose.search.climb import Effort
from boxwright.propose.search.columns import Columns
from boxwright.propose.search.engine import Engine, Kind
from boxwright.propose.search.gain import expected_gain
from boxwright.propose.search.models import Models
from boxwright.propose.search.targets import Bend, log_scaled
from propose_support import PLANE, make_space, plane_cost

COSTS = {
    "even": np.linspace(-3.0, 5.0, 40),
    "orders of magnitude": 10.0 ** np.linspace(-4, 4, 40),
    "long to the left": -(10.0 ** np.linspace(0, 2, 40)),
    "one outlier": np.append(np.linspace(1.0, 2.0, 20), 1e6),
}


@pytest.mark.parametrize("name", COSTS)
def test_bent_costs_are_bent_back(name: str) -> None:
    bend = Bend.fitted(COSTS[name])
    assert bend is not None
    assert bend.costs(bend.bent(COSTS[name])) == pytest.approx(COSTS[name], rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", COSTS)
def test_expected_gain_is_the_mean_fall_below_the_best_cost(name: str) -> None:
    bend = Bend.fitted(COSTS[name])
    assert bend is not None
    targets = bend.bent(COSTS[name])
    best, mean, deviation = float(targets.min()), float(targets.min()) + 0.1, 0.2
    drawn = bend.costs(mean + deviation * np.random.default_rng(1).normal(size=400_000))
    falls = np.maximum(bend.costs(np.array([best]))[0] - drawn, 0.0)
    assert expected_gain(bend, mean, deviation, best) == pytest.approx(falls.mean(), rel=0.03)


def test_gain_of_the_forest_is_the_mean_fall_below_its_best_in_units_of_the_cost() -> None:
    columns, rng = Columns(make_space(PLANE)), np.random.default_rng(3)
    rows, costs = columns.draw(12, rng), np.append(np.linspace(10.0, 11.0, 11), 0.0)  # one is far below the rest
    models = Models(columns, noisy=False, rng=rng, random_seed=1)
    models.fit_forest(rows, costs, "ei")
    assert models.gain is not None
    assert models._forest is not None
    reach, floor = np.polyfit(np.exp(log_scaled(costs)), costs, 1)
    best = floor + reach * np.exp(models._forest.predict(rows)[0].min())
    for shown in rows[-1] + np.array([[0.0, 0.0], [0.05, 0.05], [-0.1, 0.0]]):
        means, variances = models._forest.predict(shown[None])
        assert variances is not None
        drawn = floor + reach * np.exp(means[0, 0] + np.sqrt(variances[0, 0]) * rng.normal(size=400_000))
        falls = np.maximum(best - drawn, 0.0)
        assert models.gain(shown[None]) == pytest.approx(falls.mean(), rel=0.05, abs=1e-3)


def test_costs_that_are_all_the_same_have_no_scale() -> None:
    assert Bend.fitted(np.full(5, 2.0)) is None
    assert np.full(3, 0.1).std() > 0  # by rounding
    assert Bend.fitted(np.full(3, 0.1)) is None


@pytest.mark.parametrize("model", ["gp", "rf"])
def test_engine_expects_as_much_as_the_unit_of_the_costs_says(model: Literal["gp", "rf"]) -> None:
    gains = []
    for unit in (1.0, 1000.0):
        space = make_space(PLANE)
        engine = Engine(space, 1, Kind(model=model, random_share=0.0), Effort(challengers=100, steps=3))
        for number, point in enumerate(np.random.default_rng(2).random((12, 2))):
            config = space.from_unit(point.tolist())
            assert config is not None
            engine.tell(config, unit * plane_cost(config), number)
        found = engine.ask()
        assert found is not None
        assert engine.expected_improvement(space.default()) is None
        gain = engine.expected_improvement(found[0])
        assert gain is not None
        gains.append(gain)
    assert 0.0 < gains[0] < 100.0
    # Of places that a forest takes for equal, rounding decides which is proposed.
    assert gains[1] == pytest.approx(1000.0 * gains[0], rel=0.05 if model == "gp" else 0.3)


def test_chance_has_no_expectation() -> None:
    space = make_space(PLANE)
    engine = Engine(space, 1, Kind(), Effort())
    found = engine.ask()
    assert found is not None
    assert engine.expected_improvement(found[0]) is None
