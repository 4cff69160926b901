"""How long to wait for word of a batch job's end, before the end of a run counts as its own."""

from __future__ import annotations

import pytest

from boxwright.execute.inbox import STOPPED_BY_PERSON
from boxwright.execute.messages import Ended, Exit
from boxwright.pilots.endings import DOUBT_AFTER_TERM_S, doubt_s


@pytest.mark.parametrize(
    ("exit_", "waits_s"),
    [
        (Exit(run=1, ended_by=Ended.CANCELLED, detail=STOPPED_BY_PERSON), DOUBT_AFTER_TERM_S),
        (
            Exit(run=1, ended_by=Ended.CANCELLED, detail=f"{STOPPED_BY_PERSON}; could not be killed: 17"),
            DOUBT_AFTER_TERM_S,
        ),
        (Exit(run=1, ended_by=Ended.CANCELLED, detail="a faster one has won"), 0.0),
        (Exit(run=1, ended_by=Ended.CUTOFF), 0.0),
        (Exit(run=1, ended_by=Ended.EXITED, exit_code=-15, wall_s=1.0), DOUBT_AFTER_TERM_S),
        (Exit(run=1, ended_by=Ended.EXITED, exit_code=143, wall_s=1.0), DOUBT_AFTER_TERM_S),
        (Exit(run=1, ended_by=Ended.EXITED, exit_code=0, wall_s=1.0), 0.02),
        (Exit(run=1, ended_by=Ended.EXITED, exit_code=0, wall_s=3600.0), 0.2),
    ],
)
def test_doubt_is_longer_where_a_signal_may_be_the_scheduler_s(exit_: Exit, waits_s: float) -> None:
    assert doubt_s(exit_, is_last=False) == pytest.approx(waits_s)


def test_last_run_of_a_job_costs_nobody_anything_by_waiting() -> None:
    assert doubt_s(Exit(run=1, ended_by=Ended.EXITED, exit_code=0, wall_s=0.01), is_last=True) == pytest.approx(0.2)
