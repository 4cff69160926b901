"""Copies of an external optimizer that is asked and told: their stdin and stdout are a socket to the controller."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from boxwright.errors import ScenarioError
from boxwright.execute.keeping import Kept, keep
from boxwright.propose.nursery_process import Cause, Child, End
from boxwright.study.copy_words import copy_environment, copy_words
from boxwright.study.setup import Setup


class KeptSeeds:
    """Starts one copy, again and again if need be; satisfies ``propose.seed_process.Breeder``."""

    def __init__(self, setup: Setup, study: Path, number: int, folder: Path, mark: str) -> None:
        self._setup = setup
        self._study = study
        self._number = number
        self._folder = folder
        self._mark = mark
        self._kept: Kept | None = None
        self._watch: asyncio.Task[None] | None = None

    async def fork(self, log_path: Path) -> tuple[Child, socket.socket]:
        """Return a new process of the copy, and this end of the socket to it.

        Raises:
            OSError: No process can be started, or its log cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            words = copy_words(self._setup, self._number, self._study)
        except ScenarioError as error:  # it was there when the study began
            raise OSError(str(error)) from error
        ours, theirs = socket.socketpair()
        try:
            with theirs, log_path.open("ab") as log:
                self._kept = await keep(
                    words,
                    folder=self._folder,
                    env=copy_environment(self._number, self._study),
                    token=f"{self._mark}:optimizer-{self._number}",
                    grace_s=self._setup.scenario.limits.grace_s,
                    stdin=theirs.fileno(),
                    stdout=theirs.fileno(),
                    stderr=log,
                )
        except BaseException:
            ours.close()
            raise
        child = Child()
        child.pid = self._kept.keeper_pid
        self._watch = asyncio.create_task(_watch(self._kept, child))
        return child, ours

    async def close(self) -> None:
        """End the copy with everything that it has started."""
        if self._kept is not None:
            await self._kept.stop()
        if self._watch is not None:
            await self._watch


async def _watch(kept: Kept, child: Child) -> None:
    ending = await asyncio.shield(kept.end)
    if not child.end.done():
        is_killed = ending.code is not None and ending.code < 0
        child.end.set_result(End(ending.text, Cause.KILLED if is_killed else Cause.FAULT))
