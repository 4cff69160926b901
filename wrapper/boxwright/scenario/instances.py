"""Instance and feature files as SMAC v2 has them: rows of CSV, or in the older form words between blanks."""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from boxwright.errors import ScenarioError
from boxwright.scenario.layers import Layers, shorten

MISSING = (-512.0, -1024.0)
"""What SMAC v2 takes for a feature that is not known."""

_LARGEST_FILE = 64 * 2**20
_LARGEST_SEED = 2**31 - 1
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_CELLS = "name; name,specific; seed,name; or seed,name,specific"


@dataclass(frozen=True, slots=True)
class InstanceRow:
    """One line of an instance file; None for what it does not say."""

    name: str
    specific: str | None = None
    seed: int | None = None


def read_instances(path: Path, shown: str) -> list[InstanceRow]:
    """Return the rows of an instance file; a row that stands twice counts once.

    Args:
        path: The file.
        shown: Its name, for messages.

    Raises:
        ScenarioError: It cannot be read, or a line is wrong; the message names it.
    """
    rows = list(_cells(_text(path, shown), shown))
    if not rows:
        raise ScenarioError(f"holds no instance. Write one in a line: {_CELLS}.", place=shown)
    width = len(rows[0][1])
    has_seed = width == 3 or (width == 2 and _WHOLE.fullmatch(rows[0][1][0]) is not None)
    found: dict[InstanceRow, int] = {}
    specific: dict[str, tuple[str | None, int]] = {}
    for line, cells in rows:
        row = _row(cells, width, has_seed, f"{shown}:{line}")
        known, first = specific.setdefault(row.name, (row.specific, line))
        if known != row.specific:
            raise ScenarioError(
                f'"{row.name}" has the specific text "{row.specific}" here and "{known}" in line {first}. '
                "It is the same for all seeds of an instance.",
                place=f"{shown}:{line}",
            )
        found.setdefault(row, line)
    return list(found)


def read_features(path: Path, shown: str) -> dict[str, tuple[float | None, ...]]:
    """Return the features of each instance; None for one that is missing.

    Raises:
        ScenarioError: It cannot be read, or a line is wrong; the message names it.
    """
    rows = list(_cells(_text(path, shown), shown, header=True))
    if not rows:
        raise ScenarioError("is empty. Its first line names the features.", place=shown)
    line, header = rows[0]
    for name, count in Counter(header[1:]).items():
        if _number(name) is not None or count > 1:
            what = "stands twice" if count > 1 else "is a number"
            problem = f'the name of a feature "{shorten(name, 60)}" {what}. The first line names them.'
            raise ScenarioError(problem, place=f"{shown}:{line}")
    features: dict[str, tuple[float | None, ...]] = {}
    for line, cells in rows[1:]:
        place = f"{shown}:{line}"
        if len(cells) != len(header):
            raise ScenarioError(f"{len(cells)} cells, but the first line has {len(header)}.", place=place)
        values = [_number(cell) for cell in cells[1:]]
        if None in values:
            raise ScenarioError(f'"{shorten(cells[values.index(None) + 1], 60)}" is no number.', place=place)
        if cells[0] in features:
            raise ScenarioError(f'the instance "{cells[0]}" stands twice. Remove one.', place=place)
        features[cells[0]] = tuple(None if value in MISSING else value for value in values)
    return features


def instance_lines(rows: Sequence[tuple[str, str]]) -> str:
    """Return the text of an instance file: a name in each line, and specific texts if one is another than ``0``."""
    if all(specific == "0" and not re.search(r'[\s,"]', name) for name, specific in rows):
        return "".join(f"{name}\n" for name, _ in rows)
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    return text.getvalue()


def inline_instances(layers: Layers) -> None:
    """Put what ``instances.file`` holds into the document, and check the files of test instances and features.

    Values of a wrong type are left for the decoder.

    Raises:
        ScenarioError: A file is wrong.
    """
    table = layers.document.get("instances")
    if not isinstance(table, dict) or not isinstance(table.get("file"), str):
        return
    if "names" in table or "seeds" in table or "specific" in table:
        key = next(key for key in ("names", "seeds", "specific") if key in table)
        raise ScenarioError(
            "stands in instances.file already. Keep one of them.", place=layers.place(("instances", key))
        )
    rows = read_instances(layers.folder / table["file"], table["file"])
    del table["file"]
    table["names"] = list(dict.fromkeys(row.name for row in rows))
    table["specific"] = {row.name: row.specific for row in rows if row.specific not in (None, "0")}
    seeds: dict[str, list[int]] = {}
    table["seeds"] = seeds
    for row in rows:
        if row.seed is not None:
            seeds.setdefault(row.name, []).append(row.seed)
    for key in ("specific", "seeds"):
        if not table[key]:
            del table[key]
    if isinstance(table.get("test"), str):
        read_instances(layers.folder / table["test"], table["test"])
    if isinstance(table.get("features"), str):
        features = read_features(layers.folder / table["features"], table["features"])
        for name in table["names"]:
            if name not in features:
                problem = f'has no row for the instance "{shorten(name, 200)}".'
                raise ScenarioError(problem, place=table["features"])


def _row(cells: list[str], width: int, has_seed: bool, place: str) -> InstanceRow:
    if len(cells) != width:
        raise ScenarioError(f"{len(cells)} cells, but the first line has {width}.", place=place)
    seed = _seed(cells[0], place) if has_seed else None
    name, *rest = cells[has_seed:]
    if not name:
        raise ScenarioError(f"the name of the instance is empty. Write {_CELLS}.", place=place)
    return InstanceRow(name, rest[0] if rest else None, seed)


def _seed(text: str, place: str) -> int:
    seed = int(text) if _WHOLE.fullmatch(text) else 0
    if not 1 <= seed <= _LARGEST_SEED:
        found = shorten(text, 60)
        raise ScenarioError(f'"{found}" is no seed: a whole number from 1 to {_LARGEST_SEED}.', place=place)
    return seed


def _number(text: str) -> float | None:
    try:
        number = float(text) if len(text) < 400 and "_" not in text else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _text(path: Path, shown: str) -> str:
    try:
        if path.is_file() and path.stat().st_size > _LARGEST_FILE:
            raise ScenarioError(f"this file is larger than {_LARGEST_FILE >> 20} MiB.", place=shown)
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problem = f"byte {error.object[error.start]:#04x} is no UTF-8. Save the file as UTF-8."
        raise ScenarioError(problem, place=f"{shown}:{line}") from error
    except (OSError, ValueError) as error:
        raise ScenarioError(f"cannot be read: {getattr(error, 'strerror', None) or error}", place=shown) from error


def _cells(text: str, shown: str, *, header: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Yield number and cells of each line that is not blank.

    A line with neither a comma nor a quote is of the older form, whose cells are parted by blanks.
    """
    for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        line = raw.strip()
        if not line:
            continue
        if "\0" in line:
            raise ScenarioError("holds a NUL character", place=f"{shown}:{number}")
        if "," not in line and '"' not in line:
            cells = [line] if header else line.split()
        else:
            try:
                cells = [cell.strip() for cell in next(csv.reader([line], skipinitialspace=True, strict=True))]
            except csv.Error as error:
                raise ScenarioError(f"no row of CSV: {error}", place=f"{shown}:{number}") from error
        if not header and not 1 <= len(cells) <= 3:
            raise ScenarioError(f"{len(cells)} cells, expected {_CELLS}.", place=f"{shown}:{number}")
        yield number, cells
