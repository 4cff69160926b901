"""The section ``slots``: where runs are carried out, and how many at a time."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from boxwright.scenario.section import Places, Positive, PositiveSeconds, Section, Size

Backend: TypeAlias = Literal["local", "slurm", "pbs", "torque", "lsf", "sge", "htcondor", "subprocess"]


class Slots(Section, frozen=True, kw_only=True):
    """Where runs are carried out.

    Attributes:
        backend: Where they are: on this machine, or in jobs of a batch scheduler; ``subprocess`` has such jobs as
            processes of this machine, to try them out.
        count: How many runs at a time; absent: one per GPU, or per ``per_gpu`` share, or 1 without GPUs; in batch
            jobs, as many as one job holds.
        gpus: Whole GPUs per slot.
        per_gpu: Slots that share one GPU; only with ``gpus = 1``, on this machine.
        gpu_ids: Ids to use; absent: those found through NVML. On this machine only.
        skip_busy_gpus: Leave out GPUs that processes of others are using. On this machine only.
        cores: CPU cores per slot; absent: the machine's cores divided by the slots, or 1 in a batch job.
        per_job: Slots that one batch job holds.
        per_run_job: Have each run in a batch job of its own, and no pilots.
        memory: Per slot, asked of the scheduler.
        walltime: How long a batch job may last: ``8h``, ``90 min``, ``1-12:00:00``.
        queue: The scheduler's queue, or partition.
        account: Whom the jobs are charged to.
        setup: Lines of shell at the start of a job: modules to load, an environment to activate.
        extra: Further options of the scheduler, each as on its command line.
        job_script: A template of one's own for the job script.
        interface: Network interface, or address, at which the jobs reach the controller; absent: any.
        ports: One port, or a range such as ``50000-50100``, at which they do; absent: any.
        idle_s: A batch job without a run is kept so long.
        signal_before_end_s: So long before the walltime, runs get SIGUSR1 and may save what they have.
    """

    backend: Backend = "local"
    count: Places | None = None
    gpus: Annotated[int, Meta(ge=0)] = 0
    per_gpu: Places = 1
    gpu_ids: tuple[str | int, ...] | None = None
    skip_busy_gpus: bool = False
    cores: Positive | None = None
    per_job: Places = 1
    per_run_job: bool = False
    memory: Size | None = None
    walltime: Annotated[int, Meta(ge=1)] | str | None = None
    queue: str | None = None
    account: str | None = None
    setup: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    job_script: str | None = None
    interface: str | None = None
    ports: Annotated[int, Meta(ge=1, le=65535)] | str | None = None
    idle_s: PositiveSeconds = 60.0
    signal_before_end_s: PositiveSeconds | None = None
