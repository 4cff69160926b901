"""A CSV file as a person brings it: its header, its rows, and where each of them begins."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from boxwright.errors import ScenarioError

_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Record:
    """One row, or the header.

    Attributes:
        line: Where it begins; a quoted cell may go over several lines.
    """

    line: int
    cells: tuple[str, ...]


def read_records(file: str, folder: Path, known: Sequence[str], place: str) -> Iterator[Record]:
    """Yield the header and the rows of a CSV file; empty lines are passed over.

    Args:
        file: As the person wrote it.
        folder: Where a relative path starts.
        known: Names of columns. Commas, semicolons or tabs separate, whichever makes such names of the header.
        place: What asks for the file, for a message that it cannot be read.

    Raises:
        ScenarioError: The file cannot be read, is empty, or is no CSV.
    """
    text = _read_text(file, folder, place)
    first_line = next((line for line in text.splitlines() if line.strip()), "")
    records = _records(text, file, _delimiter(first_line, known))
    header = next(records, None)
    if header is None:
        raise ScenarioError("the file is empty. Its first line names parameters.", place=file)
    yield header
    yield from records


def check_cells(record: Record, columns: int, place: str) -> None:
    """Refuse a row that has not one cell for each column.

    Raises:
        ScenarioError: It has more, or fewer.
    """
    if len(record.cells) != columns:
        raise ScenarioError(
            f"{_count(len(record.cells), 'cell')}, but the header has {_count(columns, 'column')}.", place=place
        )


def _read_text(file: str, folder: Path, place: str) -> str:
    path = folder / file
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ScenarioError(
            f"byte 0x{error.object[error.start]:02x} is no UTF-8 text. Save the file as UTF-8.",
            place=f"{file}:{line}",
        ) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ScenarioError(f'file = "{file}" cannot be read: {reason} ({path}).', place=place) from error


def _delimiter(header: str, names: Sequence[str]) -> str:
    """Return the delimiter that makes known names of the header, else the only one there is, else the comma."""
    found = [delimiter for delimiter in _DELIMITERS if delimiter in header]
    known = [
        delimiter
        for delimiter in found
        if {cell.strip().strip('"').strip() for cell in header.split(delimiter)} <= set(names)
    ]
    for candidates in (known, found):
        if len(candidates) == 1:
            return candidates[0]
    return ","


def _records(text: str, file: str, delimiter: str) -> Iterator[Record]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise ScenarioError(f"this is no CSV: {error}.", place=f"{file}:{line}") from error
        if cells is None:
            return
        if any(cell.strip() for cell in cells) or len(cells) > 1:
            yield Record(line, tuple(cells))
        line = reader.line_num + 1


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
