"""A stage for the tests of pilots: real pilots, as processes of this machine, over real TLS."""

from __future__ import annotations

import asyncio
import os
import uuid
from pathlib import Path
from typing import Any

import psutil

from boxwright.execute.messages import RunEnded, SlotLost, SlotReady
from boxwright.pilots.crew import PilotCounts
from boxwright.pilots.plan import PilotPlan, Timing
from boxwright.pilots.remote import RemoteExecutor
from boxwright.terms import Slot
from execute_support import Stage

QUICK = Timing(tick_s=0.05, poll_s=0.3, rest_s=0.1, beat_s=0.2, silence_s=2.0, backoff_s=0.1, longest_backoff_s=1.0)


class PilotStage(Stage):
    """The executor of batch jobs with its event loop, driven step by step.

    Attributes:
        log: What it has said for the study's log.
        warnings: What it has said to a person.
        counts: Its pilots, as last told.
        left: How many runs are left, for its own reckoning.
    """

    executor: RemoteExecutor  # type: ignore[assignment]

    def __init__(self, study: Path, *, study_id: str = "", **plan: Any) -> None:
        self.study = study
        self.study_id = study_id or uuid.uuid4().hex
        self.events = []
        self.log: list[str] = []
        self.warnings: list[str] = []
        self.counts = PilotCounts()
        self.left: int | None = None
        self.loop = asyncio.new_event_loop()
        settings = {"backend": "subprocess", "name": "bw-test", "count": 1, "grace_s": 0.5, "timing": QUICK, **plan}
        self.executor = RemoteExecutor(
            study,
            self.study_id,
            PilotPlan(**settings),
            self._hear,
            left=lambda: self.left,
            say=self.log.append,
            warn=self.warnings.append,
            changed=self._count,
        )
        study.mkdir(exist_ok=True)
        self._last_run = 0
        self._closed = False

    def start(self, slots: int | None = None) -> None:
        """Start, and wait for so many slots; absent: as many as were asked for."""
        self.call(self.executor.start())
        self.wait_for_slots(self.executor.count if slots is None else slots)

    def wait_for_slots(self, number: int) -> None:
        """Wait until so many slots, in all, were offered."""
        self.until(lambda: len(self.offered()) >= number)

    def can_take(self, slot: int) -> bool:
        """Ask it inside its loop, as a controller does: it may let go of a pilot for that."""
        answers: list[bool] = []
        self.do(lambda: answers.append(self.executor.can_take(slot)))
        return answers[0]

    def offered(self) -> list[Slot]:
        """Return the slots that were offered so far."""
        return [event.slot for event in self.events if isinstance(event, SlotReady)]

    def end_of(self, run: int) -> RunEnded | SlotLost:
        """Wait for the end of a run, whatever it is."""
        event = self.wait_for(
            lambda event: (
                (isinstance(event, RunEnded) and event.exit.run == run)
                or (isinstance(event, SlotLost) and event.run == run)
            )
        )
        assert isinstance(event, RunEnded | SlotLost)
        return event

    def ends(self) -> list[RunEnded | SlotLost]:
        """Return the ends of all runs so far."""
        return [
            event
            for event in self.events
            if isinstance(event, RunEnded) or (isinstance(event, SlotLost) and event.run is not None)
        ]

    def pilots(self) -> list[psutil.Process]:
        """Return the living pilots of this study."""
        return pilots_of(self.study)

    def _count(self, counts: PilotCounts) -> None:
        self.counts = counts


def pilots_of(study: Path) -> list[psutil.Process]:
    """Return the living pilots of a study."""
    return [process for process in _processes("boxwright.pilots.pilot") if _names(process, study)]


def keepers_of(study: Path) -> list[psutil.Process]:
    """Return the living keepers of a study's jobs."""
    return [process for process in _processes("boxwright.pilots.jobkeeper") if _names(process, study)]


def _processes(module: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if module in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def _names(process: psutil.Process, study: Path) -> bool:
    try:
        return any(word.startswith(f"{study}{os.sep}") for word in process.cmdline())
    except psutil.Error:
        return False
