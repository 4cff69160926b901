"""Metrics from files: the log of the post-process command, and a JSON file that the run leaves."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from boxwright.errors import one_line
from boxwright.parse.json_text import decode_json, encode_json
from boxwright.parse.logs import LINE_LIMIT_BYTES, open_regular, quoted, read_lines
from boxwright.parse.readings import LONGEST_NAME, Readings
from boxwright.parse.stdout import not_finite, read_tab_line

JSON_LIMIT_BYTES = 16 << 20


def read_postprocess(path: Path, readings: Readings) -> None:
    """Add the ``name<TAB>value`` lines of the post-process log; any other line in it is noted as refused."""
    readings.searched.append(path.name)
    try:
        for line in read_lines(path):
            if line.cut:
                readings.refuse(f"{path.name}:{line.number}: longer than {LINE_LIMIT_BYTES // 1024} KiB")
            elif b"\t" in line.text:
                read_tab_line(line, path.name, "postprocess", readings)
            elif line.text.strip():
                found = quoted(line.text.decode("utf-8", "replace").strip())
                readings.refuse(f"{path.name}:{line.number}: {found} is not name<TAB>value")
    except OSError as error:
        readings.refuse(f"{path.name}: {error.strerror or error}")


def read_json(folder: Path, name: str, readings: Readings) -> None:
    """Add the numbers of a JSON file inside the run folder, nested ones under dotted names."""
    shown = one_line(name)
    try:
        found = _load(folder, name)
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: Python 3.11 and 3.12 on a loop of links
        problem = one_line(getattr(error, "strerror", None) or str(error))
        readings.searched.append(f"{shown}: {problem}")
        readings.refuse(f"{shown}: {problem}")
        return
    readings.searched.append(shown)
    _flatten(found, shown, readings)


def _load(folder: Path, name: str) -> dict[str, Any]:
    inside = folder.resolve()
    path = (inside / name).resolve()
    if not path.is_relative_to(inside):
        raise ValueError("leads out of the run folder")
    with open_regular(path) as file:
        data = file.read(JSON_LIMIT_BYTES + 1)
    if len(data) > JSON_LIMIT_BYTES:
        raise ValueError(f"larger than {JSON_LIMIT_BYTES >> 20} MiB")
    found = decode_json(data.decode("utf-8-sig"))
    if not isinstance(found, dict):
        raise ValueError("holds no object of names and numbers")
    return found


def _flatten(found: dict[str, Any], file: str, readings: Readings) -> None:
    """Texts, lists, booleans and nulls are no metrics and are passed over, except under the objective's name."""
    waiting: list[tuple[str, Any]] = [("", found)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict) and len(name) > LONGEST_NAME:
            # Not descended into: a key of megabytes over many others would be copied for each of them.
            readings.refuse(f"{file}: the names under {quoted(name)} are longer than {LONGEST_NAME} characters")
        elif isinstance(value, dict):
            prefix = f"{name}." if name else ""
            waiting.extend((prefix + key, inner) for key, inner in reversed(value.items()))
        elif (number := _number(value)) is not None and math.isfinite(number):
            readings.give(name, number, source="json", where=file)
        elif number is not None or name == readings.objective:
            problem = not_finite(file, name, encode_json(value))
            readings.give(name, None, source="json", where=file, problem=problem)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:  # a whole number of more than 308 digits
        return math.inf
