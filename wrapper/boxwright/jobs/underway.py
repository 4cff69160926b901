"""What the executor of jobs knows of a run that is under way, and how patient it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from boxwright.execute.messages import Request
from boxwright.jobs.files import Ticket


@dataclass(frozen=True, slots=True)
class Patience:
    """How patient the controller is with jobs and schedulers; all in seconds.

    Attributes:
        gather_s: Runs that are submitted within this go into one array.
        calm_s: Between two submissions, and until a cancellation that was refused is tried again.
        look_s: Between two looks for ``exit.json``.
        glance_s: The same for each run under way, where that is more: a file server has others to serve, too.
        ask_s: Between two bulk questions to the scheduler; it has a say of its own in that.
        late_s: So long after its job is gone a run's ``exit.json`` may come into sight: NFS clients believe for up
            to a minute that a file is still not there.
        backoff_s: Until a submission is tried again after a failure; doubled each time, up to ``longest_backoff_s``.
        first_failures: So many in a row, before any run has begun and with nothing in the queue, end the study.
    """

    gather_s: float = 0.2
    calm_s: float = 5.0
    look_s: float = 0.25
    glance_s: float = 0.005
    ask_s: float = 1.0
    late_s: float = 60.0
    backoff_s: float = 2.0
    longest_backoff_s: float = 120.0
    first_failures: int = 3


@dataclass(slots=True)
class Job:
    """A run under way.

    Attributes:
        folder: The run's.
        request: What is still to be queued.
        ticket: What it was queued as.
        logs: Where its job's log lies; None where that is not known.
        is_running: The scheduler says that its job has begun.
        adopted: An earlier controller has submitted it.
        cancelled: Why it is to stop; empty while it may go on.
        is_doomed: The scheduler was told so.
        missed_since: Since when, by the loop's clock, the scheduler does not know its job; 0 while it does.
    """

    run: int
    slot: int
    folder: Path
    request: Request | None = None
    is_being_queued: bool = False
    ticket: Ticket | None = None
    logs: Path | None = None
    is_running: bool = False
    adopted: bool = False
    cancelled: str = ""
    is_doomed: bool = False
    missed_since: float = 0.0


@dataclass(frozen=True, slots=True)
class JobCounts:
    """How many runs wait for their job to begin, or to be queued, how many jobs have begun, and the places wanted."""

    queued: int
    running: int
    slots: int
