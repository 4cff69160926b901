"""The job of a controller that was put into the queue: written down beside its study, and asked about."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from boxwright.errors import SchedulerError, UserError

_JOB = "job.json"


class ControllerJob(msgspec.Struct, frozen=True, kw_only=True):
    """What a controller was queued as. Ids come round again, so the name belongs to it.

    Attributes:
        backend: The scheduler.
        resumes: The study was there before.
    """

    backend: str
    job: str
    name: str
    resumes: bool = False


def job_folder(study: Path) -> Path:
    """Return where job script and talk of a controller lie that was queued: beside its study, not there yet."""
    return study.with_name(f"{study.name}.controller")


def keep_job(study: Path, job: ControllerJob) -> None:
    """Write down what the controller of a study was queued as; raises OSError."""
    from boxwright.jobs.files import write_file

    write_file(job_folder(study) / _JOB, job)


def read_job(study: Path) -> ControllerJob | None:
    """Return what the controller of a study was queued as last; None if it never was."""
    from boxwright.jobs.files import read_file

    return read_file(job_folder(study) / _JOB, ControllerJob)


class Watched:
    """Asks, politely, how the job of a controller is."""

    def __init__(self, job: ControllerJob) -> None:
        from boxwright.schedulers.known import open_scheduler

        self._job = job
        self._scheduler = open_scheduler(job.backend)

    def state(self) -> str:
        """Return in words where the job stands; empty if the scheduler does not have it any more.

        Raises:
            SchedulerError: It does not answer.
        """
        from boxwright.schedulers.base import Phase

        state = asyncio.run(self._scheduler.states([self._job.job]))[self._job.job]
        if state.phase is Phase.GONE or state.name not in ("", self._job.name):
            return ""
        return f"{state.phase} ({state.reason})" if state.reason else str(state.phase)


def refuse_queued(study: Path) -> None:
    """Refuse to queue a second controller.

    Raises:
        UserError: The job of an earlier one still waits or runs.
        SchedulerError: That cannot be told.
    """
    job = read_job(study)
    if job is None or not (state := Watched(job).state()):
        return
    raise UserError(
        f"job {job.job} of {job.backend} has its controller already: {state}. "
        f"Follow it with `boxwright status -f {study}`, or cancel that job.",
        place=str(study),
    )


def refuse_missing_commands(backend: str) -> None:
    """Refuse a scheduler whose commands are not here.

    Raises:
        UserError: There is no such scheduler, or a command of it is not on PATH.
    """
    from boxwright.schedulers.known import missing_programs, open_scheduler

    open_scheduler(backend)
    if missing := missing_programs(backend):
        raise UserError(
            f"{backend}: its command {missing[0]} is not on PATH. Go to a host that may submit jobs; "
            "`boxwright doctor` says what is found here."
        )


def last_words(study: Path, job: str) -> str:
    """Return the last line of what a controller has said in its job; empty if there is none."""
    from boxwright.pilots.processes import log_tail

    try:
        return log_tail(job_folder(study), job)
    except OSError:
        return ""


def ask(watched: Watched) -> tuple[str, str]:
    """Return the state of a job in words, and why that cannot be told."""
    try:
        return watched.state(), ""
    except SchedulerError as error:
        return "", str(error)
