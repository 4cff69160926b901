"""Several runs into the queue as one array of jobs, each with what its job has to know."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from boxwright.jobs.files import BATCH, TICKET, Batch, Ticket, job_folder, write_file, write_request
from boxwright.jobs.underway import Job
from boxwright.schedulers.base import JobSpec, Scheduler
from boxwright.schedulers.script import our_command


async def queue_runs(study: Path, scheduler: Scheduler, spec: JobSpec, runs: Sequence[Job]) -> list[str]:
    """Queue these runs; each knows its job then.

    Args:
        study: Its folder.
        scheduler: Where to.
        spec: Every job; its command and folder are put in here.
        runs: With the request of each.

    Returns:
        What went wrong with files after the submission: the jobs are queued all the same.

    Raises:
        BoxwrightError: The scheduler refuses, or does not answer, or the job's script cannot be made.
        OSError: The disk is full; nothing was queued.
    """
    folders = [job_folder(study, job.run) for job in runs]
    for job, folder in zip(runs, folders, strict=True):
        assert job.request is not None
        write_request(folder, job.request)
    listed = Batch(
        folders=tuple(map(str, folders)),
        gpus=spec.gpus,
        cores=spec.cores,
        signal_before_end_s=spec.signal_before_end_s,
    )
    write_file(folders[0] / BATCH, listed)
    command = our_command("boxwright.jobs.job", str(folders[0] / BATCH))
    ids = await scheduler.submit(msgspec.structs.replace(spec, argv=command, folder=folders[0]), len(runs))
    for job, job_id in zip(runs, ids, strict=True):
        job.ticket = Ticket(backend=scheduler.name, job=job_id, name=spec.name)
        job.request, job.logs = None, folders[0]
    troubles = []
    for job, folder in zip(runs, folders, strict=True):
        try:
            write_file(folder / TICKET, job.ticket)
        except OSError as error:  # `adopt` does without: the run is then taken back, or found by its claim
            troubles.append(f"run {job.run}: {error}")
    return troubles
