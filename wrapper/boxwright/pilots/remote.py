"""The executor of batch jobs: slots come and go with pilots, and look like those of this machine otherwise.

What happens is told through one callback, in the order in which it happened.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from boxwright.errors import SchedulerError
from boxwright.execute.adopted import Adopted, adopt, cancel_adopted
from boxwright.execute.exits import read_exit
from boxwright.execute.messages import Ended as How
from boxwright.execute.messages import Event, NoSlotLeft, Request, RunEnded, SlotGone, SlotLost, SlotReady
from boxwright.pilots.checkpoints import was_signalled
from boxwright.pilots.crew import NO_TIME, Crew, PilotCounts, Place
from boxwright.pilots.endings import heard_late
from boxwright.pilots.fleet import Fleet
from boxwright.pilots.jobs import Jobs
from boxwright.pilots.leftover import wait_for_left_run
from boxwright.pilots.line import Line
from boxwright.pilots.messages import CancelRun, End, Ended, FromPilot, Hello, Leaving, Lost, Submit, Unfit, Up
from boxwright.pilots.plan import PilotPlan
from boxwright.pilots.reception import HELLO_S, Door, open_reception, pilots_folder
from boxwright.pilots.thinning import Thinning

_FAREWELL_S = 10.0


class RemoteExecutor:
    """Offers the slots of pilots, carries out one run at a time on each, and says how they end.

    Call ``adopt`` for what an earlier controller left behind, then ``start``. A slot can take a run after SlotReady,
    and the next one after the RunEnded of a run that was submitted to it, until SlotGone.

    Args:
        study: Its folder, which the nodes see, too.
        mark: First part of the token in the environment of the study's processes.
        plan: What is asked of pilots.
        on_event: Takes the events.
        left: Returns how many runs are still to be made or under way; None where that is not known.
        say: Takes a line for the log of the study.
        warn: Takes a line for a person.
        changed: Takes the number of pilots when it changes.
    """

    def __init__(
        self,
        study: Path,
        mark: str,
        plan: PilotPlan,
        on_event: Callable[[Event], None],
        *,
        left: Callable[[], int | None] = lambda: None,
        say: Callable[[str], None] = lambda _: None,
        warn: Callable[[str], None] = lambda _: None,
        changed: Callable[[PilotCounts], None] = lambda _: None,
    ) -> None:
        self._study = study.absolute()
        self._mark = mark
        self._plan = plan
        self._on_event = on_event
        self._say = say
        self._warn = warn
        self._tell_counts = changed
        self._counts = PilotCounts()
        self._crews: list[Crew] = []
        self._places: dict[int, tuple[Crew, Place]] = {}
        self._adopted: dict[int, Adopted] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._closing = False
        self._longest_s = 0.0
        self._thinning = Thinning(plan, left)
        self._jobs = Jobs(pilots_folder(self._study), plan.backend, plan.name)
        self._fleet: Fleet | None = None
        self._door: Door | None = None

    @property
    def count(self) -> int:
        """Return how many slots are wanted."""
        return self._thinning.count

    def change_count(self, count: int) -> int:
        """Want so many slots from now on: pilots are queued, or take no further run and end.

        Returns:
            So many, in whole pilots.
        """
        self._thinning.change(-(-count // self._plan.per_job) * self._plan.per_job)
        self._say(f"slots wanted from now on: {self.count}")
        return self.count

    @property
    def calls(self) -> dict[str, int]:
        """Return how often each command of the scheduler was called."""
        return self._jobs.calls

    # ------------------------------------------------------------------------------------------ the life of it

    async def start(self) -> None:
        """Listen, and queue the first pilots; SlotReady follows for each slot.

        Raises:
            StudyError: No port can be had, or the keys cannot be written.
        """
        reception = await open_reception(self._study, self._mark, self._plan, self._meet)
        self._door = reception.door
        self._fleet = Fleet(
            self._plan,
            self._jobs,
            reception.spec,
            say=self._say,
            warn=self._warn_and_say,
            give_up=lambda reason: self._emit(NoSlotLeft(reason)),
        )
        self._say(f"waiting for pilots on {reception.text}")
        self._spawn(self._listen_for_silence())
        self._spawn(self._tend(self._fleet))

    async def close(self, kill: bool = False, patience_s: float | None = None) -> None:
        """Let the pilots end, and cancel what waits: runs that are still under way are stopped with them.

        Args:
            kill: Stop all runs first, and wait until they have ended.
            patience_s: Wait for that no longer than this; None for ever.
        """
        self._closing = True
        if kill:
            runs = [*self._adopted, *(place.request.run for _, place in self._places.values() if place.request)]
            for run in runs:
                self.cancel(run, "the study was stopped")
            await self._wait_until(lambda: not (self._adopted or any(c.is_busy for c in self._crews)), patience_s)
        for crew in self._crews:
            self._dismiss(crew, "the study is over")
        await self._wait_until(lambda: not self._crews, _FAREWELL_S + self._plan.grace_s)
        for crew in list(self._crews):
            crew.line.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._jobs.close()
        self._say(f"calls of the scheduler: {', '.join(f'{n} {what}' for what, n in self.calls.items()) or 'none'}")
        if self._door is not None:
            self._door.close()
        await asyncio.sleep(0)  # events that are on their way

    async def _wait_until(self, holds: Callable[[], bool], patience_s: float | None) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while not holds():
                    self._changed.clear()
                    await self._changed.wait()

    # ------------------------------------------------------------------------------------------ runs

    def can_take(self, slot_number: int) -> bool:
        """Return whether a slot that was offered may be given a run now: its pilot may be near its end."""
        if slot_number not in self._places:
            return False
        crew, place = self._places[slot_number]
        if not crew.leaving and not crew.has_time_for(self._needed_s):
            self._retire(crew, NO_TIME)
        return not crew.leaving and not place.lost

    @property
    def _needed_s(self) -> float:
        longest_s = self._plan.longest_run_s
        return (self._longest_s if longest_s is None else longest_s) + self._plan.grace_s

    def submit(self, slot_number: int, request: Request) -> None:
        """Carry out the request on a slot that was offered."""
        if slot_number not in self._places:
            self._emit(SlotLost(slot_number, request.run, "its pilot was gone before it could begin"))
            return
        crew, place = self._places[slot_number]
        if place.request is not None:
            raise RuntimeError(f"slot {slot_number} has run {place.request.run} already")
        place.request = request
        crew.look()
        crew.line.send(Submit(place.local, request))

    def cancel(self, run: int, reason: str) -> None:
        """Stop the run; RunEnded follows. A run that is over already stays as it is."""
        if run in self._adopted:
            cancel_adopted(self._adopted[run])
        for crew, place in self._places.values():
            if place.request is not None and place.request.run == run:
                crew.line.send(CancelRun(run, reason))

    def adopt(self, run: int, folder: Path, slot_number: int) -> None:
        """Watch a run that a killed controller left behind; RunEnded or SlotLost follows."""
        self._adopted[run] = adopt(self._study, run, folder, slot_number)
        self._spawn(self._watch_adopted(self._adopted[run]))

    async def _watch_adopted(self, adopted: Adopted) -> None:
        await wait_for_left_run(adopted, self._mark, self._plan.grace_s, self._emit)
        del self._adopted[adopted.run]
        self._changed.set()

    # ------------------------------------------------------------------------------------------ pilots

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection: it has shown the study's certificate."""
        line = Line(reader, writer, FromPilot)
        crew: Crew | None = None
        beats = asyncio.create_task(line.beat(self._plan.timing.beat_s))
        try:
            messages = line.messages()
            async with asyncio.timeout(HELLO_S):
                first = await anext(messages, None)
            if isinstance(first, Unfit):
                self._refuse(first)
            elif isinstance(first, Hello):
                crew = self._welcome(line, first)
                async for message in messages:
                    self._hear(crew, message)
        except TimeoutError:
            pass
        finally:
            beats.cancel()
            line.abort()
            if crew is not None:
                self._lose(crew, "its connection was closed")

    def _refuse(self, unfit: Unfit) -> None:
        assert self._fleet is not None
        self._fleet.queued.pop(unfit.job, None)
        self._fleet.failed(f"pilot (job {unfit.job} on {unfit.host}): {unfit.reason}", has_slots=bool(self._crews))

    def _welcome(self, line: Line, hello: Hello) -> Crew:
        assert self._fleet is not None
        self._fleet.came_up(hello.job)
        crew = Crew(line, hello, {})
        numbers = (number for number in range(len(self._places) + len(hello.slots)) if number not in self._places)
        for slot in hello.slots:
            number = next(numbers)
            crew.places[slot.number] = place = Place(replace(slot, number=number), slot.number)
            self._places[number] = (crew, place)
        self._crews.append(crew)
        gpus = ", ".join(",".join(slot.gpus) for slot in hello.slots if slot.gpus)
        self._say(f"{crew.text} is up: {len(hello.slots)} slots{f', GPUs {gpus}' if gpus else ''}")
        if self._closing:
            self._dismiss(crew, "the study is over")
        return crew

    def _hear(self, crew: Crew, message: FromPilot) -> None:
        if isinstance(message, Leaving):
            self._retire(crew, message.reason)
            return
        if not isinstance(message, Up | Ended | Lost) or (place := crew.places.get(message.slot)) is None:
            return
        run = None if place.request is None else place.request.run
        if isinstance(message, Up):
            place.up = True
            if run is None and not (crew.leaving or self._closing):
                self._emit(SlotReady(place.slot))
        elif isinstance(message, Ended):
            if run == message.exit.run:
                self._end(crew, place, RunEnded(place.slot.number, message.exit))
        elif message.run is None:
            place.lost = True
            self._emit(SlotGone(place.slot.number))
        elif run == message.run:
            self._end(crew, place, SlotLost(place.slot.number, message.run, f"{crew.text}: {message.reason}"))

    def _end(self, crew: Crew, place: Place, event: RunEnded | SlotLost) -> None:
        place.request = None
        crew.look()
        if isinstance(event, RunEnded):
            crew.ended += 1
            assert self._fleet is not None
            self._fleet.went_well()
            if event.exit.ended_by is How.EXITED:
                self._longest_s = max(self._longest_s, event.exit.ended - event.exit.started)
        self._emit(event)

    def _retire(self, crew: Crew, reason: str) -> None:
        """Give it no further run."""
        if not crew.leaving:
            crew.leaving = reason
            self._say(f"{crew.text} takes no further runs: {reason}")
            for place in crew.places.values():
                self._emit(SlotGone(place.slot.number))

    def _dismiss(self, crew: Crew, reason: str) -> None:
        self._retire(crew, reason)
        if not crew.dismissed:
            crew.dismissed = True
            crew.line.send(End(reason))

    def _lose(self, crew: Crew, reason: str) -> None:
        """See to the runs of a pilot that is gone: one that has left its exit has ended, though nobody said so."""
        if crew not in self._crews:
            return
        self._crews.remove(crew)
        self._changed.set()
        crew.line.abort()
        why = f"{crew.text} is gone: {crew.leaving or reason}"
        for place in crew.places.values():
            del self._places[place.slot.number]
            if place.request is not None:
                folder = Path(place.request.folder)
                exit_ = read_exit(folder, place.request.run)
                exit_ = heard_late(exit_, signalled=was_signalled(folder))
                if exit_ is not None:
                    self._end(crew, place, RunEnded(place.slot.number, exit_))
                else:
                    self._end(crew, place, SlotLost(place.slot.number, place.request.run, why))
            if not crew.leaving:
                self._emit(SlotGone(place.slot.number))
        in_good_order = crew.dismissed or bool(crew.leaving)
        (self._say if in_good_order else self._warn_and_say)(why)
        if not self._closing:
            assert self._fleet is not None
            self._spawn(self._fleet.gone(crew, in_good_order=in_good_order, has_slots=bool(self._crews)))

    # ------------------------------------------------------------------------------------------ as time goes by

    async def _listen_for_silence(self) -> None:
        """Lose pilots that say nothing any more: frozen, or behind a network that is gone."""
        silence_s = self._plan.timing.silence_s
        looked = time.monotonic()
        while True:
            now = time.monotonic()
            for crew in list(self._crews):
                if now - looked > silence_s / 3:
                    crew.line.heard = now  # it was this process that slept: what they said is still to be read
                if now - crew.line.heard > silence_s:
                    self._lose(crew, f"it has said nothing for {silence_s:g} s")
            looked = now
            await asyncio.sleep(self._plan.timing.tick_s)

    async def _tend(self, fleet: Fleet) -> None:
        """Keep as many pilots as are wanted."""
        with contextlib.suppress(SchedulerError):
            await self._jobs.forget(())  # what an earlier controller has left in the queue is cancelled with this
        while True:
            staying = [crew for crew in self._crews if not crew.leaving]
            for crew, reason in self._thinning.surplus(staying):
                self._retire(crew, reason)
            self._dismiss_idle()
            staying = [crew for crew in self._crews if not crew.leaving]
            await fleet.adjust(self._thinning.wanted - len(staying), has_slots=bool(self._crews))
            slots = tuple(self._places[number][1].slot for number in sorted(self._places))
            counts = PilotCounts(len(fleet.queued), len(self._crews), slots)
            if counts != self._counts:
                self._counts = counts
                self._tell_counts(counts)
            await asyncio.sleep(self._plan.timing.tick_s)

    def _dismiss_idle(self) -> None:
        """End pilots that have nothing to do and will get nothing."""
        for crew in self._crews:
            crew.look()
            if not crew.is_busy:
                if not crew.leaving and not crew.has_time_for(self._needed_s):
                    self._retire(crew, NO_TIME)
                if crew.leaving:
                    self._dismiss(crew, crew.leaving)

    def _warn_and_say(self, text: str) -> None:
        self._warn(text)
        self._say(text)

    def _emit(self, event: Event) -> None:
        """Tell it soon, and not from in here: the callback may submit or raise."""
        asyncio.get_running_loop().call_soon(self._on_event, event)
        self._changed.set()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._emit(NoSlotLeft(f"a fault in the care of pilots: {error!r}"))
