"""What a study asks of its pilots: everything that follows from the scenario, in one frozen value."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

from boxwright.pilots.messages import BEAT_S, PATIENCE_S, SILENCE_S
from boxwright.scenario.slot_faults import END_MARGIN_S
from boxwright.schedulers.base import JobSpec
from boxwright.schedulers.script import our_command


@dataclass(frozen=True, slots=True)
class Timing:
    """How patient the controller is with pilots and schedulers; all in seconds.

    Attributes:
        tick_s: Between two looks at what there is and what is wanted.
        poll_s: Between two bulk questions about jobs that have not come up yet.
        rest_s: Between two submissions, and between two cancellations: what comes meanwhile goes into one.
        backoff_s: Until a submission is tried again; doubled each time, up to ``longest_backoff_s``.
        young_s: A pilot that dies before this, without a run ended, counts as a failure.
        most_failures: So many in a row, with no slot left, end the study.
        first_failures: The same, before any pilot has come up.
        end_margin_s: So long before its walltime is over a pilot ends by itself.
    """

    tick_s: float = 0.5
    poll_s: float = 10.0
    rest_s: float = 3.0
    beat_s: float = BEAT_S
    silence_s: float = SILENCE_S
    patience_s: float = PATIENCE_S
    backoff_s: float = 2.0
    longest_backoff_s: float = 120.0
    young_s: float = 60.0
    most_failures: int = 12
    first_failures: int = 3
    end_margin_s: float = END_MARGIN_S


@dataclass(frozen=True, slots=True)
class PilotPlan:
    """What is asked of the pilots of one study.

    Attributes:
        backend: Name of the scheduler.
        name: Of all jobs.
        count: Slots that are wanted.
        per_job: Slots of one pilot.
        gpus: Of each slot.
        cores: Of each slot; None where the scenario says nothing.
        memory_bytes: Of each slot; None for what the scheduler gives.
        longest_run_s: How long a run may take at most, its grace left out; None where that is not limited.
        idle_s: So long a pilot without work is kept when there is less work than slots.
    """

    backend: str
    name: str
    count: int
    per_job: int = 1
    gpus: int = 0
    cores: int | None = None
    memory_bytes: int | None = None
    walltime_s: float | None = None
    queue: str | None = None
    account: str | None = None
    setup: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    job_script: Path | None = None
    interface: str | None = None
    ports: tuple[int, ...] = ()
    idle_s: float = 60.0
    signal_before_end_s: float | None = None
    grace_s: float = 3.0
    longest_run_s: float | None = None
    timing: Timing = field(default_factory=Timing)

    def job(self, settings: Path, logs: Path) -> JobSpec:
        """Return one pilot as a batch job.

        Args:
            settings: The file that the pilot reads.
            logs: Where script and logs go.
        """
        return JobSpec(
            name=self.name,
            argv=our_command("boxwright.pilots.pilot", str(settings)),
            folder=logs,
            cores=self.per_job * (self.cores or 1),
            gpus=self.per_job * self.gpus,
            memory_bytes=None if self.memory_bytes is None else self.per_job * self.memory_bytes,
            walltime_s=self.walltime_s,
            queue=self.queue,
            account=self.account,
            setup=self.setup,
            extra=self.extra,
            job_script=self.job_script,
            signal_before_end_s=None if self.signal_before_end_s is None else math.ceil(self.signal_before_end_s),
        )
