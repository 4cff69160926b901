"""The design of a CSV file: each row is a configuration, each column a parameter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from boxwright.errors import ScenarioError, nearest
from boxwright.propose.csv_text import Record, check_cells, read_records
from boxwright.terms import Config

if TYPE_CHECKING:
    from boxwright.space import Space


def csv_configs(space: Space, file: str, folder: Path) -> list[Config]:
    """Return the configurations of all rows; a parameter without a column takes its default.

    The header is stripped of blanks. Columns are separated by commas, semicolons or tabs, whichever the header
    shows. The cell of a parameter that is inactive in its row may be empty. ``file`` is relative to ``folder``.

    Raises:
        ScenarioError: The file cannot be read as a table of the space's parameters.
        SpaceError: A cell holds what its parameter cannot be, or a row is forbidden.
    """
    records = read_records(file, folder, space.names, "design")
    header = next(records)
    names = _names(header, file, space)
    configs = [_config(space, names, record, file) for record in records]
    if not configs:
        raise ScenarioError("there is a header but no row below it.", place=f"{file}:{header.line}")
    return configs


def _names(header: Record, file: str, space: Space) -> tuple[str, ...]:
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


def _config(space: Space, names: tuple[str, ...], record: Record, file: str) -> Config:
    place = f"{file}:{record.line}"
    check_cells(record, len(names), place)
    texts = {name: cell.strip() for name, cell in zip(names, record.cells, strict=True) if cell.strip()}
    config = space.parse_texts(texts, place)
    for name in names:
        if name in config and name not in texts:
            raise ScenarioError(f"the cell of {name} is empty. Write a value, or drop the column.", place=place)
    return config
