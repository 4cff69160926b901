"""The forms of one scheduler's commands: pure functions, so that what would be called can be looked at."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Protocol

from boxwright.errors import SchedulerError
from boxwright.schedulers.base import JobSpec, JobState
from boxwright.schedulers.calling import Answer


class Dialect(Protocol):
    """How to talk to one scheduler.

    Attributes:
        name: As ``slots.backend`` names it.
        programs: Its commands for submitting, asking and cancelling.
        identity: Lines of shell that set ``BOXWRIGHT_JOB`` and ``BOXWRIGHT_JOB_INDEX`` in a job.
        lag_s: So long after a submission a job may be missing in the scheduler's answers.
        is_notified: Whether jobs are to hear of their end by a signal to the script alone.
        script_on_stdin: Whether the submitting command reads the script there.
    """

    name: str
    programs: tuple[str, str, str]
    identity: str
    lag_s: float
    is_notified: bool
    script_on_stdin: bool

    def refuse(self, spec: JobSpec) -> None:
        """Raise UserError for what this scheduler does not have."""
        ...

    def submission(self, script: str, spec: JobSpec, count: int) -> tuple[str, ...]:
        """Return the command that queues a script, named relative to the job's folder.

        It names the jobs, too: a job that is called otherwise, by a template of a person's own or by a variable of
        the scheduler's, would be taken for another one that has come by its id.
        """
        ...

    def ids(self, output: str, count: int) -> tuple[str, ...]:
        """Return the ids of the jobs just queued.

        Raises:
            SchedulerError: There is no id in the output.
        """
        ...

    def query(self, ids: Collection[str]) -> tuple[str, ...]:
        """Return the command that asks for these jobs, or for all of the user's."""
        ...

    def states(self, output: str) -> dict[str, JobState]:
        """Return the state of every job in the output; what cannot be read is left out."""
        ...

    def cancellation(self, ids: Collection[str]) -> tuple[str, ...]:
        """Return the command that cancels these jobs."""
        ...

    def is_harmless(self, answer: Answer) -> bool:
        """Return whether a command that asks or cancels failed only because jobs are over already."""
        ...


def found_id(pattern: re.Pattern[str], output: str, program: str) -> str:
    """Return the first group of the last match: sites print greetings before what the scheduler says.

    Raises:
        SchedulerError: It does not match.
    """
    ids = [match.group(1) for match in pattern.finditer(output)]
    if not ids:
        raise SchedulerError(f"{program} names no job: {Answer(0, output, '').words}")
    return ids[-1]
