"""The pilot: one process in a batch job, which holds some slots and does there what the controller says. Linux only.

``python -m boxwright.pilots.pilot SETTINGS``: a file in the study's folder, with the study's keys beside it. Slots
and their agents are those of a single machine; the pilot hands on what the controller and they say to each other. It
ends, with all that it has started, when the controller is gone or says so, upon SIGTERM, and before its walltime.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from boxwright.errors import BoxwrightError, one_line
from boxwright.execute.exits import write_exit
from boxwright.execute.inherited import with_inherited
from boxwright.execute.link import Tie
from boxwright.execute.local import LocalExecutor
from boxwright.execute.messages import Ended as How
from boxwright.execute.messages import Event, Exit, NoSlotLeft, RunEnded, SlotLost, SlotReady
from boxwright.execute.supervise import UNKILLABLE_S
from boxwright.pilots.checkpoints import mark_signalled, signal_main_process
from boxwright.pilots.connecting import connect
from boxwright.pilots.endings import doubt_s, ended_with_job
from boxwright.pilots.errand import run_errand, say
from boxwright.pilots.line import Line
from boxwright.pilots.messages import CancelRun, End, Ended, Hello, Leaving, Lost, Settings, Submit, Unfit, Up
from boxwright.pilots.scratch import scratch_folder
from boxwright.pilots.shares import Shares, deal_shares

_LOOK_S = 0.5
_LAST_WORDS_S = 5.0


def main(words: list[str]) -> int:
    """Serve until the end; return the exit code."""
    return run_errand(Path(words[0]), Settings, _serve, "pilot")


async def _serve(keys: Path, settings: Settings) -> int:
    line = await connect(keys, settings)
    job, host = os.environ.get("BOXWRIGHT_JOB", ""), socket.gethostname()
    try:
        shares = deal_shares(settings.slots, settings.gpus, settings.cores, os.environ)
    except (BoxwrightError, OSError) as error:
        line.send(Unfit(job, host, str(error)))
        await line.finish(_LAST_WORDS_S)
        return say("pilot", str(error), code=1)
    ends_in_s = _time_left_s()
    with scratch_folder() as folder:
        pilot = Pilot(settings, line, shares, folder, ends_in_s)
        line.send(Hello(job, host, os.getpid(), shares.slots, None if ends_in_s is None else pilot.time_left_s))
        reason = await pilot.serve()
    return say("pilot", f"the end: {reason}")


class Pilot:
    """Hands on what the controller and the slots of this machine say to each other.

    Args:
        settings: Of the study.
        line: To the controller.
        shares: What there is for the slots.
        folder: On this machine, for their locks: not every network disk has such.
        ends_in_s: Seconds until the scheduler ends the job; None for never.
    """

    def __init__(self, settings: Settings, line: Line, shares: Shares, folder: Path, ends_in_s: float | None) -> None:
        self._settings = settings
        self._line = line
        tie = Tie(shares.locks)
        self._executor = LocalExecutor(folder, settings.mark, shares.slots, self._on_event, tie=tie)
        self._end = float("inf") if ends_in_s is None else time.monotonic() + ends_in_s
        self._runs: dict[int, Path] = {}
        self._signalled: set[int] = set()
        self._reason = ""
        self._told = False
        self._leaving = asyncio.Event()
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self) -> str:
        """Serve until the end; return why it came."""
        loop = asyncio.get_running_loop()
        # USR2 is what Grid Engine sends before it kills (-notify).
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR2):
            loop.add_signal_handler(number, self._end_with_job)
        loop.add_signal_handler(signal.SIGUSR1, self._signal_runs)
        await self._executor.start()
        for work in (self._line.beat(self._settings.beat_s), self._listen(), self._watch()):
            self._spawn(work)
        await self._leaving.wait()
        await self._stop_runs()
        await self._executor.close(kill=True, patience_s=self._patience_s)
        await self._line.finish(_LAST_WORDS_S)
        for task in self._tasks:
            task.cancel()
        return self._reason

    @property
    def time_left_s(self) -> float:
        """Return the seconds until it has to begin with its end."""
        return self._end - self._settings.end_margin_s - time.monotonic()

    @property
    def _patience_s(self) -> float:
        return self._settings.grace_s + UNKILLABLE_S

    def _end_with_job(self) -> None:
        self._told = True
        self._leave("its job was cancelled or preempted")

    def _leave(self, reason: str) -> None:
        if self._reason:
            return
        self._reason = reason
        self._line.send(Leaving(reason))
        if self._settings.signal_before_end_s is not None:
            for run in self._runs:  # the SIGTERM that they get now is word enough
                self._mark(run)
        self._leaving.set()

    def _mark(self, run: int) -> None:
        self._signalled.add(run)
        mark_signalled(self._runs[run])

    async def _stop_runs(self) -> None:
        for run in self._runs:
            self._executor.cancel(run, self._reason)
        try:
            async with asyncio.timeout(self._patience_s):
                while self._runs:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return

    # ------------------------------------------------------------------------------------------ time

    async def _watch(self) -> None:
        """Look at the time that is left, and whether the controller is still there."""
        before_s = self._settings.signal_before_end_s
        while True:
            now = time.monotonic()
            if self.time_left_s <= self._settings.grace_s:
                self._leave("its walltime is nearly over")
            elif before_s is not None and now >= self._end - before_s:
                self._signal_runs()
                before_s = None
            if now - self._line.heard > self._settings.patience_s:
                self._leave(f"the controller has said nothing for {self._settings.patience_s:g} s")
            await asyncio.sleep(_LOOK_S)

    def _signal_runs(self) -> None:
        """Tell runs to save what they have; no further ones begin here."""
        if self._settings.signal_before_end_s is None:
            return  # they do not know the signal, and would die of it
        self._line.send(Leaving("its walltime is nearly over: its runs were told to save what they have"))
        for run in self._runs:
            if run not in self._signalled:
                self._mark(run)
                signal_main_process(f"{self._settings.mark}:{run}")

    # ------------------------------------------------------------------------------------------ from the controller

    async def _listen(self) -> None:
        async for message in self._line.messages():
            match message:
                case Submit(slot, request) if not self._reason:
                    self._runs[request.run] = Path(request.folder)
                    self._executor.submit(slot, with_inherited(request))
                case CancelRun(run, reason):
                    self._executor.cancel(run, reason)
                case End(reason):
                    self._leave(reason)
        self._leave("the controller is gone")

    # ------------------------------------------------------------------------------------------ from the slots

    def _on_event(self, event: Event) -> None:
        match event:
            case SlotReady(slot):
                self._line.send(Up(slot.number))
            case RunEnded(slot, exit_):
                self._spawn(self._tell_end(slot, exit_))
            case SlotLost(slot, run, reason):
                self._line.send(Lost(slot, run, reason))
                if run is not None:
                    self._forget(run)
            case NoSlotLeft(reason):
                self._leave(reason)

    async def _tell_end(self, slot: int, exit_: Exit) -> None:
        """Tell how a run ended, once it is clear whether it has ended with its job."""
        if not self._told:
            await asyncio.sleep(doubt_s(exit_, is_last=False))
        signalled = exit_.run in self._signalled
        is_over = ended_with_job(exit_, told=self._told, signalled=signalled)
        if is_over and exit_.ended_by is How.EXITED:
            reason = self._reason or "it ended after it was told to save what it has"
            exit_ = msgspec.structs.replace(exit_, ended_by=How.CANCELLED, detail=reason)
            with suppress(OSError):  # for a controller that does not hear it
                write_exit(self._runs[exit_.run], exit_)
        # One that has saved what it has goes on, and may do so again and again; others are counted.
        if is_over and self._reason and not signalled:
            self._line.send(Lost(slot, exit_.run, self._reason))
        else:
            self._line.send(Ended(slot, exit_))
        self._forget(exit_.run)

    def _forget(self, run: int) -> None:
        self._runs.pop(run, None)
        self._changed.set()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._leave(one_line(f"a fault of its own: {error!r}"))


def _time_left_s() -> float | None:
    """Return the seconds until the scheduler ends this job, None where nobody says."""
    ends = [
        float(text)
        for name in ("BOXWRIGHT_JOB_END", "SLURM_JOB_END_TIME")
        if (text := os.environ.get(name, "")).isdecimal()
    ]
    return min(ends) - time.time() if ends else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
