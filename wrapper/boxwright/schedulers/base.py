"""What the rest of boxwright sees of a batch scheduler: a job to be queued, its state, and four verbs."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from msgspec import Struct


class JobSpec(Struct, frozen=True, kw_only=True):
    """One batch job, or each of several that differ in nothing but their index.

    The command finds ``BOXWRIGHT_JOB`` (the id as ``submit`` returns it), ``BOXWRIGHT_JOB_INDEX`` (0, 1, … among
    the jobs of one ``submit``) and, with a walltime, ``BOXWRIGHT_JOB_END`` (UNIX seconds) in its environment.

    Attributes:
        name: As the scheduler shows it; see ``naming.job_name``.
        argv: The command, without a shell.
        folder: An absolute path that the nodes see, too. The command starts there; script and job logs lie there.
        cores: CPU cores of the job.
        gpus: GPUs of the job.
        memory_bytes: Memory of the job; None for what the scheduler gives.
        walltime_s: After so many seconds the scheduler ends the job; None for what the queue gives.
        queue: Queue or partition; None for the scheduler's own choice.
        account: Whom it is charged to.
        setup: Lines of shell before the command, as they are.
        extra: Further options of the scheduler, one directive each, as they are.
        job_script: A person's own Jinja2 template, instead of the one that comes with boxwright.
        signal_before_end_s: Have the scheduler send SIGUSR1 to the command so long before the walltime is over;
            only where it can.
    """

    name: str
    argv: tuple[str, ...]
    folder: Path
    cores: int = 1
    gpus: int = 0
    memory_bytes: int | None = None
    walltime_s: float | None = None
    queue: str | None = None
    account: str | None = None
    setup: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    job_script: Path | None = None
    signal_before_end_s: int | None = None


class Phase(enum.StrEnum):
    """Where a job stands."""

    PENDING = "pending"
    RUNNING = "running"
    GONE = "gone"  # over, cancelled, or unknown to the scheduler


class JobState(Struct, frozen=True, kw_only=True):
    """What a scheduler says of a job.

    Attributes:
        reason: In the scheduler's own words why it waits or is gone; may be empty.
        name: Of the job that has this id now; empty where the scheduler does not say. Ids come round again.
        is_stuck: It is in the queue and nothing but a person can get it to run (an error state); ``Scheduler.states``
            cancels such jobs and calls them GONE.
    """

    phase: Phase
    reason: str = ""
    name: str = ""
    is_stuck: bool = False


class Scheduler(Protocol):
    """A batch scheduler that can be called from here.

    Attributes:
        name: As ``slots.backend`` names it.
        calls: How often each kind of its commands was called so far: ``submit``, ``states``, ``cancel``.
    """

    name: str
    calls: Counter[str]

    def script(self, spec: JobSpec) -> str:
        """Return what would be submitted.

        Raises:
            UserError: The template, or a setting, cannot be what is meant.
        """
        ...

    async def submit(self, spec: JobSpec, count: int = 1) -> tuple[str, ...]:
        """Queue so many jobs, as one array where there are several; return their ids by index.

        Raises:
            UserError: As for ``script``.
            SchedulerError: It refuses, or does not answer.
        """
        ...

    async def states(self, ids: Collection[str]) -> dict[str, JobState]:
        """Return the state of each: from one bulk call, or from the last one if that is a few seconds old at most.

        Raises:
            SchedulerError: It does not answer; nothing is known of any job then.
        """
        ...

    async def cancel(self, ids: Collection[str]) -> None:
        """Cancel all of them in one call; those that are over already stay as they are.

        Raises:
            SchedulerError: It refuses, or does not answer.
        """
        ...
