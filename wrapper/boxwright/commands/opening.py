"""Opens a study folder for reading."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boxwright.errors import UserError

if TYPE_CHECKING:
    from boxwright.report.source import Source
    from boxwright.scenario import Scenario
    from boxwright.store.database import Store
    from boxwright.store.records import RunRecord


@dataclass(frozen=True, slots=True)
class OpenStudy:
    """A study that can be read."""

    folder: Path
    scenario: Scenario
    store: Store


def study_scenario(folder: Path) -> Scenario:
    """Return the scenario of a study.

    Raises:
        UserError: The folder is no study.
    """
    from boxwright.scenario.stored import read_stored_scenario
    from boxwright.store.layout import SCENARIO, is_study

    if not is_study(folder):
        raise UserError("is no study. Give the folder that `boxwright run` named at its end.", place=str(folder))
    return read_stored_scenario(folder / SCENARIO)


def open_study(folder: str | Path) -> OpenStudy:
    """Open a study for reading.

    Raises:
        UserError: The folder is no study.
        StudyError: Its database cannot be read.
    """
    from boxwright.store.database import Store

    path = Path(folder).absolute()
    return OpenStudy(path, study_scenario(path), Store(path))


def validation_of(study: str | Path) -> str:
    """Return the folder of a study's validation.

    Raises:
        UserError: The folder is no study, or it has not been validated.
    """
    from boxwright.store.layout import VALIDATION, is_study

    study_scenario(Path(study))
    folder = Path(study) / VALIDATION
    if not is_study(folder):
        raise UserError(f"has not been validated yet: boxwright validate {study}", place=str(study))
    return str(folder)


def open_source(folder: str | Path) -> Source:
    """Open a study for reports, frames and exports.

    Raises:
        UserError: The folder is no study, or its space was damaged.
        StudyError: Its database cannot be read.
    """
    from boxwright.report.charts import read_axes
    from boxwright.report.source import Source

    opened = open_study(folder)
    return Source(opened.folder, opened.scenario, opened.store, read_axes(opened.folder))


def find_run(store: Store, run: int) -> RunRecord:
    """Return one run of a study.

    Raises:
        UserError: There is no such run.
    """
    try:
        return store.run(run)
    except KeyError:
        total = sum(store.counts().values())
        raise UserError(f"no run {run}; there are {total} runs.", place=str(store.study)) from None
