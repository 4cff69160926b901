"""``results.csv``, the files of SMAC v2 and ``study.log``: what people read beside the database.

None is needed to go on, so a disk that refuses them is a note, and no run is stopped for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from boxwright.errors import StudyError
from boxwright.store.layout import LOG, RESULTS
from boxwright.store.records import RunRecord
from boxwright.store.table import ResultsTable
from boxwright.study.setup import Setup
from boxwright.study.smac2_files import Smac2Writer, smac2_folder, smac2_source


class CarefulTable:
    """``results.csv``; rows that could not be written are written with the next one that can.

    Args:
        table: The file.
        study: The study folder.
        note: Tells the person.
        smac2: Hears of the same runs, if the files of SMAC v2 are wanted.
    """

    def __init__(
        self, table: ResultsTable, study: Path, note: Callable[[str], None], smac2: Smac2Writer | None = None
    ) -> None:
        self._table = table
        self._study = study
        self._note = note
        self._missed: list[RunRecord] = []
        self._smac2 = smac2
        self._said = False

    def append(self, record: RunRecord) -> None:
        """Add one finished run.

        Raises:
            StudyError: The whole study is gone.
        """
        if self._smac2 is not None and record.settles:
            self._smac2.hear(record)
            self._say_trouble()
        rows = [*self._missed, record]
        try:
            self._table.append(rows)
        except OSError as error:
            self._check_there(error)
            if not self._missed:
                self._note(f"{RESULTS} cannot be written: {error.strerror}; the rows follow once it can")
            self._missed = rows
            return
        self._missed = []

    def rewrite(self, records: Iterable[RunRecord]) -> None:
        """Write the whole file anew, in the order of the records.

        Raises:
            StudyError: The whole study is gone.
        """
        try:
            self._table.rewrite(records)
        except OSError as error:
            self._check_there(error)
            self._note(f"{RESULTS} cannot be written anew: {error.strerror}; `boxwright resume` tries again")
        if self._smac2 is not None:
            self._smac2.start()

    def close(self) -> None:
        """Wait for what is written beside."""
        if self._smac2 is not None:
            self._smac2.close()
            self._say_trouble()

    def _say_trouble(self) -> None:
        if self._smac2 is not None and self._smac2.trouble and not self._said:
            self._said = True
            self._note(self._smac2.trouble)

    def _check_there(self, error: OSError) -> None:
        if not self._study.is_dir():
            raise StudyError(f"{self._study}: the folder was deleted or moved while the study was running") from error


@contextmanager
def open_table(setup: Setup, study: Path, note: Callable[[str], None]) -> Iterator[CarefulTable]:
    """Yield the table that a controller adds finished runs to."""
    folder = smac2_folder(setup, study)
    smac2 = None if folder is None else Smac2Writer(smac2_source(setup), study, folder)
    table = CarefulTable(ResultsTable(study, setup.space.names, setup.metrics), study, note, smac2)
    try:
        yield table
    finally:
        table.close()


@contextmanager
def study_log(study: Path, note: Callable[[str], None]) -> Iterator[Callable[[str], None]]:
    """Open ``study.log`` and yield what adds a line to it.

    Raises:
        StudyError: It cannot be opened.
    """
    noted = False
    try:
        file = (study / LOG).open("ab", buffering=0)
    except OSError as error:
        raise StudyError(f"{study / LOG}: cannot be written: {error.strerror}") from error
    with file:

        def log(text: str) -> None:
            nonlocal noted
            line = f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n"
            try:
                file.write(line.encode("utf-8", "backslashreplace"))
            except OSError as error:
                if not noted:
                    noted = True
                    note(f"{LOG} cannot be written: {error.strerror}; lines are missing from here on")

        yield log
