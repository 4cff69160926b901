"""A stage for the tests of the executor: real agents, real processes, and nothing left afterwards."""

from __future__ import annotations

import asyncio
import operator
import os
import signal
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from boxwright.execute.exits import read_exit
from boxwright.execute.local import LocalExecutor
from boxwright.execute.lock import lock_path, read_owner
from boxwright.execute.messages import Event, Exit, Request, RunEnded, SlotReady
from boxwright.execute.tree import all_processes, environment_of
from boxwright.terms import Slot

_T = TypeVar("_T")
PATIENCE_S = 180.0
MEBIBYTE = 1 << 20


class Stage:
    """An executor with its event loop, driven step by step.

    Attributes:
        events: All that the executor has said so far.
    """

    def __init__(self, study: Path, *, slots: Sequence[Slot] = (Slot(0),), study_id: str = "") -> None:
        self.study = study
        self.study_id = study_id or uuid.uuid4().hex
        self.events: list[Event] = []
        self.slots = slots
        self.loop = asyncio.new_event_loop()
        self.executor = LocalExecutor(study, self.study_id, slots, self._hear)
        self._last_run = 0
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(kill=True)
        left = self.processes()
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        if error is None:
            assert not left, f"left running: {left}"

    def start(self) -> None:
        """Start the agents and wait until every slot was offered."""
        self.call(self.executor.start())
        for slot in self.slots:
            self.wait_for(partial(operator.eq, SlotReady(slot)))

    def close(self, *, kill: bool = False, patience_s: float | None = None) -> None:
        """Close the executor and its loop; a second time does nothing."""
        if not self._closed:
            self._closed = True
            self.call(self.executor.close(kill=kill, patience_s=patience_s))
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()

    def request(self, argv: Sequence[str], *, folder: Path | None = None, **settings: Any) -> Request:
        """Return a request with a fresh run number and a folder that exists."""
        self._last_run += 1
        run = settings.pop("run", self._last_run)
        folder = folder or self.folder(run)
        folder.mkdir(parents=True, exist_ok=True)
        added = settings.pop("env", {})
        env = {"PATH": os.environ["PATH"], **added, "BOXWRIGHT_TOKEN": f"{self.study_id}:{run}"}
        return Request(run=run, folder=str(folder), argv=tuple(argv), env=env, **{"grace_s": 0.5, **settings})

    def submit(self, argv: Sequence[str], *, slot: int = 0, **settings: Any) -> int:
        """Start a run and return its number."""
        request = self.request(argv, **settings)
        self.do(lambda: self.executor.submit(slot, request))
        return request.run

    def cancel(self, run: int, reason: str) -> None:
        """Stop a run."""
        self.do(lambda: self.executor.cancel(run, reason))

    def adopt(self, run: int, slot: int = 0) -> None:
        """Adopt a run that another stage left in the same study."""
        self.do(lambda: self.executor.adopt(run, self.folder(run), slot))

    def run(self, argv: Sequence[str], **settings: Any) -> Exit:
        """Carry out one run and return how it ended, which ``exit.json`` says as well."""
        exit_ = self.exit_of(self.submit(argv, **settings))
        assert settings.get("folder") or read_exit(self.folder(exit_.run), exit_.run) == exit_
        return exit_

    def exit_of(self, run: int) -> Exit:
        """Wait for the end of a run."""
        event = self.wait_for(lambda event: isinstance(event, RunEnded) and event.exit.run == run)
        assert isinstance(event, RunEnded)
        return event.exit

    def wait_for(self, is_it: Callable[[Event], bool], *, patience_s: float = PATIENCE_S) -> Event:
        """Wait for an event, or take it from those that came already."""

        async def wait() -> Event:
            while True:
                for event in self.events:
                    if is_it(event):
                        return event
                await asyncio.sleep(0.005)

        try:
            return self.call(wait(), patience_s=patience_s)
        except TimeoutError:
            raise AssertionError(f"no such event after {patience_s} s among {self.events}") from None

    def until(self, holds: Callable[[], object], *, patience_s: float = PATIENCE_S) -> None:
        """Wait until something holds, the loop going on."""
        end = time.monotonic() + patience_s
        while not holds():
            assert time.monotonic() < end, f"still not so after {patience_s} s; events: {self.events}"
            self.pass_time(0.01)

    def pass_time(self, seconds: float) -> None:
        """Let the loop run."""
        self.loop.run_until_complete(asyncio.sleep(seconds))

    def call(self, work: Awaitable[_T], *, patience_s: float = PATIENCE_S) -> _T:
        """Await something, not for ever."""
        return self.loop.run_until_complete(asyncio.wait_for(work, patience_s))

    def do(self, what: Callable[[], None]) -> None:
        """Call something inside the loop, where a controller would."""

        async def inside() -> None:
            what()

        if self.loop.is_running():
            what()
        else:
            self.call(inside())

    def folder(self, run: int) -> Path:
        """Return the folder of a run."""
        return self.study / "runs" / str(run)

    def text(self, run: int, name: str = "stdout.log") -> str:
        """Return what a run left."""
        return (self.folder(run) / name).read_text("utf-8")

    def agent_pid(self, slot: int = 0) -> int:
        """Return the process that holds a slot."""
        owner = read_owner(lock_path(self.study, slot))
        assert owner is not None
        return owner.pid

    def processes(self) -> list[int]:
        """Return the living processes of this stage's runs."""
        return living(self.study_id)

    def _hear(self, event: Event) -> None:
        self.events.append(event)


def living(study_id: str) -> list[int]:
    """Return the living processes whose environment holds a token of the study."""
    mark = f"BOXWRIGHT_TOKEN={study_id}:".encode()
    return [
        process.pid
        for process in all_processes()
        if process.is_alive and any(entry.startswith(mark) for entry in environment_of(process.pid))
    ]


def wait_until(holds: Callable[[], object], *, patience_s: float = PATIENCE_S) -> None:
    """Wait until something holds."""
    end = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < end, f"still not so after {patience_s} s"
        time.sleep(0.01)
