#!/usr/bin/env python3
"""Print the last, least, greatest or mean value of a CSV column as a metric.

    python csv_column.py --file metrics.csv --column val_error
    python csv_column.py --file metrics.csv --column fitness --take max --name best_fitness

The first row is the header; `--no-header` if there is none, and `--column` is then a number from 1. Empty cells are
passed over (loggers leave them where nothing was measured); any other cell that is no number is an error, and so is
a row that is too short. A value that is not finite is never the least or greatest, and an error
where it is the last or part of a mean.

Needs Python 3.8 or later and nothing else. Exit code 1: the file holds nothing usable; 2: wrong arguments.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NoReturn

LINE_LIMIT = 1 << 20


class Parser(argparse.ArgumentParser):
    """Answers wrong arguments with one line."""

    def error(self, message: str) -> NoReturn:
        """End with exit code 2."""
        self.exit(2, f"{self.prog}: {one_line(message)} (--help shows how)\n")


def fail(message: str) -> NoReturn:
    """End with exit code 1 and one line on stderr."""
    print(f"csv_column.py: {one_line(message)}", file=sys.stderr)
    raise SystemExit(1)


def one_line(text: str) -> str:
    """Return the text with line breaks and other control characters made visible."""
    return "".join(ch if ch.isprintable() else ch.encode("unicode_escape").decode() for ch in text)


def show(metrics: dict[str, float]) -> None:
    """Print the metrics, as UTF-8 whatever the locale says."""
    sys.stdout.buffer.write("".join(f"{name}\t{value!r}\n" for name, value in metrics.items()).encode())


def metric_name(text: str) -> str:
    """Return the text if it can name a metric."""
    if not text or not text.isprintable() or text != text.strip():
        raise argparse.ArgumentTypeError(f"{text!a} is no name of a metric")
    return text


def separator(text: str) -> str:
    """Return the one character that separates cells; the word tab is one."""
    text = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if len(text) != 1 or text in '\r\n"':
        raise argparse.ArgumentTypeError(f"{text!a} is not one character (tab is a word for it)")
    return text


def read_lines(file: IO[str], path: Path) -> Iterator[str]:
    """Yield the lines, and end at one that is too long to be a row."""
    while True:
        line = file.readline(LINE_LIMIT)
        if len(line) >= LINE_LIMIT:
            fail(f"{path}: a line longer than 1 MiB")
        if not line:
            return
        yield line


def read_column(path: Path, column: str, delimiter: str, *, header: bool) -> Iterator[float]:
    """Yield the numbers of the column."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = csv.reader(read_lines(file, path), delimiter=delimiter)
        index = find_column(next(rows, []), column, path) if header else int(column) - 1
        for row in rows:
            if row and index >= len(row):
                fail(f"{path}:{rows.line_num}: {len(row)} cells, none for column {column}")
            cell = row[index].strip() if row else ""
            if cell:
                yield number(cell, f"{path}:{rows.line_num}")


def number(cell: str, place: str) -> float:
    """Return the number that the cell holds, or end."""
    try:
        return float(cell.replace("_", "?"))  # Python alone takes 1_000 for a number
    except ValueError:
        fail(f'{place}: "{cell[:80]}" is not a number')


def find_column(names: list[str], column: str, path: Path) -> int:
    """Return the index of the column with this name."""
    known = [name.strip() for name in names]
    if column not in known:
        fail(f"{path}: no column {column}; the header is {', '.join(known[:12]) or 'empty'}")
    if known.count(column) > 1:
        fail(f"{path}: two columns are called {column}")
    return known.index(column)


def aggregate(values: Iterator[float], rule: str) -> float | None:
    """Return the value by the rule, None if there is none; in bounded memory."""
    last, least, greatest, total, count = None, math.inf, -math.inf, 0.0, 0
    for value in values:
        last = value
        total += value
        count += 1
        if math.isfinite(value):
            least, greatest = min(least, value), max(greatest, value)
    if last is None:
        return None
    return {"last": last, "min": least, "max": greatest, "mean": total / count}[rule]


def main() -> None:
    """Read the arguments, print the metric."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", type=Path, required=True, help="the CSV file")
    parser.add_argument(
        "--column", type=metric_name, required=True, help="its name in the header, or its number with --no-header"
    )
    parser.add_argument("--name", type=metric_name, help="the name to print it under (default: the column's)")
    parser.add_argument("--take", choices=("last", "min", "max", "mean"), default="last", help="default: last")
    parser.add_argument("--delimiter", type=separator, default=",", help="default: a comma")
    parser.add_argument("--no-header", action="store_true", help="the first row holds values already")
    arguments = parser.parse_args()
    column: str = arguments.column
    if arguments.no_header and not (column.isascii() and column.isdigit() and int(column) > 0):
        parser.error(f"--column {column!a}: with --no-header it is a number from 1")
    if arguments.no_header and not arguments.name:
        parser.error("--no-header needs a --name to print the value under")
    path: Path = arguments.file
    try:
        if not path.is_file():
            fail(f"{path}: no such file")
        values = read_column(path, column, arguments.delimiter, header=not arguments.no_header)
        value = aggregate(values, arguments.take)
    except OSError as error:
        fail(f"{path}: {error.strerror}")
    except csv.Error as error:
        fail(f"{path}: no CSV: {error}")
    if value is None:
        fail(f"{path}: column {column} holds no value")
    if not math.isfinite(value):
        fail(f"{path}: the {arguments.take} value of column {column} is {value}")
    show({arguments.name or column: value})


if __name__ == "__main__":
    main()
