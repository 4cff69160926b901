"""Finds the program of a command, so that a missing one is known before anything runs."""

from __future__ import annotations

import difflib
import os
import stat
from functools import lru_cache
from pathlib import Path

from boxwright.errors import ScenarioError


def find_program(word: str, *, folder: Path, search_path: str | None, place: str) -> str:
    """Return the absolute path of a program.

    Args:
        word: A name is looked up on the search path; a path that is relative starts at ``folder``.
        folder: Folder of the scenario.
        search_path: PATH of the run's environment; None for the system's default.
        place: The key of the scenario, for messages.

    Raises:
        ScenarioError: There is no such program, or it is not executable.
    """
    if not word:
        raise ScenarioError("the program is empty. Write its name or path.", place=place)
    if "/" in word:
        path = os.path.normpath(folder / word)
        problem = _why_not(path)
        if problem:
            raise ScenarioError(f'"{path}" {problem}', place=place)
        return path
    folders = (os.defpath if search_path is None else search_path).split(os.pathsep)
    # An empty entry means the working directory, which is another one for each run: it is left out.
    candidates = [str(folder / entry / word) for entry in folders if entry]
    for candidate in candidates:
        if not _why_not(candidate):
            return candidate
    if any(Path(candidate).is_file() for candidate in candidates):
        raise ScenarioError(f'the program "{word}" on PATH is not executable. Run chmod +x on it.', place=place)
    raise ScenarioError(f'no program "{word}" on PATH. {_suggestion(word, folder, folders)}', place=place)


def _why_not(path: str) -> str:
    try:
        status = os.stat(path)  # noqa: PTH116 - called for each run: half the cost of Path.stat
    except (OSError, ValueError) as error:
        return f"cannot be run: {getattr(error, 'strerror', None) or error}"
    if stat.S_ISDIR(status.st_mode):
        return "is a folder, expected a program"
    return "" if os.access(path, os.X_OK) else "is not executable. Run chmod +x on it."


def _suggestion(word: str, folder: Path, folders: list[str]) -> str:
    if (folder / word).is_file():
        return f'Write "./{word}" for the one beside the scenario.'
    close = difflib.get_close_matches(word, _names_in(tuple(folders)), n=1, cutoff=0.8)
    return f'Did you mean "{close[0]}"?' if close else "Install it, or write its path."


@lru_cache(maxsize=4)
def _names_in(folders: tuple[str, ...]) -> tuple[str, ...]:
    names: set[str] = set()
    for folder in folders:
        try:
            names.update(os.listdir(folder or "."))  # noqa: PTH208 - names are all that is wanted
        except OSError:
            continue
    return tuple(sorted(names))
