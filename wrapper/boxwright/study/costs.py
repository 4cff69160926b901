"""What a run's outcome is worth to an optimizer, and whether it settles its trial."""

from __future__ import annotations

from boxwright.terms import Direction, Outcome, Status, cost_of


def outcome_cost(outcome: Outcome, direction: Direction) -> float | None:
    """Return the cost of a run, None where there is no value to compare.

    Only a success has a cost. The quality that a TIMEOUT has reported is kept and shown, but not told: SMAC v2
    minimises it too, and so needs a bad value there, while a run that prints its quality as it learns would have its
    best chance by never ending. A failure, or an invalid combination, is told to optimizers as a failure, and
    each of them turns it into a finite bad cost on its own scale (SMAC: the worst success so far).
    """
    if outcome.status is not Status.SUCCESS or outcome.quality is None:
        return None
    return cost_of(outcome.quality, direction)


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
