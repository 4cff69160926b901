#!/usr/bin/env python3
"""Print metrics of a Keras training history.

The history is what `model.fit` returns, saved as JSON (`json.dump(fit.history, file)`), or the file of Keras' own
`CSVLogger`; the file's content says which.

    python keras_history.py --metric val_loss                                     # of the last epoch
    python keras_history.py --metric val_loss --take best --epoch best_epoch      # its least value, and when that was
    python keras_history.py --metric val_accuracy --metric test_accuracy --by val_accuracy --take max

`--by` chooses the epoch by one metric and prints all of them at that epoch. `best` is the least loss or error and the
greatest accuracy; for a name that tells neither, say min or max. Epochs count from 1. An epoch whose value is not
finite is never the best; a last value that is not finite is an error.

Needs Python 3.8 or later and nothing else. Exit code 1: the file holds nothing usable; 2: wrong arguments.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import math
import re
import sys
from pathlib import Path
from typing import NoReturn

LIMIT_BYTES = 64 << 20
LESS_IS_BETTER = re.compile(r"loss|err|mse|mae|mape|msle|perplexity|divergence", re.IGNORECASE)
MORE_IS_BETTER = re.compile(r"acc|auc|precision|recall|f1|iou|dice|r2", re.IGNORECASE)


class Parser(argparse.ArgumentParser):
    """Answers wrong arguments with one line."""

    def error(self, message: str) -> NoReturn:
        """End with exit code 2."""
        self.exit(2, f"{self.prog}: {one_line(message)} (--help shows how)\n")


def fail(message: str) -> NoReturn:
    """End with exit code 1 and one line on stderr."""
    print(f"keras_history.py: {one_line(message)}", file=sys.stderr)
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


def read_history(path: Path) -> dict[str, list[float]]:
    """Return the values per epoch of each metric; NaN where there is none."""
    try:
        if not path.is_file():
            fail(f"{path}: no such file")
        with path.open("rb") as file:
            data = file.read(LIMIT_BYTES + 1)
    except OSError as error:
        fail(f"{path}: {error.strerror}")
    if len(data) > LIMIT_BYTES:
        fail(f"{path}: larger than {LIMIT_BYTES >> 20} MiB")
    text = data.decode("utf-8-sig", "replace").strip()
    if not text:
        fail(f"{path}: empty")
    return from_json(text, path) if text.startswith(("{", "[")) else from_csv(text, path)


def from_json(text: str, path: Path) -> dict[str, list[float]]:
    """Return the history of a JSON text."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        fail(f"{path}: no JSON: {error}")
    if not isinstance(found, dict):
        fail(f"{path}: holds a list, not an object of metrics with a list of values for each")
    return {name: [as_number(v) for v in values] for name, values in found.items() if isinstance(values, list)}


def from_csv(text: str, path: Path) -> dict[str, list[float]]:
    """Return the history of a CSVLogger file: a header, then one row per epoch; `;` as separator is fine too."""
    separator = ";" if ";" in text.split("\n", 1)[0] else ","
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if row]
    except csv.Error as error:
        fail(f"{path}: no CSV: {error}")
    header = [name.strip() for name in rows[0]] if rows else []
    # A row that was cut off when the run was stopped counts as far as it goes.
    return {
        name: [as_number(row[column]) if column < len(row) else math.nan for row in rows[1:]]
        for column, name in enumerate(header)
    }


def as_number(value: object) -> float:
    """Return the value as a number, NaN if it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return math.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan


def choose_epoch(values: list[float], rule: str) -> int:
    """Return the epoch that counts, from 1; 0 if no value is finite."""
    if rule == "last":
        return len(values)
    finite = [index for index, value in enumerate(values) if math.isfinite(value)]
    best = min if rule == "min" else max
    return best(finite, key=values.__getitem__) + 1 if finite else 0


def value_at(epoch: int, metric: str, history: dict[str, list[float]], path: Path) -> float:
    """Return the metric's value in this epoch, or end."""
    values = history[metric]
    if epoch > len(values) or not math.isfinite(values[epoch - 1]):
        fail(f"{path}: {metric} has no finite value in epoch {epoch}")
    return values[epoch - 1]


def rule_for(metric: str, rule: str) -> str:
    """Return last, min or max: what `best` means depends on the metric; empty if its name does not tell."""
    if rule != "best":
        return rule
    less, more = bool(LESS_IS_BETTER.search(metric)), bool(MORE_IS_BETTER.search(metric))
    return "" if less == more else "min" if less else "max"


def main() -> None:
    """Read the arguments, print the metrics."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", type=Path, default=Path("history.json"), help="default: history.json")
    parser.add_argument("--metric", type=metric_name, action="append", required=True, help="its name in the history")
    parser.add_argument("--name", type=metric_name, action="append", help="the name to print it under")
    parser.add_argument("--take", choices=("last", "best", "min", "max"), default="last", help="default: last")
    parser.add_argument("--by", help="the metric that chooses the epoch (default: each metric chooses its own)")
    parser.add_argument("--epoch", type=metric_name, help="print the epoch of the first metric under this name, too")
    arguments = parser.parse_args()
    metrics: list[str] = arguments.metric
    names = arguments.name or metrics
    if len(names) != len(metrics):
        parser.error(f"{len(names)} times --name, but {len(metrics)} times --metric")
    printed = [*names, arguments.epoch] if arguments.epoch else names
    if len(set(printed)) < len(printed):
        parser.error("two values would be printed under one name")
    for metric in [arguments.by] if arguments.by else metrics:
        if not rule_for(metric, arguments.take):
            parser.error(f"whether less or more of {metric!a} is best, its name does not tell: --take min or max")
    path: Path = arguments.file
    history = read_history(path)
    for metric in [*metrics, arguments.by] if arguments.by else metrics:
        if metric not in history:
            fail(f"{path}: no metric {metric}; it holds {', '.join(list(history)[:12]) or 'none'}")
    shown: dict[str, float] = {}
    for number, metric in enumerate(metrics):
        chooser = arguments.by or metric
        epoch = choose_epoch(history[chooser], rule_for(chooser, arguments.take))
        if not epoch:
            fail(f"{path}: {chooser} has no finite value")
        shown[names[number]] = value_at(epoch, metric, history, path)
        if number == 0 and arguments.epoch:
            shown[arguments.epoch] = epoch
    show(shown)


if __name__ == "__main__":
    main()
