"""Parzen estimators: densities over mixed and conditional spaces, and what they find promising."""

from __future__ import annotations

import numpy as np
import pytest

from boxwright.propose.search.columns import Columns
from boxwright.propose.search.parzen import Mixture, promising
from propose_support import make_space

LINE = "x = { type = 'float', lower = 0, upper = 1 }"
MIXED = """
x = { type = "float", lower = 0, upper = 1 }
k = { type = "categorical", choices = ["a", "b", "c"] }
n = { type = "int", lower = 1, upper = 4, when = "k == b" }
o = { type = "ordinal", sequence = ["s", "m", "l"] }
forbidden = ["{k=a, o=l}"]
"""


def test_density_over_a_number_integrates_to_one_with_and_without_known_runs() -> None:
    columns = Columns(make_space(LINE))
    places = (np.arange(4000) + 0.5)[:, None] / 4000
    for known in ([], [0.0], [0.2, 0.21, 0.9, 1.0]):
        mixture = Mixture(columns, np.array(known, dtype=np.float64).reshape(-1, 1))
        assert np.exp(mixture.log_density(places)).mean() == pytest.approx(1.0, rel=1e-3)


def test_density_over_choices_sums_to_one_and_is_highest_where_runs_are() -> None:
    columns = Columns(make_space("k = { type = 'categorical', choices = ['a', 'b', 'c'] }"))
    mixture = Mixture(columns, np.array([[1.0], [1.0], [2.0]]))
    density = np.exp(mixture.log_density(np.array([[0.0], [1.0], [2.0]])))
    assert density.sum() == pytest.approx(1.0)
    assert density[1] > density[2] > density[0] > 0.05


def test_draws_follow_the_density() -> None:
    columns = Columns(make_space(LINE))
    mixture = Mixture(columns, np.array([[0.1], [0.15], [0.8]]))
    drawn = np.sort(mixture.draw(4000, np.random.default_rng(1))[:, 0])
    places = (np.arange(4000) + 0.5) / 4000
    cumulated = np.cumsum(np.exp(mixture.log_density(places[:, None]))) / 4000
    assert np.abs(np.interp(drawn, places, cumulated) - places).max() < 0.03


def test_promising_rows_lie_in_the_space_and_near_what_was_good() -> None:
    space = make_space(MIXED)
    columns, rng = Columns(space), np.random.default_rng(2)
    rows = columns.draw(60, rng)
    rows = rows[~columns.forbidden(columns.active(rows))]
    costs = np.abs(rows[:, 0] - 0.3) + (rows[:, 1] != 1.0)
    found = promising(columns, rows, costs, np.empty((0, 4)), rng)
    assert len(found) > 10
    for row in found:
        config = columns.config(row)
        assert config is not None
        assert space.check(config) == config
    assert abs(found[0][0] - 0.3) < 0.15
    assert np.median(np.abs(found[:, 0] - 0.3)) < 0.75 * np.median(np.abs(rows[:, 0] - 0.3))


def test_promising_rows_keep_away_from_what_runs_already() -> None:
    columns = Columns(make_space(LINE))
    rows = np.append([0.2, 0.8], np.linspace(0.0, 1.0, 18))[:, None]
    costs = np.append([0.0, 0.0], np.ones(18))

    def places_of_the_near(running: list[float]) -> float:
        found = promising(columns, rows, costs, np.array(running).reshape(-1, 1), np.random.default_rng(3))
        return float(np.flatnonzero(np.abs(found[:, 0] - 0.2) < 0.1).mean()) / len(found)

    assert places_of_the_near([0.2] * 6) > places_of_the_near([]) + 0.05


def test_promising_rows_are_found_when_all_but_one_run_failed() -> None:
    columns = Columns(make_space(MIXED))
    rows = columns.draw(30, np.random.default_rng(4))
    costs = np.full(30, np.nan)
    costs[7] = 3.0
    assert len(promising(columns, rows, costs, rows[:1], np.random.default_rng(5)))
