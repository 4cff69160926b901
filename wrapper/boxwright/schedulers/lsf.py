"""LSF: bsub, bjobs, bkill."""

from __future__ import annotations

import re
from collections.abc import Collection

from boxwright.schedulers.base import JobSpec, JobState, Phase
from boxwright.schedulers.calling import Answer
from boxwright.schedulers.dialect import found_id

_ID = re.compile(r"^Job <(\d+)> is submitted", re.MULTILINE)
_UNKNOWN = re.compile(
    r"No (unfinished |matching )?job found|Job <[^>]*> is not found|already finished", re.IGNORECASE
)
_PENDING = {"PEND", "WAIT", "PSUSP", "PROV"}
_GONE = {"DONE", "EXIT", "ZOMBI"}


class Lsf:
    """LSF 10.1 or later."""

    name = "lsf"
    programs = ("bsub", "bjobs", "bkill")
    identity = (
        'task="${LSB_JOBINDEX:-0}"\n'
        'export BOXWRIGHT_JOB="$LSB_JOBID"\n'
        'if [ "$task" -gt 0 ]; then BOXWRIGHT_JOB="$LSB_JOBID[$task]"; else task=1; fi\n'
        'export BOXWRIGHT_JOB_INDEX="$((task - 1))"'
    )
    lag_s = 60.0  # bjobs is answered from a copy that is made anew now and then
    is_notified = False
    script_on_stdin = True

    def refuse(self, spec: JobSpec) -> None:
        """Refuse nothing."""

    def submission(self, script: str, spec: JobSpec, count: int) -> tuple[str, ...]:
        """Return the bsub command, which reads the script from stdin."""
        return ("bsub", "-J", f"{spec.name}[1-{count}]" if count > 1 else spec.name)

    def ids(self, output: str, count: int) -> tuple[str, ...]:
        """Return the ids; raises SchedulerError."""
        job = found_id(_ID, output, "bsub")
        return (job,) if count == 1 else tuple(f"{job}[{task}]" for task in range(1, count + 1))

    def query(self, ids: Collection[str]) -> tuple[str, ...]:
        """Return the bjobs command: all jobs of the user, those that ended lately among them."""
        return ("bjobs", "-a", "-noheader", "-o", "jobid jobindex stat exit_code job_name delimiter='|'")

    def states(self, output: str) -> dict[str, JobState]:
        """Return the states."""
        found: dict[str, JobState] = {}
        for line in output.split("\n"):
            fields = [field.strip() for field in line.split("|", 4)]
            if len(fields) == 5 and fields[0].isdecimal() and (fields[1] or "0").replace("-", "0").isdecimal():
                job, index, state, code, name = fields
                key = job if index in ("", "0", "-") else f"{job}[{index}]"
                found[key] = _state(state, code, re.sub(r"\[[^\]]*\]$", "", name))
        return found

    def cancellation(self, ids: Collection[str]) -> tuple[str, ...]:
        """Return the bkill command."""
        return ("bkill", *ids)

    def is_harmless(self, answer: Answer) -> bool:
        """Whether it only says that a job is over."""
        return bool(_UNKNOWN.search(answer.stdout + answer.stderr))


def _state(state: str, code: str, name: str) -> JobState:
    if state in _PENDING:
        return JobState(phase=Phase.PENDING, reason="" if state == "PEND" else state, name=name)
    if state in _GONE:
        reason = f"{state} (exit code {code})" if code.isdecimal() else state
        return JobState(phase=Phase.GONE, reason=reason, name=name)
    return JobState(phase=Phase.RUNNING, reason="" if state == "RUN" else state, name=name)  # USUSP, UNKWN …
