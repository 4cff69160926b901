"""PBS: qsub, qstat, qdel, of PBS Pro and OpenPBS, and of Torque, which asks for resources in other words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from boxwright.schedulers.base import JobSpec, JobState, Phase
from boxwright.schedulers.calling import Answer
from boxwright.schedulers.dialect import found_id

_ID = re.compile(r"^(\d+(?:\[\])?)(?:\.\S*)?$", re.MULTILINE)
_HEAD = re.compile(r"Job Id:\s(\d+(?:\[\d*\])?)(?:\.\S*)?")
_ATTRIBUTE = re.compile(r"( {4}|\t)([A-Za-z_]+) = (.*)")
_UNKNOWN = re.compile(r"Unknown Job|Job has finished|invalid state for job|Request invalid for state", re.IGNORECASE)
_UNKNOWN_CODES = {153, 35}  # PBSE_UNKJOBID, PBSE_HISTJOBID: what they leave of the error number in one byte
_PENDING, _GONE = set("QWHT"), set("CFXM")
# After twenty starts that failed PBS holds a job; nobody else will release it.
_STUCK = re.compile(r"too many failed attempts|could never run|can never run", re.IGNORECASE)


class Pbs:
    """PBS Pro and OpenPBS."""

    name = "pbs"
    programs = ("qsub", "qstat", "qdel")
    identity = (
        'export BOXWRIGHT_JOB="${PBS_JOBID%%.*}"\nexport BOXWRIGHT_JOB_INDEX="${PBS_ARRAY_INDEX:-${PBS_ARRAYID:-0}}"'
    )
    lag_s = 2.0
    is_notified = False
    script_on_stdin = False
    array_option = "-J"

    def refuse(self, spec: JobSpec) -> None:
        """Refuse nothing."""

    def submission(self, script: str, spec: JobSpec, count: int) -> tuple[str, ...]:
        """Return the qsub command."""
        array = (self.array_option, f"0-{count - 1}") if count > 1 else ()
        return ("qsub", *array, "-N", spec.name, script)

    def ids(self, output: str, count: int) -> tuple[str, ...]:
        """Return the ids, without the name of the server; raises SchedulerError."""
        job = found_id(_ID, output, "qsub").removesuffix("[]")
        return (job,) if count == 1 else tuple(f"{job}[{index}]" for index in range(count))

    def query(self, ids: Collection[str]) -> tuple[str, ...]:
        """Return the qstat command: of arrays all parts, at once."""
        whole = sorted({re.sub(r"\[.*", "[]", job) for job in ids})
        return ("qstat", "-f", *(("-t",) if any(job.endswith("[]") for job in whole) else ()), *whole)

    def states(self, output: str) -> dict[str, JobState]:
        """Return the states."""
        return {job: state for job, attributes in _jobs(output) if (state := _state(attributes))}

    def cancellation(self, ids: Collection[str]) -> tuple[str, ...]:
        """Return the qdel command."""
        return ("qdel", *ids)

    def is_harmless(self, answer: Answer) -> bool:
        """Whether it only says that a job is over."""
        return answer.code in _UNKNOWN_CODES or bool(_UNKNOWN.search(answer.stderr))


class Torque(Pbs):
    """Torque, and Slurm's commands that look like it."""

    name = "torque"
    identity = Pbs.identity.replace("${PBS_JOBID%%.*}", "${PBS_JOBID%%.*}${SLURM_JOB_ID:-}")
    array_option = "-t"

    def is_harmless(self, answer: Answer) -> bool:
        """Whether it only says that a job is over: Slurm's qdel says nothing at all."""
        return super().is_harmless(answer) or not (answer.stdout + answer.stderr).strip()


def _jobs(output: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each job of ``qstat -f`` with its attributes; a value that is cut goes on after a tab.

    Slurm's qstat has a tab where the others have blanks, and cuts nothing.
    """
    job, attributes, last, indent = "", dict[str, str](), "", "    "
    for line in output.split("\n"):
        if line.startswith("Job Id:"):
            if job:
                yield job, attributes
            head = _HEAD.fullmatch(line.rstrip())
            job, attributes, last = head.group(1) if head else "", {}, ""
            indent = "\t" if "\t" in line else "    "
        elif (match := _ATTRIBUTE.fullmatch(line)) and match.group(1) == indent:
            last = match.group(2)
            attributes.setdefault(last, match.group(3).strip())
        elif line.startswith("\t") and last:
            attributes[last] += line[1:].rstrip()
    if job:
        yield job, attributes


def _state(attributes: Mapping[str, str]) -> JobState | None:
    letter = attributes.get("job_state", "")[:1]
    name, comment = attributes.get("Job_Name", ""), attributes.get("comment", "")
    if letter in _PENDING:
        return JobState(phase=Phase.PENDING, reason=comment, name=name, is_stuck=bool(_STUCK.search(comment)))
    if not letter:
        return None
    if letter not in _GONE:
        return JobState(phase=Phase.RUNNING, reason=comment, name=name)  # E, S, U …: it is still there
    code = attributes.get("Exit_status") or attributes.get("exit_status")
    reason = comment or (f"ended with exit code {code}" if code else f"state {letter}")
    return JobState(phase=Phase.GONE, reason=reason, name=name)
