"""Slurm: sbatch, squeue, scancel."""

from __future__ import annotations

import os
import re
from collections.abc import Collection

from boxwright.schedulers.base import JobSpec, JobState, Phase
from boxwright.schedulers.calling import Answer
from boxwright.schedulers.dialect import found_id

_ID = re.compile(r"^(\d+)(?:;.*)?$", re.MULTILINE)
_JOB = re.compile(r"\d+(_\d+)?")
_UNKNOWN = re.compile(r"Invalid job id|already completing or completed")
_PENDING = {"PENDING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT", "CONFIGURING"}
_GONE = {"BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "LAUNCH_FAILED"}
_GONE |= {"NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "RECONFIG_FAIL", "REVOKED", "TIMEOUT"}
# A job whose start failed is put back and held: nobody else will release it.
_STUCK = re.compile(r"launch failed requeued held|JobHoldMaxRequeue|BadConstraints|DependencyNeverSatisfied")


class Slurm:
    """Slurm 20 or later."""

    name = "slurm"
    programs = ("sbatch", "squeue", "scancel")
    identity = (
        'export BOXWRIGHT_JOB="${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}"\n'
        'export BOXWRIGHT_JOB_INDEX="${SLURM_ARRAY_TASK_ID:-0}"'
    )
    lag_s = 0.0
    is_notified = False
    script_on_stdin = False

    def refuse(self, spec: JobSpec) -> None:
        """Refuse nothing."""

    def submission(self, script: str, spec: JobSpec, count: int) -> tuple[str, ...]:
        """Return the sbatch command."""
        array = (f"--array=0-{count - 1}",) if count > 1 else ()
        # What the log is called must depend on the job, and the name in the script cannot know of an array.
        log = f"--output={spec.name}-%A_%a.log" if count > 1 else f"--output={spec.name}-%j.log"
        return ("sbatch", "--parsable", f"--job-name={spec.name}", log, *array, script)

    def ids(self, output: str, count: int) -> tuple[str, ...]:
        """Return the ids; raises SchedulerError."""
        job = found_id(_ID, output, "sbatch")
        return (job,) if count == 1 else tuple(f"{job}_{index}" for index in range(count))

    def query(self, ids: Collection[str]) -> tuple[str, ...]:
        """Return the squeue command: all jobs of the user, since squeue refuses ids that it has forgotten."""
        return ("squeue", "--noheader", "--array", "--states=all", f"--user={os.getuid()}", "--format=%i|%T|%r|%j")

    def states(self, output: str) -> dict[str, JobState]:
        """Return the states."""
        found: dict[str, JobState] = {}
        for line in output.split("\n"):
            job, _, rest = line.partition("|")
            state, _, rest = rest.partition("|")
            reason, _, name = rest.partition("|")
            if _JOB.fullmatch(job) and state:
                found[job] = _state(state, reason, name)
        return found

    def cancellation(self, ids: Collection[str]) -> tuple[str, ...]:
        """Return the scancel command."""
        return ("scancel", *ids)

    def is_harmless(self, answer: Answer) -> bool:
        """Whether it only says that a job is over."""
        return bool(_UNKNOWN.search(answer.stderr))


def _state(state: str, reason: str, name: str) -> JobState:
    reason = "" if reason == "None" else reason
    if state in _PENDING:
        return JobState(phase=Phase.PENDING, reason=reason, name=name, is_stuck=bool(_STUCK.search(reason)))
    if state in _GONE:
        return JobState(phase=Phase.GONE, reason=f"{state} ({reason})" if reason else state, name=name)
    return JobState(phase=Phase.RUNNING, reason=reason, name=name)  # COMPLETING, SUSPENDED …: it is still there
