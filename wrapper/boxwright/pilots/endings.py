"""Whether a run is over because its batch job is: then it has not failed, and it is no success either.

A scheduler's TERM goes to all processes of a job, and reaches the run, or a part of it, a moment before or after the
process that looks after it. A shell may go on without the child that is gone, and exit with 0.
"""

from __future__ import annotations

import signal

import msgspec

from boxwright.execute.inbox import STOPPED_BY_PERSON
from boxwright.execute.messages import Ended, Exit

DOUBT_S = 0.2
DOUBT_AFTER_TERM_S = 1.0
_SHARE = 0.02


def doubt_s(exit_: Exit, *, is_last: bool) -> float:
    """Return how long to wait for word of the job's end before an end counts as the run's own.

    Args:
        exit_: How it has ended.
        is_last: Nobody waits for the slot. Where the next run does, this costs a short run next to nothing.
    """
    if exit_.ended_by is not Ended.EXITED:
        # Its agent has had a TERM that nobody here has sent: it may be the scheduler's, on its way to the pilot, too.
        is_unasked = exit_.ended_by is Ended.CANCELLED and exit_.detail.startswith(STOPPED_BY_PERSON)
        return DOUBT_AFTER_TERM_S if is_unasked else 0.0
    if exit_.exit_code in (-signal.SIGTERM, 128 + signal.SIGTERM):
        return DOUBT_AFTER_TERM_S
    return DOUBT_S if is_last else min(DOUBT_S, _SHARE * exit_.wall_s)


def ended_with_job(exit_: Exit, *, told: bool, signalled: bool) -> bool:
    """Return whether a run is over because its job is, or is about to be.

    Args:
        exit_: How it has ended.
        told: The job was told to end.
        signalled: The run was told to save what it has.
    """
    if exit_.ended_by is not Ended.EXITED:
        return exit_.ended_by is Ended.CANCELLED
    return told or (signalled and exit_.exit_code not in (None, 0))


def heard_late(exit_: Exit | None, *, signalled: bool) -> Exit | None:
    """Return how a run has ended whose pilot is gone without a word of it; None if it was lost with that.

    Args:
        exit_: What its agent has left, if it has.
        signalled: The run was told to save what it has.
    """
    if exit_ is None or not ended_with_job(exit_, told=_died_of_signal(exit_), signalled=signalled):
        return exit_
    return msgspec.structs.replace(exit_, ended_by=Ended.CANCELLED) if signalled else None


def _died_of_signal(exit_: Exit) -> bool:
    """Return whether a command was ended by a signal, itself or below a shell."""
    return exit_.exit_code is not None and (exit_.exit_code < 0 or exit_.exit_code > 128)
