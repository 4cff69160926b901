"""What is known of elsewhere: which of it is the best, and that nothing of it is drawn again."""

from __future__ import annotations

from pathlib import Path

import pytest

from boxwright.propose.base import Told
from boxwright.propose.shared import SharedModel
from boxwright.propose.warm import Warm
from boxwright.scenario.optimizer import Optimizer
from boxwright.terms import Status, Trial
from propose_support import make_space


def warm(*runs: tuple[int, float | None], noisy: bool = False) -> Warm:
    told = [
        Told(Trial(-number, {"a": value}), Status.CRASHED if cost is None else Status.SUCCESS, cost)
        for number, (value, cost) in enumerate(runs, 1)
    ]
    return Warm(told, noisy=noisy)


@pytest.mark.parametrize(("noisy", "best"), [(False, 1), (True, 2)])
def test_best_known_one_is_that_of_the_least_cost_or_with_noise_of_the_least_mean(noisy: bool, best: int) -> None:
    assert warm((1, 0.0), (2, 3.0), (1, 9.0), (2, 2.0), noisy=noisy).best == {"a": best}


@pytest.mark.parametrize(("noisy", "best"), [(False, 1), (True, 2)])
def test_known_one_of_which_a_run_has_failed_comes_last_where_noise_is(noisy: bool, best: int) -> None:
    known = warm((1, 0.0), (1, None), (2, 3.0), (3, None), noisy=noisy)
    assert known.best == {"a": best}
    assert known.left(set()) == known.best
    assert known.left({'{"a":1}', '{"a":2}'}) is None


def test_nothing_that_is_known_is_drawn_where_seeds_collide(tmp_path: Path) -> None:
    space = make_space("a = { type = 'int', lower = 1, upper = 4 }")
    known = warm((1, 1.0), (2, None), (3, 2.0))
    model = SharedModel(space, Optimizer(runs=9), 1, tmp_path, print, warm=known)
    assert {str(model._draw_free(model._seeds[0], collisions)) for collisions in range(20)} == {"{'a': 4}"}
