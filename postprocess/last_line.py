#!/usr/bin/env python3
"""Print the number at the end of a log's last line as a metric.

A training script that ends with `print("validation error:", error)` needs no more than

    python last_line.py --name validation_error

Several names take the last numbers of that line in order: for a last line `0.031 0.042`,
`--name validation_error --name test_error` prints two metrics. `--field N` picks the N-th number instead (1 is the
first, -1 the last), once for each name.

Needs Python 3.8 or later and nothing else. Exit code 1: the log holds nothing usable; 2: wrong arguments.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
from pathlib import Path
from typing import NoReturn

BLOCK_BYTES = 1 << 16
LONGEST_LINE_BYTES = 1 << 20
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# No number: the 2 of conv2d, the parts of 1.2.3. NaN and inf are taken, so that they are refused, not passed over.
NUMBER = re.compile(
    r"(?<![\w.])[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|nan|inf(?:inity)?)(?!\w|\.[0-9])",
    re.IGNORECASE,
)


class Parser(argparse.ArgumentParser):
    """Answers wrong arguments with one line."""

    def error(self, message: str) -> NoReturn:
        """End with exit code 2."""
        self.exit(2, f"{self.prog}: {one_line(message)} (--help shows how)\n")


def fail(message: str) -> NoReturn:
    """End with exit code 1 and one line on stderr."""
    print(f"last_line.py: {one_line(message)}", file=sys.stderr)
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


def read_last_line(path: Path) -> str:
    """Return the last line that is not blank, of a very long one the end; empty if there is none."""
    text = b""
    with path.open("rb") as file:
        start = file.seek(0, 2)
        while start > 0 and len(text) < LONGEST_LINE_BYTES:
            end, start = start, max(0, start - BLOCK_BYTES)
            file.seek(start)
            text = (file.read(end - start) + text).rstrip(b" \t\r\n\v\f\0")
            lines = re.split(b"[\r\n]", text)
            if len(lines) > 1:
                return lines[-1].decode("utf-8", "replace")
    if start > 0:  # the line begins further up: what is left of its first word may be half a number
        text = text.lstrip(b"0123456789+-.eE")
    return text.decode("utf-8", "replace")


def pick(numbers: list[str], names: list[str], fields: list[int]) -> list[str]:
    """Return one number for each name."""
    if not fields:
        if len(numbers) < len(names):
            fail(f"the last line holds {len(numbers)} numbers, but there are {len(names)} names")
        return numbers[-len(names) :]
    for field in fields:
        if not 1 <= abs(field) <= len(numbers):
            fail(f"--field {field}: the last line holds {len(numbers)} numbers")
    return [numbers[field - 1 if field > 0 else field] for field in fields]


def main() -> None:
    """Read the arguments, print the metrics."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", type=Path, default=Path("stdout.log"), help="the log (default: stdout.log)")
    parser.add_argument("--name", type=metric_name, action="append", help="name of the metric (default: quality)")
    parser.add_argument("--field", type=int, action="append", default=[], help="which number of the line, from 1")
    arguments = parser.parse_args()
    names: list[str] = arguments.name or ["quality"]
    if len(set(names)) < len(names):
        parser.error("one --name is given twice")
    if arguments.field and len(arguments.field) != len(names):
        parser.error(f"{len(arguments.field)} times --field for {len(names)} names")
    if 0 in arguments.field:
        parser.error("--field counts from 1, or from -1 at the end")
    path: Path = arguments.file
    try:
        if not path.is_file():
            fail(f"{path}: no such file")
        line = ANSI.sub("", read_last_line(path))
    except OSError as error:
        fail(f"{path}: {error.strerror}")
    if not line.strip():
        fail(f"{path}: holds no line that is not blank")
    numbers = NUMBER.findall(line)
    if not numbers:
        fail(f'{path}: no number in the last line, "{line.strip()[-80:]}"')
    values = map(float, pick(numbers, names, arguments.field))
    metrics = dict(zip(names, values))  # noqa: B905 - strict= came with Python 3.10; pick() gives one for each
    for name, value in metrics.items():
        if not math.isfinite(value):
            fail(f'{path}: {name} is {value} in the last line, "{line.strip()[-80:]}"')
    show(metrics)


if __name__ == "__main__":
    main()
