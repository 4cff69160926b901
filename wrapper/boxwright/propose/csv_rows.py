"""The design of a CSV file: each row is a configuration, each column a parameter."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boxwright.errors import ScenarioError, nearest
from boxwright.terms import Config

if TYPE_CHECKING:
    from boxwright.space import Space

_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class _Record:
    line: int  # where it begins; a quoted cell may go over several lines
    cells: tuple[str, ...]


def csv_configs(space: Space, file: str, folder: Path) -> list[Config]:
    """Return the configurations of all rows; a parameter without a column takes its default.

    The header is stripped of blanks. Columns are separated by commas, semicolons or tabs, whichever the header
    shows. The cell of a parameter that is inactive in its row may be empty. ``file`` is relative to ``folder``.

    Raises:
        ScenarioError: The file cannot be read as a table of the space's parameters.
        SpaceError: A cell holds what its parameter cannot be, or a row is forbidden.
    """
    text = _read_text(file, folder)
    first_line = next((line for line in text.splitlines() if line.strip()), "")
    records = _records(text, file, _delimiter(first_line, space.names))
    header = next(records, None)
    if header is None:
        raise ScenarioError("the file is empty. Its first line names parameters.", place=file)
    names = _names(header, file, space)
    configs = [_config(space, names, record, file) for record in records]
    if not configs:
        raise ScenarioError("there is a header but no row below it.", place=f"{file}:{header.line}")
    return configs


def _read_text(file: str, folder: Path) -> str:
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
        raise ScenarioError(f'file = "{file}" cannot be read: {reason} ({path}).', place="design") from error


def _delimiter(header: str, names: Sequence[str]) -> str:
    """Return the delimiter that makes parameters of the header, else the only one there is, else the comma."""
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


def _records(text: str, file: str, delimiter: str) -> Iterator[_Record]:
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
            yield _Record(line, tuple(cells))
        line = reader.line_num + 1


def _names(header: _Record, file: str, space: Space) -> tuple[str, ...]:
    place = f"{file}:{header.line}"
    names = tuple(cell.strip() for cell in header.cells)
    for column, name in enumerate(names, 1):
        if not name:
            raise ScenarioError(f"column {column} has no name. Name a parameter, or drop the column.", place=place)
        if name not in space.names:
            raise ScenarioError(f'no parameter "{name}". {nearest(name, space.names)}', place=place)
        if name in names[: column - 1]:
            raise ScenarioError(f'two columns are named "{name}". Drop one of them.', place=place)
    return names


def _config(space: Space, names: tuple[str, ...], record: _Record, file: str) -> Config:
    place = f"{file}:{record.line}"
    if len(record.cells) != len(names):
        raise ScenarioError(
            f"{_count(len(record.cells), 'cell')}, but the header has {_count(len(names), 'column')}.", place=place
        )
    texts = {name: cell.strip() for name, cell in zip(names, record.cells, strict=True) if cell.strip()}
    config = space.parse_texts(texts, place)
    for name in names:
        if name in config and name not in texts:
            raise ScenarioError(f"the cell of {name} is empty. Write a value, or drop the column.", place=place)
    return config


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
