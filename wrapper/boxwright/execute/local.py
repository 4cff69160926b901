"""The executor of this machine: one agent process per slot. Linux only.

Nothing here waits for a run or reads its output; the agents do. What happens is told through one callback, in
the order in which it happened.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boxwright.execute.adopted import POLL_S, Adopted, adopt, cancel_adopted, wait_for_adopted
from boxwright.execute.exits import read_exit, write_exit
from boxwright.execute.leftovers import kill_leftovers
from boxwright.execute.link import AgentLink, Tie, start_agent
from boxwright.execute.lock import is_held, lock_path, read_owner, slot_locks
from boxwright.execute.messages import (
    Cancel,
    Ended,
    Event,
    Exit,
    Finished,
    NoSlotLeft,
    Ready,
    Request,
    RunEnded,
    SlotLost,
    SlotReady,
    Start,
)
from boxwright.terms import Slot

MOST_DEATHS = 5
FIRST_BACKOFF_S = 0.1


@dataclass(slots=True)
class _Line:
    """One slot and its agent.

    Attributes:
        ready: The agent holds the lock of the slot.
        request: The run that the slot has, with the agent or waiting for one.
        sent: The agent has it.
        offered: SlotReady was told of this agent.
        deaths: Of agents in a row, without a run ended in between.
        lost: No further agent will be started.
    """

    slot: Slot
    link: AgentLink | None = None
    ready: bool = False
    request: Request | None = None
    sent: bool = False
    offered: bool = False
    deaths: int = 0
    lost: str = ""


class LocalExecutor:
    """Offers the slots of this machine, carries out one run at a time on each, and says how they end.

    Call ``adopt`` for what an earlier controller left behind, then ``start``. A slot can take a run after SlotReady,
    and the next one after the RunEnded of a run that was submitted to it. With a tie, agents end with this process.
    """

    def __init__(
        self,
        study: Path,
        mark: str,
        slots: Sequence[Slot],
        on_event: Callable[[Event], None],
        *,
        tie: Tie | None = None,
    ) -> None:
        self._study = study.absolute()
        self._mark = mark
        self._lines = {slot.number: _Line(slot) for slot in slots}
        self._on_event = on_event
        self._tie = tie
        self._adopted: dict[int, Adopted] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._closing = False

    async def start(self) -> None:
        """Start all agents; SlotReady follows for each.

        An agent waits while an earlier one still holds its slot. If the slots are cut differently than then, all
        wait, since a GPU may have moved to another slot.
        """
        lock_path(self._study, 0).parent.mkdir(parents=True, exist_ok=True)
        if self._is_cut_differently():
            self._spawn(self._start_when_free())
        else:
            await self._start_all()

    def can_take(self, slot_number: int) -> bool:
        """Return whether a slot that was offered may be given a run now: here, always."""
        return slot_number in self._lines

    def submit(self, slot_number: int, request: Request) -> None:
        """Carry out the request on a slot that was offered."""
        line = self._lines[slot_number]
        if line.request is not None:
            raise RuntimeError(f"slot {slot_number} has run {line.request.run} already")
        line.request, line.sent = request, False
        if line.lost:
            self._lose_run(line, line.lost)
        else:
            self._serve(line)

    def cancel(self, run: int, reason: str) -> None:
        """Stop the run, adopted ones too; RunEnded follows. A run that is over already stays as it is."""
        if run in self._adopted:
            cancel_adopted(self._adopted[run])
        for line in self._lines.values():
            if line.request is not None and line.request.run == run:
                if line.sent and line.link is not None:
                    line.link.send(Cancel(run, reason))
                elif not line.sent:
                    self._end_unsent(line, reason)

    def adopt(self, run: int, folder: Path, slot_number: int) -> None:
        """Watch a run that a killed controller left behind; RunEnded or SlotLost follows."""
        adopted = adopt(self._study, run, folder, slot_number)
        self._adopted[run] = adopted
        self._spawn(self._watch_adopted(adopted))

    async def close(self, kill: bool = False, patience_s: float | None = None) -> None:
        """Let go of the agents: idle ones end, busy ones finish their run and write its ``exit.json``.

        Args:
            kill: Stop all runs first, adopted ones too, and wait until they have ended.
            patience_s: Wait no longer than this; None for ever. An agent may itself have been stopped.
        """
        self._closing = True
        if kill:
            runs = [*self._adopted, *(line.request.run for line in self._lines.values() if line.request)]
            for run in runs:
                self.cancel(run, "the study was stopped")
            with suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    await self._wait_for_runs()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(self._let_go(line) for line in self._lines.values()))
        await asyncio.sleep(0)  # events that are on their way

    async def _wait_for_runs(self) -> None:
        while self._adopted or any(line.request for line in self._lines.values()):
            self._changed.clear()
            await self._changed.wait()

    # ------------------------------------------------------------------------------------------ agents

    def _is_cut_differently(self) -> bool:
        """Whether a slot that is still in use has other GPUs or cores than the slot of that number has now."""
        used = {adopted.slot for adopted in self._adopted.values()}
        for path in slot_locks(self._study):
            number = int(path.stem) if path.stem.isdecimal() else -1
            owner, line = read_owner(path), self._lines.get(number)
            if (number in used or is_held(path)) and not (owner and line and owner.has_share_of(line.slot)):
                return True
        return False

    async def _start_when_free(self) -> None:
        while self._adopted or any(map(is_held, slot_locks(self._study))):
            await asyncio.sleep(POLL_S)
        await self._start_all()

    async def _start_all(self) -> None:
        await asyncio.gather(*(self._start_one(line) for line in self._lines.values()))

    async def _start_one(self, line: _Line) -> None:
        if self._closing:
            return
        try:
            line.link = await start_agent(
                line.slot,
                self._study,
                lambda message: self._hear(line, message),
                lambda: self._miss(line),
                tie=self._tie,
            )
        except OSError as error:
            self._count_death(line, f"its agent could not be started: {error}")

    def _hear(self, line: _Line, message: Ready | Finished) -> None:
        if isinstance(message, Ready):
            line.ready = True
            self._serve(line)
        elif line.request is not None and line.request.run == message.exit.run:
            line.deaths = 0
            line.ready = not message.is_last
            self._end_run(line, message.exit)

    def _miss(self, line: _Line) -> None:
        """The agent is gone; if this executor did not let it go, see to its run and start another."""
        line.ready = line.offered = False
        if line.link is not None:
            self._spawn(self._recover(line, line.link))

    async def _recover(self, line: _Line, link: AgentLink) -> None:
        how = await link.wait_for_end()
        line.link = None
        if line.request is not None and line.sent:
            exit_ = read_exit(Path(line.request.folder), line.request.run)
            if exit_ is not None:
                self._end_run(line, exit_)
            else:
                await asyncio.to_thread(kill_leftovers, f"{self._mark}:{line.request.run}")
                self._lose_run(line, how)
        self._count_death(line, how)

    def _count_death(self, line: _Line, how: str) -> None:
        line.deaths += 1
        if line.deaths < MOST_DEATHS:
            self._spawn(self._start_again(line))
            return
        line.lost = f"{how}; that was the {line.deaths}th time in a row"
        if line.request is not None:
            self._lose_run(line, line.lost)
        self._emit(SlotLost(line.slot.number, None, line.lost))
        if all(other.lost for other in self._lines.values()):
            self._emit(NoSlotLeft(line.lost))

    async def _start_again(self, line: _Line) -> None:
        await asyncio.sleep(FIRST_BACKOFF_S * 2 ** (line.deaths - 1))
        await self._start_one(line)

    async def _let_go(self, line: _Line) -> None:
        link, line.link = line.link, None
        if link is None:
            return
        link.close()
        if line.request is not None and line.sent:
            link.disown()
            return
        if not line.ready:
            link.process.terminate()  # it waits for its lock, and not for us
        await link.wait_for_end()

    # ------------------------------------------------------------------------------------------ runs

    def _serve(self, line: _Line) -> None:
        """Give the agent its run; if it has none, offer the slot, once."""
        if not line.ready or line.link is None or self._closing or self._has_adopted(line):
            return
        if line.request is None:
            if not line.offered:
                line.offered = True
                self._emit(SlotReady(line.slot))
        elif not line.sent:
            line.sent = True
            line.link.send(Start(line.request))

    def _has_adopted(self, line: _Line) -> bool:
        """Whether an earlier run of this slot may still be alive, even though its agent is not."""
        return any(adopted.slot == line.slot.number for adopted in self._adopted.values())

    async def _watch_adopted(self, adopted: Adopted) -> None:
        await wait_for_adopted(adopted, self._mark, self._own_pids, self._emit)
        del self._adopted[adopted.run]
        self._changed.set()
        for line in self._lines.values():
            self._serve(line)

    def _own_pids(self) -> set[int]:
        return {os.getpid(), *(line.link.process.pid for line in self._lines.values() if line.link)}

    def _end_run(self, line: _Line, exit_: Exit) -> None:
        line.request = None
        self._emit(RunEnded(line.slot.number, exit_))

    def _lose_run(self, line: _Line, reason: str) -> None:
        assert line.request is not None
        run, line.request = line.request.run, None
        self._emit(SlotLost(line.slot.number, run, reason))

    def _end_unsent(self, line: _Line, reason: str) -> None:
        """End a run that no agent has seen: there is none at the moment."""
        assert line.request is not None
        exit_ = Exit(run=line.request.run, ended_by=Ended.CANCELLED, detail=reason)
        try:
            write_exit(Path(line.request.folder), exit_)
        except OSError as error:
            self._lose_run(line, f"{reason}; exit.json could not be written: {error.strerror}")
        else:
            self._end_run(line, exit_)

    # ------------------------------------------------------------------------------------------ events, tasks

    def _emit(self, event: Event) -> None:
        """Tell it soon, and not from in here: the callback may submit or raise."""
        asyncio.get_running_loop().call_soon(self._on_event, event)
        self._changed.set()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
