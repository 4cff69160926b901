"""Tables of runs: coloured on a terminal, plain aligned text in a pipe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from boxwright.errors import one_line
from boxwright.report.words import config_text, number, seconds, value_text
from boxwright.store.records import RunRecord
from boxwright.terms import Status

if TYPE_CHECKING:
    from rich.console import Console

COLOURS = {
    Status.SUCCESS: "green",
    Status.UNSAT: "yellow",
    Status.RUNNING: "cyan",
    Status.LOST: "magenta",
    Status.STOPPED: "blue",
}

Rows = Sequence[Sequence[str]]


def run_table(
    records: Sequence[RunRecord], objective: str, metrics: Sequence[str]
) -> tuple[list[str], list[list[str]]]:
    """Return header and rows: number, parameters, objective, other metrics, status, time.

    Args:
        records: The runs.
        objective: Name of the metric that drives the study.
        metrics: Other metrics with a column of their own.
    """
    parameters = list(dict.fromkeys(name for record in records for name in record.config))
    others = [name for name in metrics if name != objective]
    shared = any(record.optimizer_seed is not None for record in records)
    header = ["run", *(["seed"] if shared else []), *map(one_line, parameters), objective, *others, "status", "time"]
    rows = []
    for record in records:
        quality = record.quality if record.quality is not None else record.metrics.get(objective)
        rows.append(
            [
                str(record.run),
                *([str(record.optimizer_seed or "")] if shared else []),
                *(value_text(record.config[name]) if name in record.config else "" for name in parameters),
                number(quality),
                *(number(record.metrics.get(name)) for name in others),
                str(record.status),
                seconds(record.wall_s),
            ]
        )
    return header, rows


def incumbent_text(record: RunRecord | None, objective: str, metrics: Sequence[str]) -> str:
    """Return the incumbent in one line."""
    if record is None:
        return "incumbent: none yet, no run has succeeded"
    others = "".join(
        f", {name} {number(record.metrics[name])}" for name in metrics if name in record.metrics and name != objective
    )
    return f"incumbent: run {record.run}, {objective} {number(record.quality)}{others}: {config_text(record.config)}"


def print_table(header: Sequence[str], rows: Rows, stream: TextIO) -> None:
    """Print a table to a stream: coloured if it is a terminal, else as plain aligned text."""
    if stream.isatty():
        from rich.console import Console

        _print_rich(Console(file=stream), header, rows)
    else:
        stream.write(plain_table(header, rows))


def plain_table(header: Sequence[str], rows: Rows) -> str:
    """Return a table as aligned text with two blanks between columns."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [header, *rows]
    )
    return "".join(f"{line}\n" for line in lines)


def _print_rich(console: Console, header: Sequence[str], rows: Rows) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    numeric = [all(_is_number(row[column]) for row in rows) for column in range(len(header))]
    for name, right in zip(header, numeric, strict=True):
        table.add_column(Text(name), justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, style=COLOURS.get(_status(cell), "")) for cell in row))
    console.print(table)


def _status(cell: str) -> Status:
    return Status(cell) if cell in Status.__members__ else Status.CRASHED


def _is_number(cell: str) -> bool:
    return cell == "" or cell[:1].isdigit() or (cell[:1] == "-" and cell[1:2].isdigit())
