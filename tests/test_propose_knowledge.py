"""What the seeds of a study know together."""

from __future__ import annotations

import pytest

from boxwright.propose.base import Told
from boxwright.propose.knowledge import Knowledge
from boxwright.propose.protocol import Tell
from boxwright.propose.warm import Warm
from boxwright.terms import Config, Status, Trial

A: Config = {"x": 0.5}


def settled(number: int, cost: float | None, repeat: int = 0) -> Told:
    status = Status.CRASHED if cost is None else Status.SUCCESS
    return Told(Trial(number, A, seed=repeat, origin="model gp"), status, cost)


def make_knowledge(target: float | None = None) -> Knowledge:
    return Knowledge(Warm(), noisy=True, max_config_calls=3, study_seed=0, target=target)


def test_of_a_trial_that_ran_once_more_the_latest_outcome_counts() -> None:
    known = make_knowledge(target=2.0)
    for told in (settled(1, None), settled(2, 5.0, repeat=1), settled(1, 1.0)):
        known.end(told)
    assert known.finished == 2
    heard = [message for message in known.messages(1) if isinstance(message, Tell)]
    assert [(message.trial, message.cost) for message in heard] == [(2, 5.0), (1, 1.0)]


@pytest.mark.parametrize(("second", "wanted"), [(1.0, A), (3.0, None)])
def test_what_failed_first_is_good_enough_once_it_has_run_again_and_reached_the_target(
    second: float, wanted: Config | None
) -> None:
    known = make_knowledge(target=2.0)
    known.end(settled(1, None))
    known.end(settled(1, second))
    assert known.unconfirmed() == wanted
