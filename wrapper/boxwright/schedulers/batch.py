"""A batch scheduler, called politely: in bulk, in arrays, and seldom."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Collection

from boxwright.errors import SchedulerError
from boxwright.schedulers.base import JobSpec, JobState, Phase
from boxwright.schedulers.calling import Answer, call
from boxwright.schedulers.dialect import Dialect
from boxwright.schedulers.script import job_script

QUIET_S = 5.0
"""So long an answer about the state of jobs is good for every further ask."""

NOT_THERE = "not in the queue any more"
_MOST_IN_A_CALL = 1000


class BatchScheduler:
    """One scheduler as seen by one controller.

    Attributes:
        name: As ``slots.backend`` names it.
        calls: How often each kind of its commands was called so far: ``submit``, ``states``, ``cancel``.
    """

    def __init__(self, dialect: Dialect, *, quiet_s: float = QUIET_S) -> None:
        self.name = dialect.name
        self.calls: Counter[str] = Counter()
        self._dialect = dialect
        self._quiet_s = quiet_s
        self._submitted: dict[str, float] = {}
        self._seen: dict[str, JobState] = {}
        self._asked = float("-inf")
        self._trouble: SchedulerError | None = None
        self._asking = asyncio.Lock()

    def script(self, spec: JobSpec) -> str:
        """Return what would be submitted.

        Raises:
            UserError: The template, or a setting, cannot be what is meant.
        """
        return job_script(self._dialect, spec)

    async def submit(self, spec: JobSpec, count: int = 1) -> tuple[str, ...]:
        """Queue so many jobs, as one array where there are several; return their ids by index.

        Raises:
            UserError: As for ``script``.
            SchedulerError: It refuses, or does not answer, or the folder cannot be written.
        """
        text, name = self.script(spec), f"{spec.name}.sh"
        try:
            spec.folder.mkdir(parents=True, exist_ok=True)
            await asyncio.to_thread((spec.folder / name).write_text, text, encoding="utf-8", errors="surrogateescape")
        except OSError as error:
            raise SchedulerError(f"{spec.folder / name}: {error.strerror}") from error
        self.calls["submit"] += 1
        answer = await call(self._dialect.submission(name, spec, count), folder=spec.folder)
        if answer.code:
            raise SchedulerError(f"{self._dialect.programs[0]}: {answer.words}")
        ids = self._dialect.ids(answer.stdout, count)
        self._submitted.update(dict.fromkeys(ids, time.monotonic()))
        return ids

    async def states(self, ids: Collection[str]) -> dict[str, JobState]:
        """Return the state of each: from one bulk call, or from the last one if that is a few seconds old at most.

        Raises:
            SchedulerError: It does not answer; nothing is known of any job then.
        """
        if not ids:
            return {}
        async with self._asking:
            if time.monotonic() >= self._asked + self._quiet_s:
                await self._ask(ids)
        if self._trouble is not None:
            raise self._trouble
        return {job: self._state(job) for job in ids}

    async def cancel(self, ids: Collection[str]) -> None:
        """Cancel all of them in one call; those that are over already stay as they are.

        Raises:
            SchedulerError: It refuses, or does not answer.
        """
        jobs = sorted(set(ids))
        for start in range(0, len(jobs), _MOST_IN_A_CALL):
            self.calls["cancel"] += 1
            answer = await call(self._dialect.cancellation(jobs[start : start + _MOST_IN_A_CALL]))
            if self._is_trouble(answer):
                raise SchedulerError(f"{self._dialect.programs[2]}: {answer.words}")

    async def _ask(self, ids: Collection[str]) -> None:
        self.calls["states"] += 1
        self._asked = time.monotonic()
        try:
            answer = await call(self._dialect.query(ids))
            if self._is_trouble(answer):
                raise SchedulerError(f"{self._dialect.programs[1]}: {answer.words}")
            self._seen = self._dialect.states(answer.stdout)
        except SchedulerError as error:
            self._trouble = error
            return
        self._trouble = None
        now = self._asked
        self._submitted = {
            job: since
            for job, since in self._submitted.items()
            if job not in self._seen and now < since + self._lag_s
        }

    @property
    def _lag_s(self) -> float:
        return self._dialect.lag_s

    def _state(self, job: str) -> JobState:
        state = self._seen.get(job)
        if state is not None:
            return state
        since = self._submitted.get(job)
        if since is not None and self._asked < since + self._lag_s:
            return JobState(phase=Phase.PENDING)  # it was not there yet when the scheduler was asked
        return JobState(phase=Phase.GONE, reason=NOT_THERE)

    def _is_trouble(self, answer: Answer) -> bool:
        """Whether a command failed for another reason than that some of the jobs are over."""
        return answer.code != 0 and not self._dialect.unknown_job.search(answer.stderr + answer.stdout)
