"""Follows the runs of others while a study goes on: SMAC v2's shared-model mode, in which all write into one folder.

After a run of this study has ended, and at most every so many seconds, the others' ``live-rundata-*.json`` are read
again, and what is new goes to the model. They are no runs of this study, and no incumbents of it.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from boxwright.errors import BoxwrightError
from boxwright.propose.base import Proposal, Told
from boxwright.propose.shared import SharedModel
from boxwright.study.setup import Setup
from boxwright.study.smac2_files import smac2_folder, smac2_source
from boxwright.study.warm_smac2 import live_files, of_others
from boxwright.study.warm_start import told_run
from boxwright.study.warm_taken import WarmRun
from boxwright.terms import Status, Trial, config_key

_Seen = tuple[str, Status, float | None]


class Others:
    """What others have left in the folder of a study's own files of SMAC v2."""

    def __init__(self, setup: Setup, folder: Path) -> None:
        self._setup = setup
        self._folder = folder
        self._own = frozenset(smac2_source(setup).numbers)
        self._stamps: list[tuple[str, int, int]] = []
        self._seen = Counter(_seen(run) for run in setup.warm_start.runs)
        self._said: set[str] = set()

    def new(self) -> tuple[list[WarmRun], list[str]]:
        """Return what has not been returned yet, nor was known at the start, and what a person should know."""
        try:
            files = [path for number, path in live_files(self._folder) if number not in self._own]
            stamps = [(path.name, stat.st_size, stat.st_mtime_ns) for path in files if (stat := path.stat())]
            if stamps == self._stamps:
                return [], []
            taken = of_others(files, self._setup.scenario, self._setup.space)
        except (OSError, BoxwrightError) as error:
            return [], self._unsaid([f"{self._folder}: {getattr(error, 'strerror', None) or error}"])
        self._stamps = stamps
        left, runs = self._seen.copy(), []
        for run in taken.runs:
            if left[_seen(run)] > 0:
                left[_seen(run)] -= 1
            else:
                runs.append(run)
        self._seen.update(map(_seen, runs))
        return runs, self._unsaid(taken.words)

    def _unsaid(self, words: Sequence[str]) -> list[str]:
        found = [text for text in words if text not in self._said]
        self._said.update(found)
        return found


def _seen(run: WarmRun) -> _Seen:
    return config_key(run.config), run.status, run.quality


class Following:
    """A shared model that hears of the runs of others, too; satisfies ``Proposer``.

    Args:
        inner: The model.
        setup: Of the study; its optimizer says how often.
        study: Its folder.
        log: Takes a line whenever something was taken over.
    """

    def __init__(self, inner: SharedModel, setup: Setup, study: Path, log: Callable[[str], None]) -> None:
        optimizer = setup.scenario.optimizer
        assert optimizer is not None
        assert optimizer.follow_s is not None
        self._inner = inner
        self._every_s = optimizer.follow_s
        self._direction = setup.scenario.study.objective.direction
        self._others = Others(setup, smac2_folder(setup, study) or study)
        self._log = log
        self._next = 0.0
        self._number = -len(setup.warm_start.runs)
        self._reading: asyncio.Task[None] | None = None

    async def start(self, finished: Sequence[Told], running: Sequence[Trial]) -> None:
        """Take up a study."""
        await self._inner.start(finished, running)

    def extend(self, runs: int) -> None:
        """Pass on how many runs there are to be."""
        self._inner.extend(runs)

    async def next(self) -> Proposal:
        """Return what should run next.

        Raises:
            ExhaustedError: Nothing is left.
        """
        return await self._inner.next()

    def running(self, trial: Trial) -> None:
        """Hear that this trial starts now."""
        self._inner.running(trial)

    def finished(self, told: Told) -> None:
        """Hear how a trial ended, and look at what others have done, if that is due."""
        self._inner.finished(told)
        if time.monotonic() >= self._next and (self._reading is None or self._reading.done()):
            self._next = time.monotonic() + self._every_s
            self._reading = asyncio.get_running_loop().create_task(self._read())

    async def close(self) -> None:
        """Stop every process and free everything."""
        if self._reading is not None:
            self._reading.cancel()
        await self._inner.close()

    async def _read(self) -> None:
        runs, words = await asyncio.to_thread(self._others.new)
        for text in words:
            self._log(f"runs of others: {text}")
        if not runs:
            return
        told = [told_run(self._number - index, run, self._direction) for index, run in enumerate(runs, 1)]
        self._number -= len(runs)
        taken = self._inner.know(told)
        self._log(f"runs of others: {taken} more in the model of every seed")
