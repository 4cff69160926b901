"""The executor of one batch job per run. Such runs need no controller: they go on without it, and it adopts them.

Nothing connects here: a run is over when its ``exit.json`` is there, and lost when the scheduler does not know its
job any more. What happens is told through one callback, in the order in which it happened.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from boxwright.errors import BoxwrightError, SchedulerError
from boxwright.execute.exits import read_exit, write_exit
from boxwright.execute.messages import Ended, Event, Exit, NoSlotLeft, Request, RunEnded, SlotLost, SlotReady
from boxwright.jobs.files import (
    BATCH,
    TICKET,
    UNKNOWN,
    Batch,
    Claim,
    Ticket,
    claim,
    job_folder,
    read_claim,
    read_file,
    write_file,
    write_request,
)
from boxwright.jobs.job import ENDED_BY_SCHEDULER
from boxwright.jobs.underway import Job, Patience
from boxwright.pilots.checkpoints import was_signalled
from boxwright.schedulers.base import JobSpec, Phase, Scheduler
from boxwright.schedulers.batch import NOT_THERE
from boxwright.schedulers.script import our_command
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
        self._refusals = 0
        self._has_queued = False
        self._trouble = ""

    # ------------------------------------------------------------------------------------------ what is asked for

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
            taken = self._take_back(job)
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
        await asyncio.sleep(0)  # events that are on their way

    # ------------------------------------------------------------------------------------------ into the queue

    async def _queue(self) -> None:
        """Queue what has been submitted, in arrays, and later again where the scheduler refuses."""
        while True:
            await self._changed.wait()
            await asyncio.sleep(self._patience.gather_s)
            self._changed.clear()
            waiting = [job for job in self._jobs.values() if job.request is not None and not job.cancelled]
            if not waiting:
                continue
            trouble = await self._try_to_queue(waiting[:MOST_IN_AN_ARRAY])
            if trouble and not await self._bear(trouble):
                return
            if any(job.request is not None for job in self._jobs.values()):
                self._changed.set()

    async def _try_to_queue(self, batch: Sequence[Job]) -> str:
        """Queue these runs; return why not, empty if they are."""
        for job in batch:
            job.is_being_queued = True
        try:
            await self._queue_batch(batch)
        except (BoxwrightError, OSError) as error:
            return str(error)
        finally:
            for job in batch:
                job.is_being_queued = False
                if job.cancelled and job.request is not None and self._jobs.get(job.run) is job:
                    self._end_cancelled(job)
        return ""

    async def _queue_batch(self, batch: Sequence[Job]) -> None:
        folders = [job_folder(self._study, job.run) for job in batch]
        for job, folder in zip(batch, folders, strict=True):
            assert job.request is not None
            write_request(folder, job.request)
        listed = Batch(
            folders=tuple(map(str, folders)),
            gpus=self._spec.gpus,
            cores=self._spec.cores,
            signal_before_end_s=self._spec.signal_before_end_s,
        )
        write_file(folders[0] / BATCH, listed)
        command = our_command("boxwright.jobs.job", str(folders[0] / BATCH))
        spec = msgspec.structs.replace(self._spec, argv=command, folder=folders[0])
        ids = await self._scheduler.submit(spec, len(batch))
        self._refusals, self._has_queued = 0, True
        self._say(f"queued {', '.join(f'run {job.run} as {key}' for job, key in zip(batch, ids, strict=True))}")
        for job, folder, job_id in zip(batch, folders, ids, strict=True):
            job.ticket = Ticket(backend=self._scheduler.name, job=job_id, name=spec.name)
            job.request = None
            write_file(folder / TICKET, job.ticket)

    async def _bear(self, words: str) -> bool:
        """Wait after a refusal; return False, and give up, if nothing was ever queued and that goes on."""
        self._refusals += 1
        if not self._has_queued and self._refusals >= self._patience.first_refusals:
            for job in [job for job in self._jobs.values() if job.request is not None]:
                self._lose(job, words)
            self._emit(NoSlotLeft(words))
            return False
        pause_s = min(self._patience.backoff_s * 2 ** (self._refusals - 1), self._patience.longest_backoff_s)
        self._tell(f"the scheduler takes no job: {words}; asked again in {pause_s:g} s")
        await asyncio.sleep(pause_s)
        return True

    # ------------------------------------------------------------------------------------------ out of it

    async def _look(self) -> None:
        """See which runs are over."""
        while True:
            await asyncio.sleep(self._patience.look_s)
            for job in list(self._jobs.values()):
                if job.request is None:
                    self._hear(job)

    async def _ask(self) -> None:
        """Ask for all jobs at once, and cancel at once what is to be cancelled."""
        while True:
            await asyncio.sleep(self._patience.ask_s)
            jobs = {job.ticket.job: job for job in self._jobs.values() if job.ticket is not None}
            try:
                doomed = {key: job for key, job in jobs.items() if job.cancelled and not job.is_doomed}
                if doomed:
                    await self._cancel(doomed)
                states = await self._scheduler.states(jobs.keys())
            except SchedulerError as error:
                if self._trouble != str(error):
                    self._trouble = str(error)
                    self._tell(f"the scheduler does not answer: {error}")
                continue
            self._trouble = ""
            for key, state in states.items():
                job, name = jobs[key], state.name
                is_another = bool(name) and job.ticket is not None and name != job.ticket.name
                if state.phase is Phase.GONE or is_another:
                    await self._miss(job, f"job {key}: {NOT_THERE if is_another else state.reason}")

    async def _cancel(self, doomed: dict[str, Job]) -> None:
        if any(job.adopted for job in doomed.values()):
            states = await self._scheduler.states(doomed.keys())
            named = {key: job.ticket.name for key, job in doomed.items() if job.ticket is not None}
            doomed = {key: job for key, job in doomed.items() if states[key].name in ("", named[key])}
        await self._scheduler.cancel(doomed.keys())
        for job in doomed.values():
            job.is_doomed = True

    def _hear(self, job: Job) -> None:
        exit_ = read_exit(job.folder, job.run)
        if exit_ is not None and self._jobs.get(job.run) is job:
            if exit_.detail == ENDED_BY_SCHEDULER and not job.cancelled and not was_signalled(job.folder):
                self._lose(job, f"{ENDED_BY_SCHEDULER}: {job.ticket.job if job.ticket else ''}".rstrip(": "))
            else:
                self._end(job, exit_)
        elif job.ticket is None and self._jobs.get(job.run) is job:
            self._lose(job, "it was not in the queue yet")

    async def _miss(self, job: Job, reason: str) -> None:
        """The scheduler does not know the job any more: unless it has left word in time, its run is lost."""
        try:
            claimed = await asyncio.to_thread(self._take_back, job)
        except OSError as error:
            self._tell(f"run {job.run}: {error}")
            return
        self._hear(job)
        if self._jobs.get(job.run) is not job:
            return
        if claimed is not None and job.ticket is not None and claimed.job not in (UNKNOWN, job.ticket.job):
            # An earlier submission was refused, as it seemed, and its job has the run all the same.
            job.ticket, job.missed_since = msgspec.structs.replace(job.ticket, job=claimed.job), 0.0
            return
        now = asyncio.get_running_loop().time()
        job.missed_since = job.missed_since or now
        late_s = 0.0 if claimed is None or claimed.host == socket.gethostname() else self._patience.late_s
        if now >= job.missed_since + late_s:
            if job.cancelled:
                self._end_cancelled(job)
            else:
                self._lose(job, reason)

    def _take_back(self, job: Job) -> Claim | None:
        """Have no job start the run from now on; return who has it, None if no job ever will.

        Raises:
            OSError: It cannot be written down.
        """
        files = job_folder(self._study, job.run)
        files.mkdir(parents=True, exist_ok=True)
        if claim(files, Claim(job="")):
            return None
        claimed = read_claim(files)
        return None if claimed is not None and not claimed.job else claimed or Claim(job=UNKNOWN)

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
        task.add_done_callback(self._tasks.discard)
