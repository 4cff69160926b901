"""The rows of a CSV design, or of a list of trials, kept in the study: their file may change, or go.

``resume`` reads the file itself as long as rows were only added at its end, which is how such a study is extended;
else it goes by the study's own copy, for its trials are those rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from boxwright.errors import ScenarioError
from boxwright.scenario.designs import CsvDesign, TrialList
from boxwright.scenario.model import Scenario
from boxwright.scenario.stored import read_stored_scenario
from boxwright.store.layout import CSV_ROWS, SCENARIO, TRIAL_LINES


@dataclass(frozen=True, slots=True)
class Rows:
    """Where a study's rows are read from.

    Attributes:
        path: The person's file, or the study's copy.
        copy: The study's copy, where the person's file is read.
        added: What the copy is to become once these rows are found sound; None if it stays.
        note: Why the copy is read, in one line; empty if the file has what the copy has.
    """

    path: Path
    copy: Path | None = None
    added: bytes | None = None
    note: str = ""


def kept_rows(scenario: Scenario, folder: Path) -> dict[str, bytes | None]:
    """Return the file of a design that has one, by the name under which the study keeps it.

    Raises:
        ScenarioError: It cannot be read.
    """
    if not isinstance(scenario.design, CsvDesign | TrialList):
        return {}
    try:
        return {_copy_name(scenario.design): (folder / scenario.design.file).read_bytes()}
    except OSError as error:
        raise ScenarioError(f"cannot be read: {error.strerror}", place=scenario.design.file) from error


def find_rows(study: Path) -> Rows | None:
    """Return where the rows of a study are to be read from; None if it keeps none.

    Raises:
        ScenarioError: The study's scenario was damaged.
        OSError: Its copy cannot be read.
    """
    if not has_rows(study):
        return None
    scenario = read_stored_scenario(study / SCENARIO)
    if not isinstance(scenario.design, CsvDesign | TrialList):
        return None
    name = _copy_name(scenario.design)
    copy, file = study / name, Path(scenario.folder or "", scenario.design.file)
    kept = copy.read_bytes()
    try:
        found = file.read_bytes()
    except OSError as error:
        return Rows(copy, note=f"{file}: {error.strerror}; the study goes by its own copy, {name}")
    before, after = _lines(kept), _lines(found)
    if after[: len(before)] != before:
        return Rows(
            copy,
            note=f"{file}: rows that the study has were changed; it goes by its own copy, {name}. "
            "Only rows added at the end are taken up.",
        )
    return Rows(file, copy, added=found if after != before else None)


def has_rows(study: Path) -> bool:
    """Return whether a study keeps the file of its design."""
    return any((study / name).is_file() for name in (CSV_ROWS, TRIAL_LINES))


def keep_rows(rows: Rows | None) -> None:
    """Take added rows into the study's copy, in one step.

    Raises:
        OSError: It cannot be written.
    """
    if rows is not None and rows.copy is not None and rows.added is not None:
        draft = rows.copy.with_name(f".{rows.copy.name}.new")
        draft.write_bytes(rows.added)
        draft.replace(rows.copy)


def _copy_name(design: CsvDesign | TrialList) -> str:
    return CSV_ROWS if isinstance(design, CsvDesign) else TRIAL_LINES


def _lines(data: bytes) -> list[bytes]:
    return data.rstrip().splitlines()
