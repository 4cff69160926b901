"""A batch scheduler, called politely: in bulk, in arrays, and seldom."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

from boxwright.errors import SchedulerError
from boxwright.schedulers.base import JobSpec, JobState, Phase
from boxwright.schedulers.calling import Answer, call
from boxwright.schedulers.dialect import Dialect
from boxwright.schedulers.script import job_files

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
        self._watched: set[str] = set()
        self._submitted: dict[str, float] = {}  # since when, until they have been seen
        self._asked = float("-inf")
        self._asked_about: frozenset[str] = frozenset()
        self._seen: dict[str, JobState] = {}
        self._trouble: SchedulerError | None = None
        self._asking = asyncio.Lock()

    def script(self, spec: JobSpec) -> str:
        """Return what would be submitted.

        Raises:
            UserError: The template, or a setting, cannot be what is meant.
        """
        return list(self.files(spec).values())[-1]

    def files(self, spec: JobSpec) -> dict[str, str]:
        """Return all that would lie in the job's folder, by name; the last one is what is submitted.

        Raises:
            UserError: The template, or a setting, cannot be what is meant.
        """
        return job_files(self._dialect, spec)

    async def submit(self, spec: JobSpec, count: int = 1) -> tuple[str, ...]:
        """Queue so many jobs, as one array where there are several; return their ids by index.

        Raises:
            UserError: As for ``script``.
            SchedulerError: It refuses, or does not answer, or the folder cannot be written.
        """
        files = {name: text.encode("utf-8", "surrogateescape") for name, text in self.files(spec).items()}
        script = list(files)[-1]
        try:
            await asyncio.to_thread(_write_files, spec.folder, files)
        except OSError as error:
            raise SchedulerError(f"{error.filename}: {error.strerror}") from error
        self.calls["submit"] += 1
        stdin = files[script] if self._dialect.script_on_stdin else b""
        answer = await call(self._dialect.submission(script, spec, count), folder=spec.folder, stdin=stdin)
        if answer.code:
            raise SchedulerError(answer.said_by(self._dialect.programs[0]))
        ids = self._dialect.ids(answer.stdout, count)
        self._submitted.update(dict.fromkeys(ids, time.monotonic()))
        self._watched.update(ids)
        return ids

    async def states(self, ids: Collection[str]) -> dict[str, JobState]:
        """Return the state of each: from one bulk call, or from the last one if that is a few seconds old at most.

        Raises:
            SchedulerError: It does not answer; nothing is known of any job then.
        """
        if not ids:
            return {}
        async with self._asking:
            new = set(ids) - self._asked_about - self._submitted.keys()  # of an earlier controller
            self._watched.update(ids)
            if new or time.monotonic() >= self._asked + self._quiet_s:
                await self._ask()
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
                raise SchedulerError(answer.said_by(self._dialect.programs[2]))

    async def _ask(self) -> None:
        self.calls["states"] += 1
        self._asked, jobs = time.monotonic(), frozenset(self._watched)
        self._asked_about = jobs
        try:
            answer = await call(self._dialect.query(jobs))
            if self._is_trouble(answer):
                raise SchedulerError(answer.said_by(self._dialect.programs[1]))
            self._seen = self._dialect.states(answer.stdout)
        except SchedulerError as error:
            self._trouble = error
            return
        self._trouble = None
        self._submitted = {job: since for job, since in self._submitted.items() if self._is_early(job)}
        stuck = [job for job in jobs if job in self._seen and self._seen[job].is_stuck]
        if stuck:
            with suppress(SchedulerError):  # the next ask finds them again
                await self.cancel(stuck)
        self._watched = {job for job in self._watched if self._state(job).phase is not Phase.GONE}

    def _state(self, job: str) -> JobState:
        state = self._seen.get(job)
        if state is not None:
            return state if not state.is_stuck else JobState(phase=Phase.GONE, reason=state.reason, name=state.name)
        if self._is_early(job):
            return JobState(phase=Phase.PENDING)
        return JobState(phase=Phase.GONE, reason=NOT_THERE)

    def _is_early(self, job: str) -> bool:
        """Whether a job may be missing in the last answer because it was queued too late for that."""
        since = self._submitted.get(job)
        return since is not None and job not in self._seen and self._asked < since + self._dialect.lag_s

    def _is_trouble(self, answer: Answer) -> bool:
        """Whether a command failed for another reason than that some of the jobs are over."""
        return answer.code != 0 and not self._dialect.is_harmless(answer)


def _write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        draft = folder / f".{name}.new"
        draft.write_bytes(content)
        draft.chmod(0o755)
        draft.replace(folder / name)  # an earlier one may just be read: by a job that starts, or the scheduler
