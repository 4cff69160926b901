"""Runs that go on where this controller does not look: to make them again would be to make them twice."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from boxwright.errors import UserError
from boxwright.execute.lock import is_held, lock_path
from boxwright.jobs.files import TICKET, Ticket, job_folder, read_file


def refuse_runs_of_elsewhere(study: Path, runs: Iterable[tuple[int, int]], backend: str | None) -> None:
    """Refuse to take a study up in another way while runs of it may still be alive in the earlier one.

    Args:
        study: Its folder.
        runs: Runs under way, each with its slot.
        backend: The scheduler that has one job per run; None where runs are carried out in another way.

    Raises:
        UserError: Such a run is the job of another scheduler, or on a slot of this machine.
    """
    for run, slot in runs:
        files = job_folder(study, run)
        ticket = read_file(files / TICKET, Ticket)
        if ticket is not None and ticket.backend != backend:
            raise UserError(
                f"run {run} is job {ticket.job} of {ticket.backend}. Take it up: boxwright resume {study} "
                f"--backend {ticket.backend} --set slots.per_run_job=true. Or cancel it there, and remove {files}.",
                place=str(study),
            )
        if backend is not None and not files.exists() and is_held(lock_path(study, slot)):
            raise UserError(
                f"run {run} goes on on slot {slot} of this machine. Wait for its end, or take it up: "
                f"boxwright resume {study} --set slots.per_run_job=false --backend local.",
                place=str(study),
            )
