"""Grid Engine: qsub, qstat, qdel."""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Collection
from xml.etree import ElementTree

from boxwright.errors import SchedulerError
from boxwright.schedulers.base import JobSpec, JobState, Phase
from boxwright.schedulers.calling import Answer
from boxwright.schedulers.dialect import found_id

_ID = re.compile(r"^(\d+)(?:\.\S+)?$", re.MULTILINE)
_UNKNOWN = re.compile(r"does not exist|do not exist|is already in deletion", re.IGNORECASE)


class GridEngine:
    """Sun's, Son of, Open, Univa's and Altair's Grid Engine."""

    name = "sge"
    programs = ("qsub", "qstat", "qdel")
    identity = (
        'task="${SGE_TASK_ID/undefined/}"\n'
        'export BOXWRIGHT_JOB="$JOB_ID${task:+.$task}"\n'
        'export BOXWRIGHT_JOB_INDEX="$((${task:-1} - 1))"'
    )
    lag_s = 2.0
    is_notified = True  # qdel kills, and what has left the job's process group stays
    script_on_stdin = False

    def refuse(self, spec: JobSpec) -> None:
        """Refuse nothing."""

    def submission(self, script: str, spec: JobSpec, count: int) -> tuple[str, ...]:
        """Return the qsub command."""
        return ("qsub", "-terse", "-N", spec.name, *(("-t", f"1-{count}") if count > 1 else ()), script)

    def ids(self, output: str, count: int) -> tuple[str, ...]:
        """Return the ids; raises SchedulerError."""
        job = found_id(_ID, output, "qsub")
        return (job,) if count == 1 else tuple(f"{job}.{task}" for task in range(1, count + 1))

    def query(self, ids: Collection[str]) -> tuple[str, ...]:
        """Return the qstat command: all jobs of the user, each task by itself."""
        return ("qstat", "-xml", "-g", "d", "-u", _user())

    def states(self, output: str) -> dict[str, JobState]:
        """Return the states.

        Raises:
            SchedulerError: That is no XML, or one that could grow without end.
        """
        if "<!DOCTYPE" in output or "<!ENTITY" in output:
            raise SchedulerError("qstat answers with XML that defines entities")
        try:
            tree = ElementTree.fromstring(output)  # noqa: S314 - without entities nothing in it can grow
        except ElementTree.ParseError as error:
            raise SchedulerError(f"qstat answers with what is no XML: {Answer(0, output, '').words}") from error
        found: dict[str, JobState] = {}
        for job in tree.iter("job_list"):
            number, task = job.findtext("JB_job_number", ""), job.findtext("tasks", "")
            if number.isdecimal():
                key = f"{number}.{task}" if task else number
                found[key] = _state(job.findtext("state", ""), job.findtext("JB_name", ""))
        return found

    def cancellation(self, ids: Collection[str]) -> tuple[str, ...]:
        """Return the qdel command."""
        return ("qdel", *ids)

    def is_harmless(self, answer: Answer) -> bool:
        """Whether it only says that a job is over."""
        return bool(_UNKNOWN.search(answer.stdout + answer.stderr))


def _state(letters: str, name: str) -> JobState:
    if "E" in letters:
        return JobState(phase=Phase.PENDING, reason=f"in error state ({letters})", name=name, is_stuck=True)
    if "w" in letters:
        return JobState(phase=Phase.PENDING, reason="" if letters == "qw" else letters, name=name)
    return JobState(phase=Phase.RUNNING, reason="" if letters == "r" else letters, name=name)


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
