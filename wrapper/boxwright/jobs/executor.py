"""The executor of one batch job per run. Such runs need no controller: they go on without it, and it adopts them.

Nothing connects here: a run is over when its ``exit.json`` is there, and lost when the scheduler does not know its
job any more. What happens is told through one callback, in the order in which it happened.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from boxwright.errors import BoxwrightError, SchedulerError
from boxwright.execute.exits import read_exit, write_exit
from boxwright.execute.messages import (
    Ended,
    Event,
    Exit,
    NoSlotLeft,
    Request,
    RunEnded,
    SlotGone,
    SlotLost,
    SlotReady,
)
from boxwright.jobs.files import TICKET, UNKNOWN, Ticket, job_folder, read_file, take_back
from boxwright.jobs.job import ENDED_BY_SCHEDULER
from boxwright.jobs.queueing import queue_runs
from boxwright.jobs.underway import Job, JobCounts, Patience
from boxwright.pilots.checkpoints import was_signalled
from boxwright.pilots.processes import log_tail
from boxwright.schedulers.base import JobSpec, JobState, Phase, Scheduler
from boxwright.schedulers.batch import NOT_THERE
from boxwright.terms import Slot

MOST_IN_AN_ARRAY = 1000
"""Slurm takes 1001 unless it is told otherwise; the others take more."""


class JobExecutor:
    """Offers so many places in the queue, has one run at a time carried out for each, and says how they end.

    Call ``adopt`` for what an earlier controller left behind, then ``start``. A slot can take a run after SlotReady,
    and the next one after the RunEnded of a run that was submitted to it.

    Args:
        study: Its folder, which the nodes see, too.
        slots: As many as there may be jobs at a time.
        scheduler: Where jobs are queued.
        spec: Every job; its command and folder are put in here.
        on_event: Takes the events.
        say: Takes a line for the log of the study.
        warn: Takes a line for a person.
        changed: Takes the number of jobs when it changes.
    """

    def __init__(
        self,
        study: Path,
        slots: Sequence[Slot],
        scheduler: Scheduler,
        spec: JobSpec,
        on_event: Callable[[Event], None],
        *,
        say: Callable[[str], None] = lambda _: None,
        warn: Callable[[str], None] = lambda _: None,
        changed: Callable[[JobCounts], None] = lambda _: None,
        patience: Patience | None = None,
    ) -> None:
        self._study = study.absolute()
        self._slots = {slot.number: slot for slot in slots}
        self._scheduler = scheduler
        self._spec = spec
        self._on_event = on_event
        self._say = say
        self._warn = warn
        self._patience = patience or Patience()
        self._jobs: dict[int, Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._tell_counts = changed
        self._counts: JobCounts | None = None
        self._failures = 0
        self._has_begun = False
        self._next_try = 0.0
        self._next_cancellation = 0.0
        self._refusal = ""
        self._trouble = ""

    # ------------------------------------------------------------------------------------------ what is asked for

    @property
    def count(self) -> int:
        """Return how many runs there may be at a time."""
        return len(self._slots)

    def change_count(self, count: int) -> int:
        """Have so many runs at a time from now on; those under way go on, whatever the number.

        Returns:
            So many.
        """
        threads = next(iter(self._slots.values())).threads
        for number in [number for number in self._slots if number >= count]:
            del self._slots[number]
            self._emit(SlotGone(number))
        adopted = {job.slot for job in self._jobs.values() if job.adopted}  # offered after their run
        for number in range(count):
            if number not in self._slots:
                self._slots[number] = slot = Slot(number, threads=threads)
                if number not in adopted:
                    self._emit(SlotReady(slot))
        self._say(f"slots wanted from now on: {self.count}")
        return self.count

    @property
    def calls(self) -> dict[str, int]:
        """Return how often each command of the scheduler was called."""
        return dict(self._scheduler.calls)

    async def start(self) -> None:
        """Offer every slot that no adopted run has; SlotReady follows for each."""
        taken = {job.slot for job in self._jobs.values()}
        for slot in self._slots.values():
            if slot.number not in taken:
                self._emit(SlotReady(slot))
        for loop in (self._queue, self._look, self._ask):
            self._spawn(loop())

    def can_take(self, slot_number: int) -> bool:
        """Return whether a slot that was offered may be given a run now: here, always."""
        return slot_number in self._slots

    def submit(self, slot_number: int, request: Request) -> None:
        """Have the request carried out in a job of its own; those that come soon after go into the same array."""
        self._jobs[request.run] = Job(request.run, slot_number, Path(request.folder), request=request)
        self._changed.set()

    def cancel(self, run: int, reason: str) -> None:
        """Stop the run, adopted ones too; RunEnded follows. A run that is over already stays as it is."""
        job = self._jobs.get(run)
        if job is not None and not job.cancelled:
            job.cancelled = reason or "cancelled"
            if job.request is not None and not job.is_being_queued:
                self._end_cancelled(job)

    def adopt(self, run: int, folder: Path, slot_number: int) -> None:
        """Watch a run that an earlier controller left in the queue; RunEnded or SlotLost follows."""
        job = Job(run, slot_number, folder, adopted=True)
        self._jobs[run] = job
        files = job_folder(self._study, run)
        job.ticket = read_file(files / TICKET, Ticket)
        if job.ticket is None:
            # It may be in the queue, under an id that was not written down: from now on it may not start.
            taken = take_back(files)
            if taken is not None and taken.job:
                job.ticket = Ticket(backend=self._scheduler.name, job=taken.job, name=self._spec.name)

    async def close(self, kill: bool = False, patience_s: float | None = None) -> None:
        """Let go of the jobs: they stay in the queue, and their runs go on.

        Args:
            kill: Cancel them first, and wait until they are over.
            patience_s: Wait no longer than this; None for ever.
        """
        if kill:
            for run in list(self._jobs):
                self.cancel(run, "the study was stopped")
            with suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    while self._jobs:
                        await asyncio.sleep(self._patience.look_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._say(f"calls of the scheduler: {', '.join(f'{n} {what}' for what, n in self.calls.items()) or 'none'}")
        await asyncio.sleep(0)  # events that are on their way

    # ------------------------------------------------------------------------------------------ into the queue

    async def _queue(self) -> None:
        """Queue what has been submitted, in arrays, not too often, and later again where that fails."""
        while True:
            await self._changed.wait()
            await asyncio.sleep(self._patience.gather_s)
            while (rest_s := self._next_try - self._now()) > 0:
                await asyncio.sleep(rest_s)
            self._changed.clear()
            waiting = [job for job in self._jobs.values() if job.request is not None and not job.cancelled]
            if not waiting:
                continue
            trouble = await self._try_to_queue(waiting[:MOST_IN_AN_ARRAY])
            self._next_try = max(self._next_try, self._now() + self._patience.calm_s)
            if trouble:
                self._fail(f"the scheduler takes no job: {trouble}")
            if any(job.request is not None for job in self._jobs.values()):
                self._changed.set()

    async def _try_to_queue(self, batch: Sequence[Job]) -> str:
        """Queue these runs; return why not, empty if they are."""
        for job in batch:
            job.is_being_queued = True
        try:
            for trouble in await queue_runs(self._study, self._scheduler, self._spec, batch):
                self._tell(trouble)
        except (BoxwrightError, OSError) as error:
            return str(error)
        finally:
            for job in batch:
                job.is_being_queued = False
                if job.cancelled and job.request is not None and self._jobs.get(job.run) is job:
                    self._end_cancelled(job)
        self._say(f"queued {', '.join(f'run {job.run} as {job.ticket.job}' for job in batch if job.ticket)}")
        return ""

    def _went_well(self) -> None:
        self._has_begun, self._failures = True, 0

    def _fail(self, words: str) -> None:
        """Wait longer before the next submission, or give up: jobs are refused, or end before their runs begin."""
        self._failures += 1
        is_hopeless = not (self._has_begun or any(job.ticket for job in self._jobs.values()))
        if is_hopeless and self._failures >= self._patience.first_failures:
            for job in [job for job in self._jobs.values() if job.request is not None]:
                self._lose(job, words)
            self._emit(NoSlotLeft(f"{words}; {self._failures} times in a row"))
            self._next_try = float("inf")
            return
        longest_s = self._patience.longest_backoff_s
        pause_s = min(self._patience.backoff_s * 2.0 ** min(self._failures - 1, 20), longest_s)
        self._next_try = max(self._next_try, self._now() + pause_s)
        self._tell(f"{words}; the next submission is in {pause_s:g} s")

    # ------------------------------------------------------------------------------------------ out of it

    async def _look(self) -> None:
        """See which runs are over."""
        while True:
            await asyncio.sleep(max(self._patience.look_s, len(self._jobs) * self._patience.glance_s))
            for job in list(self._jobs.values()):
                if job.request is None:
                    self._hear(job)

    async def _ask(self) -> None:
        """Ask for all jobs at once, and cancel at once what is to be cancelled."""
        while True:
            await asyncio.sleep(self._patience.ask_s)
            jobs = {job.ticket.job: job for job in self._jobs.values() if job.ticket is not None}
            trouble = await self._cancel(jobs)
            try:
                states = await self._scheduler.states(jobs.keys())
            except SchedulerError as error:
                trouble, states = str(error), {}
            if trouble and trouble != self._trouble:
                self._tell(f"the scheduler does not do what it is asked for: {trouble}")
            self._trouble = trouble
            await self._see(jobs, states)
            counts = self._count_jobs()
            if counts != self._counts:
                self._counts = counts
                self._tell_counts(counts)

    async def _see(self, jobs: Mapping[str, Job], states: Mapping[str, JobState]) -> None:
        """See to the jobs that are gone."""
        unbegun: list[str] = []
        for key, state in states.items():
            job = jobs[key]
            is_another = bool(state.name) and job.ticket is not None and state.name != job.ticket.name
            job.is_running = state.phase is Phase.RUNNING and not is_another
            if state.phase is not Phase.GONE and not is_another:
                job.missed_since = 0.0
            elif words := await self._miss(job, key, NOT_THERE if is_another else state.reason):
                unbegun.append(words)
        if unbegun:
            self._fail(unbegun[0] + (f" (and {len(unbegun) - 1} more)" if len(unbegun) > 1 else ""))

    def _count_jobs(self) -> JobCounts:
        running = sum(job.is_running for job in self._jobs.values())
        return JobCounts(len(self._jobs) - running, running, self.count)

    async def _cancel(self, jobs: Mapping[str, Job]) -> str:
        """Cancel what is to be cancelled; return why the scheduler does not, empty if it does."""
        doomed = {key: job for key, job in jobs.items() if job.cancelled and not job.is_doomed}
        if not doomed or self._now() < self._next_cancellation:
            return self._refusal if doomed else ""
        try:
            if any(job.adopted for job in doomed.values()):
                states = await self._scheduler.states(doomed.keys())
                named = {key: job.ticket.name for key, job in doomed.items() if job.ticket is not None}
                doomed = {key: job for key, job in doomed.items() if states[key].name in ("", named[key])}
            await self._scheduler.cancel(doomed.keys())
        except SchedulerError as error:
            self._next_cancellation, self._refusal = self._now() + self._patience.calm_s, str(error)
            return self._refusal
        for job in doomed.values():
            job.is_doomed = True
        return ""

    def _hear(self, job: Job) -> None:
        exit_ = read_exit(job.folder, job.run)
        if exit_ is not None and self._jobs.get(job.run) is job:
            self._went_well()
            if exit_.detail == ENDED_BY_SCHEDULER and not job.cancelled and not was_signalled(job.folder):
                self._lose(job, f"{ENDED_BY_SCHEDULER}: {job.ticket.job if job.ticket else ''}".rstrip(": "))
            else:
                self._end(job, exit_)
        elif job.ticket is None and self._jobs.get(job.run) is job:
            self._lose(job, "it was not in the queue yet")

    async def _miss(self, job: Job, key: str, reason: str) -> str:
        """The scheduler does not know the job any more: unless it has left word in time, its run is lost.

        Returns:
            What is known of a job that ended before its run began and was not told to; empty for another one.
        """
        try:
            claimed = await asyncio.to_thread(take_back, job_folder(self._study, job.run))
        except OSError as error:
            self._tell(f"run {job.run}: {error}")
            return ""
        self._hear(job)
        if self._jobs.get(job.run) is not job:
            return ""
        if claimed is not None and job.ticket is not None and claimed.job not in (UNKNOWN, job.ticket.job):
            # An earlier submission was refused, as it seemed, and its job has the run all the same.
            job.ticket, job.missed_since = msgspec.structs.replace(job.ticket, job=claimed.job), 0.0
            return ""
        now = self._now()
        job.missed_since = job.missed_since or now
        late_s = 0.0 if claimed is None or claimed.host == socket.gethostname() else self._patience.late_s
        return (
            "" if now < job.missed_since + late_s else self._give_up(job, key, reason, has_begun=claimed is not None)
        )

    def _give_up(self, job: Job, key: str, reason: str, *, has_begun: bool) -> str:
        words = ""
        if job.cancelled:
            self._end_cancelled(job)
        elif has_begun:
            self._went_well()
            self._lose(job, f"job {key}: {reason}")
        else:
            last_words = log_tail(job.logs or job_folder(self._study, job.run), key)
            words = f"job {key} ended before its run began: {last_words or reason}"
            self._lose(job, words)
        return words

    # ------------------------------------------------------------------------------------------ events

    def _end_cancelled(self, job: Job) -> None:
        exit_ = Exit(run=job.run, ended_by=Ended.CANCELLED, detail=job.cancelled)
        try:
            write_exit(job.folder, exit_)
        except OSError as error:
            self._lose(job, f"{job.cancelled}; exit.json could not be written: {error.strerror}")
        else:
            self._end(job, exit_)

    def _end(self, job: Job, exit_: Exit) -> None:
        del self._jobs[job.run]
        self._emit(RunEnded(job.slot, exit_))
        self._offer_again(job)

    def _lose(self, job: Job, reason: str) -> None:
        del self._jobs[job.run]
        self._emit(SlotLost(job.slot, job.run, reason))
        job.adopted = True  # a slot that has lost its run is offered again, as that of an adopted one
        self._offer_again(job)

    def _offer_again(self, job: Job) -> None:
        if job.adopted and job.slot in self._slots:
            self._emit(SlotReady(self._slots[job.slot]))

    def _tell(self, text: str) -> None:
        self._say(text)
        self._warn(text)

    def _emit(self, event: Event) -> None:
        """Tell it soon, and not from in here: the callback may submit or raise."""
        asyncio.get_running_loop().call_soon(self._on_event, event)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._emit(NoSlotLeft(f"a fault in the care of jobs: {error!r}"))

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
