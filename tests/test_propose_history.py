"""What one optimizer seed has heard, run by run and configuration by configuration."""

from __future__ import annotations

import math

import numpy as np
import pytest

from boxwright.propose.search.columns import Columns
from boxwright.propose.search.history import COST_LIMIT, History
from propose_support import PLANE, make_space

A, B = {"x": 1.0, "y": 2.0}, {"x": 3.0, "y": 4.0}


def make_history(*, noisy: bool) -> History:
    return History(Columns(make_space(PLANE)), noisy=noisy)


def test_noisy_history_averages_the_runs_of_a_configuration() -> None:
    history = make_history(noisy=True)
    for number, (config, cost) in enumerate(((A, 1.0), (B, 5.0), (A, 2.0), (A, None))):
        history.ended(config, cost, number)
    settled = history.settled()
    assert settled.costs.tolist() == [1.5, 5.0]
    assert settled.calls.tolist() == [3, 1]
    rows, costs = history.runs()
    assert rows.shape == (4, 2)
    np.testing.assert_equal(costs, [1.0, 2.0, math.nan, 5.0])


def test_history_without_noise_knows_the_latest_run_of_a_configuration_only() -> None:
    history = make_history(noisy=False)
    for number, cost in enumerate((None, 7.0)):
        history.ended(A, cost, number)
    assert history.settled().costs.tolist() == [7.0]
    assert len(history.runs()[1]) == 1


def test_a_repeat_that_ends_leaves_another_one_running() -> None:
    history = make_history(noisy=True)
    history.began(A)
    history.began(A)
    history.ended(A, 1.0, 1)
    assert len(history.running()) == 1
    history.ended(A, 1.0, 2)
    assert len(history.running()) == 0


def test_what_is_announced_twice_without_noise_runs_once() -> None:
    history = make_history(noisy=False)
    history.began(A)
    history.began(A)
    history.ended(A, 1.0, 1)
    assert len(history.running()) == 0


def test_release_takes_back_what_neither_runs_nor_ran() -> None:
    history = make_history(noisy=False)
    history.began(A)
    history.release(A)
    assert history.taken
    history.ended(A, 1.0, 1)
    history.release(A)
    assert history.taken


@pytest.mark.parametrize(("cost", "kept"), [(math.inf, math.nan), (1e300, COST_LIMIT), (-1e300, -COST_LIMIT)])
def test_costs_that_no_model_can_use_are_failures_or_cut(cost: float, kept: float) -> None:
    history = make_history(noisy=False)
    history.ended(A, cost, 1)
    np.testing.assert_equal(history.settled().costs, [kept])


def test_of_a_trial_that_ran_once_more_the_latest_outcome_counts() -> None:
    history = make_history(noisy=True)
    for trial, cost in ((1, None), (2, 4.0), (1, 2.0)):
        history.ended(A, cost, trial)
    settled = history.settled()
    assert (settled.costs.tolist(), settled.calls.tolist(), settled.failed.tolist()) == ([3.0], [2], [False])


def test_a_run_of_elsewhere_that_ends_leaves_the_same_configuration_running_here() -> None:
    history = make_history(noisy=True)
    history.began(A)
    history.ended(A, 1.0, -1)
    assert len(history.running()) == 1
    assert history.settled().costs.tolist() == [1.0]
