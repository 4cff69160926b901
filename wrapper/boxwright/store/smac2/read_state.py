"""Reads a state of SMAC v2: ``runs_and_results-itM.csv``, and ``paramstrings-itM.txt`` and ``instances.txt`` too."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

from boxwright.errors import ScenarioError
from boxwright.parse.numbers import java_double
from boxwright.scenario.instances import read_instances
from boxwright.store.smac2.files import INSTANCES_NAME
from boxwright.store.smac2.reading import FoundRun, FoundRuns, open_found, short, status_named, unreadable
from boxwright.store.smac2.told import CODES, ToldRun

_RUNS = re.compile(r"runs_and_results(-(?:it|CRASH)([0-9]{1,18}))?\.csv")
_LONGEST_LINE = 2**20
_LEAST_CELLS = 12
_CELLS = 16
_NAMES = {code: name for name, code in CODES.items()}
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_ID = re.compile(r"\s*([0-9]{1,18})\s*:(.*)", re.DOTALL)
_PAIR = re.compile(r"([^=,']++)=(?:'([^']*+)'\s*+|([^',]*+))(?:,|$)")


def state_runs(folder: Path) -> Path | None:
    """Return the runs of the last state in a folder that has its configurations beside it; None if there is none.

    Raises:
        OSError: The folder cannot be read.
    """
    found = [(each, path) for path in folder.iterdir() if (each := _RUNS.fullmatch(path.name))]
    whole = [(int(each[2] or 0), path) for each, path in found if _beside(path).exists()]
    return max(whole)[1] if whole else None


def is_state_file(path: Path) -> bool:
    """Return whether a file is named as the runs of a state."""
    return _RUNS.fullmatch(path.name) is not None


def read_state(path: Path, shown: str, instances: tuple[str, ...]) -> FoundRuns:
    """Return the runs of a state.

    Args:
        path: Its file ``runs_and_results…``.
        shown: Its name, for messages.
        instances: What its numbers of instances mean if no ``instances.txt`` lies beside it.

    Raises:
        ScenarioError: A file is missing, cannot be read, or is none; the message names the line.
    """
    beside = _beside(path)
    configs = dict(_configs(beside, str(Path(shown).with_name(beside.name))))
    copy = path.with_name(INSTANCES_NAME)
    found = FoundRuns(instances)
    if copy.is_file():
        rows = read_instances(copy, str(Path(shown).with_name(copy.name)))
        found.instances = tuple(dict.fromkeys(row.name for row in rows))
    for place, line in _lines(path, shown):
        if not line.startswith("Run Number"):
            found.add(_run(line, place, configs, found.instances))
    return found


def _beside(path: Path) -> Path:
    return path.with_name(path.name.replace("runs_and_results", "paramstrings").removesuffix(".csv") + ".txt")


def _lines(path: Path, shown: str) -> Iterator[tuple[str, str]]:
    """Yield place and text of each line that is not blank."""
    try:
        with open_found(path, shown) as file:
            rest, number = b"", 0
            while True:
                data = file.read(_LONGEST_LINE)
                *lines, rest = (rest + (data or b"")).split(b"\n")
                for line in [*lines, *([] if data else [rest])]:
                    number += 1
                    place = f"{shown}:{number}"
                    if text := _decoded(line, place).strip():
                        yield place, text
                if not data:
                    return
                if len(rest) > _LONGEST_LINE:
                    raise ScenarioError(
                        f"a line of more than {_LONGEST_LINE >> 20} MiB.", place=f"{shown}:{number + 1}"
                    )
    except OSError as error:
        raise unreadable(error, shown) from error


def _decoded(line: bytes, place: str) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ScenarioError(f"byte {line[error.start]:#04x} is no UTF-8.", place=place) from error


def _configs(path: Path, shown: str) -> Iterator[tuple[int, dict[str, str]]]:
    for place, line in _lines(path, shown):
        found = _ID.fullmatch(line)
        if found is None:
            raise ScenarioError(f'expected an id and a colon, found "{short(line)}".', place=place)
        yield int(found[1]), _settings(found[2].strip(), place)


def _settings(text: str, place: str) -> dict[str, str]:
    settings: dict[str, str] = {}
    index = 0
    while index < len(text):
        found = _PAIR.match(text, index)
        if found is None:
            raise ScenarioError(f"expected name='value', found \"{short(text[index:])}\".", place=place)
        settings[found[1].strip()] = found[2] if found[2] is not None else found[3].strip()
        index = found.end()
    return settings


def _run(line: str, place: str, configs: dict[int, dict[str, str]], instances: tuple[str, ...]) -> FoundRun:
    cells = [cell.strip() for cell in line.split(",")]
    if len(cells) < _LEAST_CELLS:
        raise ScenarioError(f"{len(cells)} cells, but a run has at least {_LEAST_CELLS}.", place=place)
    config = _whole("Run History Configuration ID", cells[1], place)
    if config not in configs:
        raise ScenarioError(f"configuration {config} does not stand in the file of configurations.", place=place)
    instance = _whole("Instance ID", cells[2], place)
    if not 1 <= instance <= len(instances):
        raise ScenarioError(f"instance {instance}, but there are {len(instances)}.", place=place)
    # Of a MATLAB state the last columns are missing: the name of the status goes before its number.
    named = cells[13] if len(cells) > 13 and cells[13] else _NAMES.get(_whole("Run Result Code", cells[9], place), "")
    status = status_named(named)
    if status is None:
        raise ScenarioError(f'the run result "{short(named)}" is no status.', place=place)
    wall = cells[15] if len(cells) >= _CELLS and cells[15] else "0"
    run = ToldRun(
        instance=instances[instance - 1],
        seed=_seed(cells[6], place),
        status=status,
        cutoff_s=_number("Cutoff Time Used", cells[5], place),
        runtime_s=_number("Runtime", cells[7], place),
        quality=_number("Run Quality", cells[10], place),
        additional=cells[14] if len(cells) > 14 else "",
        wall_s=java_double(wall) or 0.0,
        length=_number("Run Length", cells[8], place),
    )
    return FoundRun(run, configs[config], place)


def _whole(name: str, text: str, place: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ScenarioError(f'{name} "{short(text)}" is no whole number.', place=place)
    return int(text)


def _seed(text: str, place: str) -> int:
    if _WHOLE.fullmatch(text):
        return int(text)
    number = _number("Seed", text, place)  # MATLAB wrote seeds as reals
    if not math.isfinite(number):
        raise ScenarioError(f'Seed "{short(text)}" is no whole number.', place=place)
    return int(number)


def _number(name: str, text: str, place: str) -> float:
    number = java_double(re.sub(r"Inf$", "Infinity", text))
    if number is None or math.isnan(number):
        raise ScenarioError(f'{name} "{short(text)}" is no number.', place=place)
    return number
