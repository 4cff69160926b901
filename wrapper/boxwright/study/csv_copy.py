"""The rows of a CSV design, kept in the study: the file that they came from may change, or go.

``resume`` reads the file itself as long as rows were only added at its end, which is how such a study is extended;
else it goes by the study's own copy, for its trials are those rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from boxwright.errors import ScenarioError
from boxwright.scenario.designs import CsvDesign
from boxwright.scenario.model import Scenario
from boxwright.scenario.stored import read_stored_scenario
from boxwright.store.layout import CSV_ROWS, SCENARIO


@dataclass(frozen=True, slots=True)
class Rows:
    """Where a study's rows are read from.

    Attributes:
        path: The person's file, or the study's copy.
        added: What the copy is to become once these rows are found sound; None if it stays.
        note: Why the copy is read, in one line; empty if the file has what the copy has.
    """

    path: Path
    added: bytes | None = None
    note: str = ""


def csv_rows(scenario: Scenario, folder: Path) -> bytes | None:
    """Return the file of a CSV design, to be kept in the study; None for any other design.

    Raises:
        ScenarioError: It cannot be read.
    """
    if not isinstance(scenario.design, CsvDesign):
        return None
    try:
        return (folder / scenario.design.file).read_bytes()
    except OSError as error:
        raise ScenarioError(f"cannot be read: {error.strerror}", place=scenario.design.file) from error


def find_rows(study: Path) -> Rows | None:
    """Return where the rows of a study are to be read from; None if it keeps none.

    Raises:
        ScenarioError: The study's scenario was damaged.
        OSError: Its copy cannot be read.
    """
    copy = study / CSV_ROWS
    if not copy.is_file():
        return None
    scenario = read_stored_scenario(study / SCENARIO)
    if not isinstance(scenario.design, CsvDesign):
        return None
    file = Path(scenario.folder or "", scenario.design.file)
    kept = copy.read_bytes()
    try:
        found = file.read_bytes()
    except OSError as error:
        return Rows(copy, note=f"{file}: {error.strerror}; the study goes by its own copy, {CSV_ROWS}")
    before, after = _lines(kept), _lines(found)
    if after[: len(before)] != before:
        return Rows(
            copy,
            note=f"{file}: rows that the study has were changed; it goes by its own copy, {CSV_ROWS}. "
            "Only rows added at the end are taken up.",
        )
    return Rows(file, added=found if after != before else None)


def keep_rows(study: Path, rows: Rows | None) -> None:
    """Take added rows into the study's copy, in one step.

    Raises:
        OSError: It cannot be written.
    """
    if rows is not None and rows.added is not None:
        draft = study / f".{CSV_ROWS}.new"
        draft.write_bytes(rows.added)
        draft.replace(study / CSV_ROWS)


def _lines(data: bytes) -> list[bytes]:
    return data.rstrip().splitlines()
