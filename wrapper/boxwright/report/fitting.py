"""Makes a table fit a terminal without breaking a cell: first fewer digits, then fewer columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_DECIMAL = re.compile(r"-?[0-9]+\.[0-9]+(?:e[+-]?[0-9]+)?|-?[0-9]+e[+-]?[0-9]+")
GAP = 2
"""Blanks between two columns."""


@dataclass(frozen=True, slots=True)
class Table:
    """Header and rows as texts.

    Attributes:
        optional: Indices of the columns that may be left out, the first to go first.
        wrapped: Whether the last column may be wrapped at its blanks.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    optional: tuple[int, ...] = ()
    wrapped: bool = False

    def widths(self) -> list[int]:
        """Return the width of each column in characters."""
        from rich.cells import cell_len

        return [max(map(cell_len, column)) for column in zip(self.header, *self.rows, strict=True)]


def fit_table(table: Table, width: int) -> tuple[Table, int]:
    """Return the table as it fits the width, and how many columns were left out for it."""
    for digits in (6, 4, 3):
        table = _rounded(table, digits)
        if _total(table.widths()) <= width:
            return table, 0
    widths = table.widths()
    kept = list(range(len(widths)))
    for column in table.optional:
        if _total([widths[index] for index in kept]) <= width:
            break
        kept.remove(column)
    header = tuple(table.header[index] for index in kept)
    rows = tuple(tuple(row[index] for index in kept) for row in table.rows)
    return Table(header, rows, wrapped=table.wrapped), len(widths) - len(kept)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _rounded(table: Table, digits: int) -> Table:
    rows = tuple(
        tuple(f"{float(cell):.{digits}g}" if _DECIMAL.fullmatch(cell) else cell for cell in row) for row in table.rows
    )
    return Table(table.header, rows, optional=table.optional, wrapped=table.wrapped)
