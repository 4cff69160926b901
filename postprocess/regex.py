#!/usr/bin/env python3
"""Print numbers that regular expressions find in a log as metrics.

    python regex.py --name val_error --pattern 'val_error=([0-9.]+)' --name loss --pattern 'loss: ([0-9.e-]+)'

Each pattern has one group, which holds the number, and is searched in each line; `--take` says which of its numbers
counts: the last (the default), the first, the least or the greatest. A carriage return ends a line too, so progress
bars are read as a person sees them. Lines longer than 64 KiB are passed over.

Needs Python 3.8 or later and nothing else. Exit code 1: the log holds nothing usable; 2: wrong arguments.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

LINE_LIMIT_BYTES = 1 << 16


class Parser(argparse.ArgumentParser):
    """Answers wrong arguments with one line."""

    def error(self, message: str) -> NoReturn:
        """End with exit code 2."""
        self.exit(2, f"{self.prog}: {one_line(message)} (--help shows how)\n")


def fail(message: str) -> NoReturn:
    """End with exit code 1 and one line on stderr."""
    print(f"regex.py: {one_line(message)}", file=sys.stderr)
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


def pattern(text: str) -> re.Pattern[str]:
    """Return the compiled pattern if it has one group."""
    try:
        found = re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!a} is no regular expression: {error}") from error
    if found.groups != 1:
        raise argparse.ArgumentTypeError(f"{text!a} has {found.groups} groups; one must hold the number")
    return found


def read_lines(path: Path) -> Iterator[str]:
    """Yield the lines, in bounded memory."""
    with path.open("rb") as file:
        carry = b""
        while True:
            block = file.read(1 << 20)
            lines = re.split(b"[\r\n]", carry + block)
            # The last one may go on in the next block; one byte above the limit marks it as too long.
            carry = lines.pop()[: LINE_LIMIT_BYTES + 1] if block else b""
            for line in lines:
                if len(line) <= LINE_LIMIT_BYTES:
                    yield line.decode("utf-8", "replace")
            if not block:
                return


def number(text: str | None, name: str, path: Path) -> float:
    """Return the finite number that the text is, or end."""
    try:
        value = float((text or "").replace("_", "?"))
    except ValueError:
        fail(f'{path}: {name} is "{(text or "")[:80]}", not a number')
    if not math.isfinite(value):
        fail(f'{path}: {name} is "{text}", not a finite number')
    return value


def main() -> None:
    """Read the arguments, print the metrics."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", type=Path, default=Path("stdout.log"), help="the log (default: stdout.log)")
    parser.add_argument("--name", type=metric_name, action="append", required=True, help="name of a metric")
    parser.add_argument("--pattern", type=pattern, action="append", required=True, help="its regular expression")
    parser.add_argument("--take", choices=("last", "first", "min", "max"), default="last", help="default: last")
    arguments = parser.parse_args()
    names: list[str] = arguments.name
    if len(names) != len(arguments.pattern):
        parser.error(f"{len(names)} times --name, but {len(arguments.pattern)} times --pattern")
    if len(set(names)) < len(names):
        parser.error("one --name is given twice")
    path: Path = arguments.file
    patterns: dict[str, re.Pattern[str]] = dict(zip(names, arguments.pattern))  # noqa: B905 - compared above
    taken: dict[str, str | float] = {}
    try:
        if not path.is_file():
            fail(f"{path}: no such file")
        for line in read_lines(path):
            for name, searched in patterns.items():
                for match in searched.finditer(line):
                    take(taken, name, match.group(1), arguments.take, path)
    except OSError as error:
        fail(f"{path}: {error.strerror}")
    for name, searched in patterns.items():
        if name not in taken:
            fail(f'{path}: no line matches the pattern of {name}, "{searched.pattern}"')
    show({name: number(str(taken[name]), name, path) for name in names})


def take(taken: dict[str, str | float], name: str, text: str | None, rule: str, path: Path) -> None:
    """Keep what this match gives, by the rule. The text of the last or first one is only looked at in the end."""
    if rule == "last" or name not in taken:
        taken[name] = number(text, name, path) if rule in ("min", "max") else (text or "")
    elif rule in ("min", "max"):
        value = number(text, name, path)
        taken[name] = min(float(taken[name]), value) if rule == "min" else max(float(taken[name]), value)


if __name__ == "__main__":
    main()
