"""What runs count as: SMAC v2's table of outcomes and objectives, row by row."""

from __future__ import annotations

import pytest

from boxwright.scenario.model import Limits, Objective
from boxwright.study.costs import is_without_answer, outcome_cost, scored
from boxwright.terms import Direction, Outcome, Status

PAR10 = Objective(metric="runtime", par=10.0)
QUALITY = Objective(penalty=1e9)
PLAIN = Objective()
LIMITS = Limits(cutoff_s=5.0)


def cost(objective: Objective, status: Status, quality: float | None = None, reported: float | None = None) -> object:
    value = quality if reported is None else reported
    metrics = {} if value is None else {objective.metric: value}
    outcome = scored(Outcome(status, quality=quality, metrics=metrics), objective, LIMITS)
    return outcome_cost(outcome, objective)


@pytest.mark.parametrize(
    ("status", "runtime_s", "wanted"),
    [
        (Status.SUCCESS, 1.5, 1.5),
        (Status.SUCCESS, 0.01, 0.01),
        (Status.SUCCESS, 5.0, 50.0),
        (Status.SUCCESS, 7.0, 50.0),
        (Status.TIMEOUT, 3.0, 50.0),
        (Status.TIMEOUT, None, 50.0),
        (Status.CRASHED, None, 50.0),
        (Status.MEMOUT, None, 50.0),
        (Status.ABORT, None, None),
        (Status.KILLED, None, None),
        (Status.LOST, None, None),
    ],
)
def test_runtime_counts_with_par10(status: Status, runtime_s: float | None, wanted: float | None) -> None:
    assert cost(PAR10, status, runtime_s) == wanted


@pytest.mark.parametrize(("par", "wanted"), [(1.0, 5.0), (1000.0, 5000.0)])
def test_other_par_factors_multiply_the_cutoff(par: float, wanted: float) -> None:
    assert cost(Objective(metric="runtime", par=par), Status.TIMEOUT) == wanted


@pytest.mark.parametrize(
    ("status", "quality", "reported", "wanted"),
    [
        (Status.SUCCESS, 0.5, None, 0.5),
        (Status.TIMEOUT, 0.7, None, 0.7),
        (Status.TIMEOUT, None, None, 1e9),
        (Status.CRASHED, None, None, 1e9),
        (Status.CRASHED, None, 3.0, 1e9),
        (Status.CRASHED, None, 2e9, 2e9),
        (Status.MEMOUT, None, None, 1e9),
        (Status.ABORT, None, 0.1, None),
        (Status.KILLED, None, None, None),
    ],
)
def test_quality_counts_with_the_penalty_of_a_crash(
    status: Status, quality: float | None, reported: float | None, wanted: float | None
) -> None:
    assert cost(QUALITY, status, quality, reported) == wanted


def test_penalty_of_what_is_maximised_is_low() -> None:
    objective = Objective(direction=Direction.MAXIMIZE, penalty=-10.0)
    assert cost(objective, Status.CRASHED, None, 4.0) == 10.0
    assert cost(objective, Status.CRASHED, None, -20.0) == 20.0


@pytest.mark.parametrize("status", [Status.TIMEOUT, Status.CRASHED, Status.UNSAT])
def test_failures_have_no_cost_where_the_objective_does_not_say_one(status: Status) -> None:
    assert cost(PLAIN, status, 0.5) is None


def test_timeout_with_a_score_is_an_answer_and_a_crash_never_is() -> None:
    assert not is_without_answer(Status.TIMEOUT, 50.0)
    assert is_without_answer(Status.TIMEOUT, None)
    assert is_without_answer(Status.CRASHED, 50.0)
    assert not is_without_answer(Status.SUCCESS, 1.0)
