"""The jobs of a study's pilots: queued, replaced, and given up, politely."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from boxwright.errors import SchedulerError
from boxwright.pilots.crew import NO_TIME, Crew
from boxwright.pilots.jobs import Jobs
from boxwright.pilots.plan import PilotPlan
from boxwright.pilots.processes import log_tail
from boxwright.schedulers.base import JobSpec, Phase

_MOST_AT_ONCE = 1000


class Fleet:
    """Keeps as many jobs in the queue as are wanted beyond the pilots that have come up.

    Args:
        plan: What is asked of pilots.
        jobs: The scheduler, through the keeper of the jobs.
        spec: One pilot as a batch job.
        say: Takes a line for the log of the study.
        warn: Takes a line for a person.
        give_up: Called with the reason when no slot will come any more.

    Attributes:
        queued: Jobs that were submitted and whose pilots have not come up, with monotonic seconds.
    """

    def __init__(
        self,
        plan: PilotPlan,
        jobs: Jobs,
        spec: JobSpec,
        *,
        say: Callable[[str], None],
        warn: Callable[[str], None],
        give_up: Callable[[str], None],
    ) -> None:
        self.queued: dict[str, float] = {}
        self._timing = plan.timing
        self._jobs = jobs
        self._spec = spec
        self._say = say
        self._warn = warn
        self._give_up = give_up
        self._came_early: set[str] = set()
        self._lost: set[str] = set()
        self._ever_up = False
        self._failures = 0
        self._next_try = 0.0
        self._next_poll = 0.0
        self._next_submission = 0.0
        self._next_cancellation = 0.0
        self._last_words = ""

    def came_up(self, job: str) -> None:
        """Hear of a pilot that has come up; its job may be known here only a moment later."""
        self._ever_up = True
        if self.queued.pop(job, None) is None and job:
            self._came_early.add(job)

    async def gone(self, crew: Crew, *, in_good_order: bool, has_slots: bool) -> None:
        """Hear of a pilot that is gone: where its job may still be there, it is cancelled soon, with others."""
        job = crew.hello.job
        if job and crew.dismissed:
            with suppress(SchedulerError):  # the keeper finds it gone in the end
                await self._jobs.forget((job,))
        elif job:
            self._lost.add(job)
        lived_s = time.monotonic() - crew.since
        is_useless = not (crew.dismissed or any(place.up for place in crew.places.values()))
        has_come_late = crew.leaving == NO_TIME  # the next one may, too: that is not to go on without a word
        if (is_useless or has_come_late or not in_good_order) and not crew.ended and lived_s < self._timing.young_s:
            why = f": {crew.leaving}" if crew.leaving else ""
            self.failed(f"{crew.text} was gone after {lived_s:.0f} s{why}", has_slots=has_slots)

    def went_well(self) -> None:
        """Hear of a run that has ended: what went wrong before is over."""
        self._failures = 0

    def failed(self, words: str, *, has_slots: bool) -> None:
        """Hear of a job that was refused, or whose pilot did not live; wait longer before the next."""
        self._failures += 1
        pause_s = min(self._timing.longest_backoff_s, self._timing.backoff_s * 2 ** (self._failures - 1))
        self._next_try = time.monotonic() + pause_s
        if words != self._last_words:
            self._last_words = words
            self._warn(words)
        most = self._timing.most_failures if self._ever_up else self._timing.first_failures
        if self._failures >= most and not has_slots and not self.queued:
            self._give_up(f"{words}; {self._failures} times in a row")

    async def adjust(self, missing: int, *, has_slots: bool) -> None:
        """Queue what is missing, cancel what is too much, and see what became of what waits."""
        surplus = len(self.queued) - max(0, missing)
        now = time.monotonic()
        try:
            if (surplus > 0 or self._lost) and now >= self._next_cancellation:
                self._next_cancellation = now + self._timing.rest_s
                await self._cancel(max(0, surplus))
            if surplus < 0 and now >= max(self._next_try, self._next_submission):
                self._next_submission = now + self._timing.rest_s
                await self._submit(min(-surplus, _MOST_AT_ONCE))
        except SchedulerError as error:
            self.failed(str(error), has_slots=has_slots)
        if self.queued and now >= self._next_poll:
            self._next_poll = now + self._timing.poll_s
            await self._poll(has_slots)

    async def _submit(self, count: int) -> None:
        ids = await self._jobs.submit(self._spec, count)
        now = time.monotonic()
        self.queued.update({job: now for job in ids if job not in self._came_early})
        self._came_early.clear()
        self._next_poll = now + self._timing.poll_s
        self._say(f"queued {count} pilot{'' if count == 1 else 's'}: job {', '.join(ids)}")

    async def _cancel(self, surplus: int) -> None:
        newest = sorted(self.queued, key=lambda job: self.queued[job])[len(self.queued) - surplus :]
        lost, self._lost = self._lost, set()
        try:
            await self._jobs.cancel((*newest, *lost))
        except SchedulerError as error:
            if newest:
                raise
            self._say(f"jobs of lost pilots are still to be cancelled: {error}")  # the keeper does so in the end
            return
        for job in newest:
            self.queued.pop(job, None)
        if newest:
            self._say(f"not needed any more, cancelled: job {', '.join(newest)}")

    async def _poll(self, has_slots: bool) -> None:
        try:
            states = await self._jobs.states(tuple(self.queued))
        except SchedulerError as error:
            self._say(f"the scheduler does not say how the pilots' jobs are: {error}")
            return
        gone = {
            job: state
            for job, state in states.items()
            if job in self.queued and (state.phase is Phase.GONE or state.is_stuck)
        }
        if not gone:
            return
        stuck = tuple(job for job, state in gone.items() if state.is_stuck)
        for job in gone:
            self.queued.pop(job, None)
        if stuck:
            await self._jobs.cancel(stuck)
        job, state = next(iter(gone.items()))
        words = log_tail(self._spec.folder, job) or state.reason or "it left no word in its log"
        many = "" if len(gone) == 1 else f" (and {len(gone) - 1} more)"
        self.failed(f"job {job}{many} ended before its pilot came up: {words}", has_slots=has_slots)
