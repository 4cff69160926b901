"""HTCondor: condor_submit, condor_q, condor_rm."""

from __future__ import annotations

import re
from collections.abc import Collection

import msgspec

from boxwright.errors import SchedulerError, UserError
from boxwright.schedulers.base import JobSpec, JobState, Phase
from boxwright.schedulers.calling import Answer
from boxwright.schedulers.dialect import found_id

_ID = re.compile(r"^(\d+)\.\d+(?: - \d+\.\d+)?$", re.MULTILINE)
_UNKNOWN = re.compile(
    r"Couldn't find/remove all jobs|(Job|Cluster) [\d.]+ (not found|already (been removed|marked for removal))",
    re.IGNORECASE,
)
_ATTRIBUTES = "ClusterId,ProcId,JobStatus,HoldReason,JobBatchName"
_IDLE, _REMOVED, _COMPLETED, _HELD = 1, 3, 4, 5


class _Ad(msgspec.Struct, rename="pascal"):
    cluster_id: int
    proc_id: int
    job_status: int
    hold_reason: str = ""
    job_batch_name: str = ""


class HtCondor:
    """HTCondor 8.8 or later, with a file system that submit and execute machines share."""

    name = "htcondor"
    programs = ("condor_submit", "condor_q", "condor_rm")
    identity = ""  # the description sets both variables
    lag_s = 2.0
    is_notified = False
    script_on_stdin = False

    def refuse(self, spec: JobSpec) -> None:
        """Refuse a queue; raises UserError."""
        if spec.queue is not None:
            raise UserError(f'slots.queue = "{spec.queue}", but HTCondor has no queues. Leave it out.')
        if not str(spec.folder).isprintable():
            raise UserError("HTCondor takes no folder with control characters in its name.", place=str(spec.folder))

    def submission(self, script: str, spec: JobSpec, count: int) -> tuple[str, ...]:
        """Return the condor_submit command."""
        return ("condor_submit", "-terse", "-batch-name", spec.name, script, "-queue", str(count))

    def ids(self, output: str, count: int) -> tuple[str, ...]:
        """Return the ids; raises SchedulerError."""
        cluster = found_id(_ID, output, "condor_submit")
        return tuple(f"{cluster}.{index}" for index in range(count))

    def query(self, ids: Collection[str]) -> tuple[str, ...]:
        """Return the condor_q command: all jobs of the user."""
        return ("condor_q", "-json", "-attributes", _ATTRIBUTES)

    def states(self, output: str) -> dict[str, JobState]:
        """Return the states.

        Raises:
            SchedulerError: That is not what condor_q says in JSON.
        """
        if not output.strip():
            return {}
        try:
            ads = msgspec.json.decode(output, type=list[_Ad])
        except msgspec.MsgspecError as error:
            raise SchedulerError(f"condor_q answers with something else than its JSON: {error}") from error
        return {f"{ad.cluster_id}.{ad.proc_id}": _state(ad) for ad in ads}

    def cancellation(self, ids: Collection[str]) -> tuple[str, ...]:
        """Return the condor_rm command."""
        return ("condor_rm", *ids)

    def is_harmless(self, answer: Answer) -> bool:
        """Whether it only says that a job is over."""
        return bool(_UNKNOWN.search(answer.stdout + answer.stderr))


def _state(ad: _Ad) -> JobState:
    if ad.job_status == _IDLE:
        return JobState(phase=Phase.PENDING, name=ad.job_batch_name)
    if ad.job_status == _HELD:
        return JobState(phase=Phase.PENDING, reason=f"held: {ad.hold_reason}", name=ad.job_batch_name, is_stuck=True)
    if ad.job_status in (_REMOVED, _COMPLETED):
        return JobState(phase=Phase.GONE, reason=f"job status {ad.job_status}", name=ad.job_batch_name)
    return JobState(phase=Phase.RUNNING, name=ad.job_batch_name)
