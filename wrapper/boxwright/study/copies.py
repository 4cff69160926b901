"""The copies of an external optimizer: started, watched, started again by rule, and stopped with the study.

The rule: a copy that ends with exit code 0 has finished. One that fails is started again, up to
``optimizer.restarts`` times in a row without a run of its own settled in between; then it is given up, and the study
goes on with the others. The study ends with the last copy, and as failed if none of them has finished.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from boxwright.errors import BoxwrightError, SchedulerError, StudyError, one_line
from boxwright.execute.keeping import Ending, Kept, keep
from boxwright.pilots.copy_jobs import CopyJob, CopyJobs
from boxwright.study.copy_words import copy_environment, copy_words
from boxwright.study.setup import Setup

_FIRST_BACKOFF_S = 0.1
_LONGEST_BACKOFF_S = 30.0
_MOST_DOUBLINGS = 10


class Heard(Protocol):
    """Hears what becomes of the copies."""

    def settled(self, copy: int) -> int:
        """Return how many runs of this copy were settled so far."""
        ...

    def finish(self, failure: Exception | None) -> None:
        """Hear that no copy is left."""
        ...


class Copies:
    """All copies of a study's optimizer.

    Args:
        folder: Where each has a folder of its own, ``1``, ``2``, …: its working directory, and its logs.
        mark: Tells this study's processes from those of others.
        jobs: Where copies are batch jobs; None where they are processes of this machine.
        note: Takes a line for the person.
        log: Takes a line for ``study.log``.
    """

    def __init__(
        self,
        setup: Setup,
        study: Path,
        folder: Path,
        mark: str,
        note: Callable[[str], None],
        log: Callable[[str], None],
        jobs: CopyJobs | None = None,
    ) -> None:
        self._setup = setup
        self._study = study
        self._folder = folder
        self._mark = mark
        self._note = note
        self._log = log
        self._jobs = jobs
        self._kept: dict[int, Kept | CopyJob] = {}
        self._lives: list[asyncio.Task[str]] = []
        self._all: asyncio.Task[None] | None = None

    async def start(self, heard: Heard) -> None:
        """Start all copies."""
        assert self._setup.scenario.optimizer is not None
        numbers = range(1, self._setup.scenario.optimizer.copies + 1)
        self._lives = [asyncio.create_task(self._live(number, heard)) for number in numbers]
        self._all = asyncio.create_task(self._wait(heard))

    async def close(self) -> None:
        """Stop all that still run, each with everything that it has started."""
        tasks = [*self._lives, *([self._all] if self._all else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(kept.stop() for kept in self._kept.values()))
        if self._jobs is not None:
            await self._jobs.close()

    async def _wait(self, heard: Heard) -> None:
        try:
            failures = await asyncio.gather(*self._lives)
        except Exception as error:  # noqa: BLE001  the study must hear of it, or it would wait for ever
            is_study_s = isinstance(error, StudyError) or not isinstance(error, BoxwrightError)
            heard.finish(error if is_study_s else StudyError(str(error)))
            return
        is_failed = all(failures)
        heard.finish(
            StudyError(f"no copy of the optimizer has come to its end; {failures[-1]}") if is_failed else None
        )

    async def _live(self, number: int, heard: Heard) -> str:
        """See one copy through all its lives; return how it failed, empty if it has finished."""
        assert self._setup.scenario.optimizer is not None
        most = self._setup.scenario.optimizer.restarts
        failures = 0
        while True:
            before = heard.settled(number)
            ending = await self._life(number)
            if ending.code == 0:
                self._log(f"optimizer {number} has finished")
                return ""
            failures = 1 if heard.settled(number) > before else failures + 1
            how = f"optimizer {number}: {ending.text} (see {self._folder / str(number) / 'stderr.log'})"
            if failures > most:
                self._note(f"{how}; it is given up")
                self._log(f"{how}; it is given up")
                return how
            self._log(f"{how}; it is started again")
            await asyncio.sleep(min(_FIRST_BACKOFF_S * 2 ** min(failures, _MOST_DOUBLINGS), _LONGEST_BACKOFF_S))

    async def _life(self, number: int) -> Ending:
        folder = self._folder / str(number)
        words = copy_words(self._setup, number, self._study)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if self._jobs is not None:
                return await self._life_in_job(self._jobs, number, words, folder)
            with (folder / "stdout.log").open("ab") as out, (folder / "stderr.log").open("ab") as err:
                kept = await keep(
                    words,
                    folder=folder,
                    env=copy_environment(number, self._study),
                    token=f"{self._mark}:optimizer-{number}",
                    grace_s=self._setup.scenario.limits.grace_s,
                    stdout=out,
                    stderr=err,
                )
        except OSError as error:
            raise StudyError(one_line(f"{folder}: the optimizer cannot be started: {error}")) from error
        self._kept[number] = kept
        return await asyncio.shield(kept.end)

    async def _life_in_job(self, jobs: CopyJobs, number: int, words: Sequence[str], folder: Path) -> Ending:
        env = {"BOXWRIGHT_STUDY": str(self._study), "BOXWRIGHT_COPY": str(number)}
        try:
            kept = await jobs.begin(number, words, folder=folder, env=env, token=f"{self._mark}:optimizer-{number}")
        except SchedulerError as error:
            return Ending(problem=str(error))
        self._kept[number] = kept
        return await asyncio.shield(kept.end)
