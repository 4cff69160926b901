"""Runs of elsewhere that an option file names: states to be restored, and the files of others that share a model."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from boxwright.errors import ScenarioError
from boxwright.scenario.layers import shorten
from boxwright.scenario.smac2.places import Places
from boxwright.scenario.smac2.values import Values

DEFAULT_OUTPUT = "smac-output"
"""Where SMAC v2 writes if it is not told."""

_AUTO = ("AUTO", "2147483647")
_STATE = re.compile(r"runs_and_results-it([0-9]{1,18})\.csv")
_MOST_SHOWN = 12
_LIVE = "live-rundata-*.json"
_RUN = b'"r-rc"'
_PIECE_BYTES = 2**20


def states(values: Values, files: Places) -> Iterator[tuple[str, str]]:
    """Yield the options that name a state, each with what ``optimizer.warm_start`` is to say.

    Raises:
        ScenarioError: There is no such folder, or it holds no state of that iteration.
    """
    for option, iteration in (("restore-state-from", "restore-iteration"), ("warmstart", "warmstart-iteration")):
        text = values.text(option)
        if text is None:
            continue
        place = values.place(option)
        path = files.file(text, place)
        wanted = values.text(iteration, _AUTO[0]) or _AUTO[0]
        if wanted.upper() not in _AUTO:
            path = _state(path, values.whole(iteration) or 0, values.place(iteration))
        yield option, files.shown(path)


def _state(folder: Path, iteration: int, place: str) -> Path:
    try:
        names = [found for path in folder.iterdir() if (found := _STATE.fullmatch(path.name))]
    except OSError as error:
        raise ScenarioError(f"{shorten(str(folder), 200)}: cannot be read: {error.strerror}", place=place) from error
    by_number = {int(found[1]): folder / found[0] for found in names}
    if iteration not in by_number:
        there = sorted(by_number)
        listed = ", ".join(map(str, there[-_MOST_SHOWN:])) or "none"
        raise ScenarioError(
            f"{shorten(str(folder), 200)} holds no state of iteration {iteration}. There are: {listed}.", place=place
        )
    return by_number[iteration]


def others(values: Values, rungroup: str, number: int) -> Path | None:
    """Return the folder in which others share their runs already; None if none is shared, or there is none.

    A study of boxwright that works there under another number is one of them.

    Args:
        values: The options.
        rungroup: Its name below the output folder.
        number: That of this study's first optimizer seed.
    """
    if not values.flag("shared-model-mode", False):
        return None
    folder = Path.cwd() / (values.text("output-dir") or DEFAULT_OUTPUT) / rungroup
    try:
        study = folder / "scenario.toml"
        if study.exists():
            return None if _number_of(study) == number else folder
        return folder if any(folder.glob(_LIVE)) else None
    except (OSError, ValueError, RecursionError):
        return None


def _number_of(study: Path) -> object:
    optimizer = tomllib.loads(study.read_text(encoding="utf-8")).get("optimizer")
    return optimizer.get("seed", 0) if isinstance(optimizer, dict) else None


def shared_runs(folder: Path) -> list[str]:
    """Return what ``optimizer.warm_start`` is to say of a folder in which others share their runs."""
    try:
        files = sorted(map(str, filter(_holds_runs, folder.glob(_LIVE))))
        return files if not files or (folder / "scenario.toml").exists() else [str(folder)]
    except OSError:
        return []


def _holds_runs(file: Path) -> bool:
    """Return whether there is a run in a file, which begins with the instances alone."""
    before = b""
    if not file.is_file():
        return False
    with file.open("rb") as data:
        while piece := data.read(_PIECE_BYTES):
            if _RUN in before + piece:
                return True
            before = piece[-len(_RUN) :]
    return False
