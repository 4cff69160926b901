"""What a run's outcome is worth to an optimizer, and whether it settles its trial."""

from __future__ import annotations

import dataclasses

from boxwright.scenario.model import Limits, Objective
from boxwright.terms import Direction, Outcome, Status, cost_of


def scored(outcome: Outcome, objective: Objective, limits: Limits) -> Outcome:
    """Return the outcome with the quality that it counts with, by the rules of SMAC v2.

    With ``objective.par`` a run counts with the runtime that it reports, and with ``par`` times the cutoff if it has
    found no solution within it. With ``objective.penalty`` a crash counts with the penalty, or with what it reported
    if that is worse, and so does a TIMEOUT that reports nothing. Of what was not a run to its end (killed by a
    person, lost, an ABORT) nothing counts.
    """
    if outcome.status not in (Status.SUCCESS, Status.TIMEOUT, Status.MEMOUT, Status.CRASHED):
        return outcome
    if objective.par is not None and limits.cutoff_s is not None:
        solved = outcome.status is Status.SUCCESS and outcome.quality is not None
        runtime_s = outcome.quality if solved and outcome.quality is not None else limits.cutoff_s
        score = runtime_s if runtime_s < limits.cutoff_s else objective.par * limits.cutoff_s
        return dataclasses.replace(outcome, quality=score)
    if objective.penalty is None or outcome.status is Status.SUCCESS:
        return outcome
    reported = outcome.metrics.get(objective.metric)
    if outcome.status is Status.TIMEOUT and reported is not None:
        return dataclasses.replace(outcome, quality=reported)
    worse = min if objective.direction is Direction.MAXIMIZE else max
    score = objective.penalty if reported is None else worse(objective.penalty, reported)
    return dataclasses.replace(outcome, quality=score)


def outcome_cost(outcome: Outcome, objective: Objective) -> float | None:
    """Return the cost of a run, None where there is no value to compare.

    Only a success has a cost, unless the objective says what other runs count as (see ``scored``). The quality that a
    TIMEOUT has reported is kept and shown, but else not told: SMAC v2 minimises it too, and so needs a bad value
    there, while a run that prints its quality as it learns would have its best chance by never ending. A failure, or
    an invalid combination, is told to optimizers as a failure, and each of them turns it into a finite bad cost on
    its own scale (SMAC: the worst success so far).
    """
    counts = outcome.status is Status.SUCCESS or objective.par is not None or objective.penalty is not None
    if not counts or outcome.quality is None:
        return None
    return cost_of(outcome.quality, objective.direction)


def is_without_answer(status: Status, cost: float | None) -> bool:
    """Return whether a trial that was settled so counts as failed: a TIMEOUT with a score is an answer."""
    return status.is_failure and not (status is Status.TIMEOUT and cost is not None)


def settles_trial(outcome: Outcome, crashed_before: int, retries: int) -> bool:
    """Return whether this is the outcome of the trial, so that it is not run again.

    Args:
        outcome: Of its latest run.
        crashed_before: How many earlier runs of the trial have crashed; one that was lost is no fault of the trial.
        retries: How often it is run again after a crash.
    """
    if outcome.status is Status.CRASHED:
        return crashed_before >= retries
    return outcome.status.is_final
