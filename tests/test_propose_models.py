"""The models of an optimizer seed: what they predict, and how they take costs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm
from smac.model.random_forest.random_forest import RandomForest

from boxwright.propose.search.acquisition import log_expected_improvement, log_normal_expected_improvement
from boxwright.propose.search.columns import Columns, Rows
from boxwright.propose.search.forest import Forest
from boxwright.propose.search.gaussian import MOST_FOR_MEMBERS, GaussianProcess
from boxwright.propose.search.kernel import Posterior, Prior
from boxwright.propose.search.targets import Bend, drawn_in, log_scaled, with_failures
from propose_support import PLANE, make_space

MIXED = """
x = { type = "float", lower = 0, upper = 1 }
k = { type = "categorical", choices = ["a", "b", "c"] }
n = { type = "int", lower = 1, upper = 9, when = "k == b" }
"""

SMACS_FACADE: dict[str, Any] = {
    "log_y": True,
    "n_trees": 10,
    "ratio_features": 1.0,
    "min_samples_split": 2,
    "min_samples_leaf": 1,
    "n_jobs": 1,
}


def expected(cost: Callable[[float], float], mean: float, deviation: float, best: float) -> float:
    found, _ = quad(
        lambda y: (cost(best) - cost(y)) * norm.pdf(y, mean, deviation), mean - 12 * deviation, best, epsabs=0
    )
    return float(found)


def test_expected_improvement_is_that_of_the_integral() -> None:
    for mean, deviation, best in [(0.0, 1.0, 0.5), (2.0, 0.3, 1.0), (-1.0, 2.0, 1.0)]:
        given = np.array([mean]), np.array([deviation]), best
        plain = expected(lambda y: y, mean, deviation, best)
        assert math.exp(log_expected_improvement(*given)[0]) == pytest.approx(plain, rel=1e-6)
        bent = expected(math.exp, mean, deviation, best)
        assert math.exp(log_normal_expected_improvement(*given)[0]) == pytest.approx(bent, rel=1e-5)


def test_expected_improvement_falls_on_where_its_exponential_is_zero() -> None:
    means = np.array([0.0, 10.0, 100.0, 1e4, 1e9])
    found = log_expected_improvement(means, np.ones(5), -1.0)
    assert np.isfinite(found).all()
    assert (np.diff(found) < 0).all()


def test_gradient_of_the_posterior_is_that_of_its_values() -> None:
    rng = np.random.default_rng(1)
    rows = rng.random((12, 3))
    distances = np.array([(column[:, None] - column[None, :]) ** 2 for column in rows.T])
    posterior = Posterior(distances, rng.normal(size=12), Prior())
    theta = np.array([-0.5, 0.2, -1.0, 0.3, -4.0])
    _, gradient = posterior(theta)
    for j, slope in enumerate(gradient):
        step = np.zeros(5)
        step[j] = 1e-5
        assert slope == pytest.approx((posterior(theta + step)[0] - posterior(theta - step)[0]) / 2e-5, rel=1e-4)


def test_process_goes_through_what_it_was_told_and_is_unsure_elsewhere() -> None:
    columns = Columns(make_space(PLANE))
    rows = columns.draw(25, np.random.default_rng(2))
    values = np.sin(5 * rows[:, 0]) + rows[:, 1]
    process = GaussianProcess(columns)
    process.train(rows, values[:, None])
    means, variances = process.predict(rows)
    assert means[:, 0] == pytest.approx(values, abs=0.05)
    fresh = columns.draw(200, np.random.default_rng(3))
    means_there, variances_there = process.predict(fresh)
    assert variances_there.mean() > 5 * variances.mean()
    assert np.abs(means_there[:, 0] - np.sin(5 * fresh[:, 0]) - fresh[:, 1]).mean() < 0.1


def test_process_takes_two_rows_as_one_if_they_differ_only_where_they_are_inactive() -> None:
    columns = Columns(make_space(MIXED))
    rows = columns.draw(30, np.random.default_rng(4))
    shown = columns.active(rows)
    process = GaussianProcess(columns)
    process.train(shown, (rows[:, 0] + rows[:, 1])[:, None])
    one, other = np.array([[0.3, 0.0, 0.1]]), np.array([[0.3, 0.0, 0.9]])
    assert process.predict(columns.active(one))[0] == process.predict(columns.active(other))[0]
    assert process.predict(one)[0] != process.predict(np.array([[0.3, 1.0, 0.1]]))[0]


def test_process_believes_that_what_runs_turns_out_as_predicted() -> None:
    columns = Columns(make_space(PLANE))
    rows = columns.draw(10, np.random.default_rng(5))
    process = GaussianProcess(columns)
    process.train(rows, rows.sum(axis=1)[:, None])
    there = np.array([[0.95, 0.05]])
    mean, variance = process.predict(there)
    process.believe(there)
    mean_after, variance_after = process.predict(there)
    assert mean_after == pytest.approx(mean, abs=1e-3)
    assert variance_after[0, 0] < 0.2 * variance[0, 0]


def test_forest_predicts_what_smacs_own_does() -> None:
    space = make_space(PLANE)
    columns = Columns(space)
    rows = columns.draw(80, np.random.default_rng(6))
    costs = log_scaled((rows[:, 0] - 0.3) ** 2 + rows[:, 1])
    fresh = columns.draw(300, np.random.default_rng(7))
    truth = log_scaled((fresh[:, 0] - 0.3) ** 2 + fresh[:, 1])
    errors: dict[str, list[float]] = {"ours": [], "smac": []}
    for seed in range(8):
        for name, forest in (
            ("ours", Forest(columns, seed=seed)),
            ("smac", RandomForest(space.configspace, **SMACS_FACADE, max_leaf_nodes=1 << 12, seed=seed)),
        ):
            forest.train(rows, costs[:, None])
            means, variances = forest.predict(fresh)
            assert variances is not None
            assert (variances >= 0).all()
            errors[name].append(float(np.abs(means[:, 0] - truth).mean()))
    assert np.mean(errors["ours"]) == pytest.approx(np.mean(errors["smac"]), rel=0.15)


def test_failures_cost_as_much_as_the_worst_success() -> None:
    found = with_failures(np.array([math.nan, 4.0, -2.0, math.nan]))
    assert found.tolist() == [4.0, 4.0, -2.0, 4.0]


def bent(costs: Rows) -> Rows:
    bend = Bend.fitted(costs)
    return np.zeros_like(costs) if bend is None else bend.bent(costs)


def test_outlier_flattens_nothing_where_most_costs_are_the_same() -> None:
    costs = np.array([1.0] * 20 + [0.5, 0.8, 1e6])
    best, good, most, outlier = bent(costs)[[20, 21, 0, 22]]
    assert best < good < most < outlier
    assert min(good - best, most - good) > 0.05 * (outlier - best)


@pytest.mark.parametrize("transform", [bent, log_scaled, drawn_in])
@pytest.mark.parametrize(
    "costs",
    [
        [0.0] * 6,
        [2e6, 2e6, 2e6, 3e6],
        [-1e100, 1e100, 0.0, 5.0],
        [1.0],
        [1e-300, 2e-300, 1e300],
        [0.0] * 2 + [1e-300] * 3 + [1e100],
    ],
    ids=["zero", "equal", "far apart", "one", "tiny", "tiny but one"],
)
def test_targets_are_finite_and_in_the_order_of_the_costs(transform: object, costs: list[float]) -> None:
    assert callable(transform)
    targets = transform(np.array(costs))
    assert np.isfinite(targets).all()
    order = np.argsort(costs, kind="stable")
    assert (np.diff(targets[order]) >= 0).all()


@pytest.mark.parametrize("transform", [bent, log_scaled])
@pytest.mark.parametrize("unit", [2.0**-200, 2.0**200])
def test_targets_do_not_hang_on_the_unit_of_the_costs(transform: Callable[[Rows], Rows], unit: float) -> None:
    costs = np.array([3.0, 1.0, 2.0, 7.0, 2.5, 1.0])
    assert transform(unit * costs) == pytest.approx(transform(costs), rel=1e-9)


def test_outlier_does_not_flatten_the_rest() -> None:
    costs = np.append(np.linspace(0.0, 1.0, 20), 1e12)
    targets = bent(costs)
    inside = targets[:20].max() - targets[:20].min()
    assert inside > 0.2 * (targets.max() - targets.min())


def test_costs_far_above_the_rest_are_drawn_in_and_all_others_stay() -> None:
    costs = np.append(np.linspace(0.0, 1.0, 20), 1e12)
    found = drawn_in(costs)
    assert found[:20].tolist() == costs[:20].tolist()
    assert 1.0 < found[20] < 30.0


def test_members_are_draws_from_the_posterior_of_the_hyperparameters() -> None:
    rng = np.random.default_rng(3)
    rows = rng.random((6, 1))
    posterior = Posterior(np.array([(rows - rows.T) ** 2]), np.sin(6 * rows[:, 0]), Prior())
    theta, drawn = posterior.means, []
    for _ in range(600):
        theta = posterior.moved(theta, 3, rng)
        drawn.append(theta)
    axes = [
        mean + spread * np.linspace(-4, 4, 41) for mean, spread in zip(posterior.means, (0.8, 1.0, 2.0), strict=True)
    ]
    grid = np.array(np.meshgrid(*axes, indexing="ij")).reshape(3, -1).T
    values = np.array([posterior.value(place) for place in grid])
    weights = np.exp(values.min() - values)
    exact = weights @ grid / weights.sum()
    spread = np.sqrt(weights @ (grid - exact) ** 2 / weights.sum())
    assert np.abs((np.mean(drawn[50:], axis=0) - exact) / spread).max() < 0.3


def test_posterior_has_one_value_with_and_without_its_gradient() -> None:
    rng = np.random.default_rng(4)
    rows = rng.random((9, 2))
    distances = np.array([(column[:, None] - column[None, :]) ** 2 for column in rows.T])
    posterior = Posterior(distances, rng.normal(size=9), Prior())
    theta = np.array([-0.3, 0.4, 0.1, -3.0])
    assert posterior.value(theta) == pytest.approx(posterior(theta)[0], rel=1e-6)
    assert posterior.value(np.array([9.0, 0.0, 0.0, 0.0])) == math.inf


def test_process_has_members_while_runs_are_few() -> None:
    columns = Columns(make_space(PLANE))
    rng = np.random.default_rng(5)
    process = GaussianProcess(columns, members=3)
    for count, members in ((8, 3), (MOST_FOR_MEMBERS, 3), (MOST_FOR_MEMBERS + 1, 1)):
        rows = columns.draw(count, rng)
        process.train(rows, np.sin(3 * rows[:, :1]))
        assert len(process.members) == members
    process.believe(columns.draw(2, rng))
    assert len(process.members) == 1
