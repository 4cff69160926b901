"""Tables of runs: coloured and fitted to the width of a terminal, plain aligned text of any width in a pipe."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from boxwright.errors import one_line
from boxwright.report.fitting import GAP, Table, fit_table
from boxwright.report.words import config_text, counted, mean_quality, number, runs_text, seconds, value_text
from boxwright.store.config_records import ConfigRecord
from boxwright.store.records import RunRecord
from boxwright.terms import Status

if TYPE_CHECKING:
    from rich.console import Console, JustifyMethod

COLOURS = {
    Status.SUCCESS: "green",
    Status.UNSAT: "yellow",
    Status.RUNNING: "cyan",
    Status.LOST: "magenta",
    Status.STOPPED: "blue",
}
_FIELDS = {*(field.name for field in dataclasses.fields(RunRecord)), "time"}


def run_table(records: Sequence[RunRecord], objective: str, metrics: Sequence[str]) -> Table:
    """Return number, parameters, objective, other metrics, status and time of each run.

    Args:
        records: The runs.
        objective: Name of the metric that drives the study.
        metrics: Other metrics with a column of their own.
    """
    parameters = list(dict.fromkeys(name for record in records for name in record.config))
    others = [name for name in metrics if name != objective]
    shared = any(record.optimizer_seed is not None for record in records)
    head = ["run", *(["optimizer_seed"] if shared else [])]
    taken = {*_FIELDS, objective, *others}
    header = [
        *head,
        *(one_line(f"config.{name}" if name in taken else name) for name in parameters),
        one_line(f"metric.{objective}" if objective in _FIELDS - {"quality"} else objective),
        *(one_line(f"metric.{name}" if name in _FIELDS else name) for name in others),
        "status",
        "time",
    ]
    rows = []
    for record in records:
        quality = record.quality if record.quality is not None else record.metrics.get(objective)
        rows.append(
            (
                str(record.run),
                *([str(record.optimizer_seed or "")] if shared else []),
                *(value_text(record.config[name]) if name in record.config else "" for name in parameters),
                number(quality),
                *(number(record.metrics.get(name)) for name in others),
                str(record.status),
                seconds(record.wall_s),
            )
        )
    first, end = len(head), len(head) + len(parameters)
    optional = (*reversed(range(first, end)), *reversed(range(end + 1, end + 1 + len(others))))
    return Table(tuple(header), tuple(rows), optional=optional)


def config_table(configs: Sequence[ConfigRecord], objective: str, metrics: Sequence[str]) -> Table:
    """Return first run, parameters and means of each configuration; for the arguments see ``run_table``."""
    table = run_table([config.mean for config in configs], objective, metrics)
    rows = (
        (*row[:-2], number(config.standard_error), str(config.runs), str(config.failed or ""))
        for row, config in zip(table.rows, configs, strict=True)
    )
    return Table((*table.header[:-2], "standard_error", "runs", "failed"), tuple(rows), optional=table.optional)


def incumbent_text(best: ConfigRecord | None, objective: str, metrics: Sequence[str]) -> str:
    """Return the incumbent in one line."""
    if best is None:
        return "incumbent: none yet, no run has succeeded"
    values = best.mean.metrics
    others = "".join(f", {name} {number(values[name])}" for name in metrics if name in values and name != objective)
    return f"incumbent: {runs_text(best)}, {objective} {mean_quality(best)}{others}: {config_text(best.config)}"


def print_runs(records: Sequence[RunRecord], objective: str, metrics: Sequence[str], stream: TextIO) -> None:
    """Print runs as a table; a terminal that is too narrow for all columns says how many it does not show."""
    print_table(run_table(records, objective, metrics), stream)


def print_table(table: Table, stream: TextIO) -> None:
    """Print a table to a stream: coloured and fitted if it is a terminal, else as plain aligned text."""
    if not stream.isatty():
        stream.write(plain_table(table))
        return
    from rich.console import Console

    console = Console(file=stream)
    fitted, missing = fit_table(table, console.width)
    _print_rich(console, fitted)
    if missing:
        stream.write(f"… {counted(missing, 'more column')}: --csv or --json shows all\n")


def print_line(text: str, stream: TextIO) -> None:
    """Print one line; on a terminal it is wrapped, at blanks only."""
    if stream.isatty():
        from rich.console import Console

        width = Console(file=stream).width
        text = textwrap.fill(
            text, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False, tabsize=1
        )
    stream.write(f"{text}\n")


def plain_table(table: Table) -> str:
    """Return a table as aligned text with two blanks between columns."""
    lines = [table.header, *table.rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    texts = (
        (" " * GAP).join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in lines
    )
    return "".join(f"{line}\n" for line in texts)


def _print_rich(console: Console, table: Table) -> None:
    from rich.table import Table as RichTable
    from rich.text import Text

    shown = RichTable(box=None, header_style="bold", pad_edge=False, padding=(0, GAP, 0, 0))
    last = len(table.header) - 1
    for column, (name, width) in enumerate(zip(table.header, table.widths(), strict=True)):
        justify: JustifyMethod = "right" if all(_is_number(row[column]) for row in table.rows) else "left"
        if table.wrapped and column == last:
            shown.add_column(Text(name), overflow="fold")
        else:
            shown.add_column(Text(name), justify=justify, no_wrap=True, min_width=width)
    for row in table.rows:
        shown.add_row(*(Text(cell, style=COLOURS.get(_status(cell), "")) for cell in row))
    # No width of its own: a table whose indispensable columns are wider than the terminal is not cut by us.
    fixed = sum(table.widths()) + GAP * len(table.header)
    console.print(shown, width=None if table.wrapped else max(console.width, fixed), crop=False, no_wrap=None)


def _status(cell: str) -> Status:
    return Status(cell) if cell in Status.__members__ else Status.CRASHED


def _is_number(cell: str) -> bool:
    return cell == "" or cell[:1].isdigit() or (cell[:1] == "-" and cell[1:2].isdigit())
