"""Writes SMAC v2's files while a study goes on: a thread that hears of the same runs as ``results.csv``.

They are made anew from the database when the study is taken up, so that nothing in them is cut off or doubled.
Nothing needs them, so whatever goes wrong there is said once, and no run is stopped for it.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from boxwright.errors import BoxwrightError, ScenarioError
from boxwright.scenario import Scenario
from boxwright.store.database import Store
from boxwright.store.records import RunRecord
from boxwright.store.smac2.facts import Source
from boxwright.store.smac2.files import Smac2Files, live_file, state_folder
from boxwright.study.setup import Setup


def smac2_folder(setup: Setup, study: Path) -> Path | None:
    """Return where the files of SMAC v2 go; None if they are not wanted."""
    return smac2_target(setup.scenario, study, setup.folder)


def smac2_target(scenario: Scenario, study: Path, folder: Path | None = None) -> Path | None:
    """Return where the files of SMAC v2 go; None if they are not wanted.

    Args:
        scenario: Of the study.
        study: Its folder.
        folder: What relative paths of the scenario start at; as the scenario says if None.
    """
    wanted = scenario.study.smac2
    return study if wanted is True else (folder or Path(scenario.folder or study)) / wanted if wanted else None


def smac2_source(setup: Setup) -> Source:
    """Return the study as one whose runs are written as files of SMAC v2."""
    return Source(setup.scenario, setup.space, setup.folder, len(setup.slots))


def refuse_others_files(setup: Setup, study: Path) -> None:
    """Refuse to write over the files of others, before anything is done.

    Raises:
        ScenarioError: A process with the same number has left files there.
    """
    folder = smac2_folder(setup, study)
    if folder is None:
        return
    for number in smac2_source(setup).numbers:
        for path in (live_file(folder, number), state_folder(folder, number)):
            if path.exists():
                problem = f"{path} is there already, of another process with this number."
                hint = "Set another optimizer.seed; with an option file the option seed."
                raise ScenarioError(f"{problem} {hint}", place=f"{setup.place}: study.smac2")


class Smac2Writer:
    """The thread and what it is told.

    Attributes:
        trouble: Why something is missing from the files, in one line; empty if nothing is.
    """

    def __init__(self, source: Source, study: Path, folder: Path) -> None:
        self.trouble = ""
        self._source = source
        self._study = study
        self._folder = folder
        self._heard: queue.SimpleQueue[RunRecord | None] = queue.SimpleQueue()
        self._files: Smac2Files | None = None
        self._written: set[int] = set()
        self._missed = 0
        self._thread = threading.Thread(target=self._work, name="smac2 files", daemon=True)

    def start(self) -> None:
        """Begin with what the database knows."""
        self._thread.start()

    def hear(self, record: RunRecord) -> None:
        """Take in a run that settles its trial; it is in the database already."""
        self._heard.put(record)

    def close(self) -> None:
        """Wait until everything is written, the final rows and states too."""
        if self._thread.ident is not None:
            self._heard.put(None)
            self._thread.join()

    def _work(self) -> None:
        self._guarded(self._make_anew)
        while (record := self._heard.get()) is not None:
            if record.run in self._written:
                continue
            if self._files is not None:
                self._guarded(partial(self._add, record))
            else:
                self._missed += 1
                if self._missed.bit_count() == 1:  # a full disk may have room again, but to look costs all runs
                    self._guarded(self._make_anew)
        if self._files is None:
            self._guarded(self._make_anew)
        if self._files is not None:
            self._guarded(partial(self._files.finish, time.time()))

    def _make_anew(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with Store(self._study) as store:
            self._files, self._written = self._source.files(store, self._folder)
        self._missed = 0

    def _add(self, record: RunRecord) -> None:
        assert self._files is not None
        self._written.add(record.run)
        self._files.add(record, self._source.cutoff_s(record))
        self.trouble = self.trouble or self._files.left_out

    def _guarded(self, work: Callable[[], object]) -> None:
        try:
            work()
        except (OSError, BoxwrightError) as error:
            self._fail(getattr(error, "strerror", None) or str(error))
        except Exception as error:  # noqa: BLE001  a fault of ours there ends no study, but is told
            self._fail(repr(error))

    def _fail(self, reason: str) -> None:
        self._files = None
        self.trouble = (
            self.trouble or f"the files of SMAC v2 cannot be written: {reason}; they are made anew once they can"
        )
