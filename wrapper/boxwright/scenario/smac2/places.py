"""Where the relative paths of an option file start: SMAC v2 tries several folders."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from boxwright.errors import ScenarioError
from boxwright.scenario.layers import shorten


class Places:
    """Finds files as SMAC v2 does, and writes their paths as the scenario's.

    Args:
        folder: Folder of the option file, absolute.
        experiment: The option ``experiment-dir``, None without it.
    """

    def __init__(self, folder: Path, experiment: str | None) -> None:
        self._folder = folder
        here = Path.cwd()
        bases = [here / experiment] if experiment else []
        self._bases = list(dict.fromkeys([*bases, folder, here]))

    def file(self, text: str, place: str, *, in_parents: bool = False) -> Path:
        """Return the file or folder that an option names.

        Raises:
            ScenarioError: There is none.
        """
        bases = [*self._bases, *(self._folder.parents if in_parents else ())]
        try:
            found = next((base / text for base in bases if text and (base / text).exists()), None)
        except (OSError, ValueError) as error:
            problem = f'"{shorten(text, 60)}": {getattr(error, "strerror", None) or error}'
            raise ScenarioError(problem, place=place) from error
        if found is None:
            tried = ", ".join(map(str, self._bases))
            remark = " A comment stands on a line of its own." if " #" in text else ""
            raise ScenarioError(f'there is no "{shorten(text, 200)}". Tried in {tried}.{remark}', place=place)
        return Path(os.path.normpath(found))

    def workdir(self, text: str, words: Sequence[str], place: str) -> Path:
        """Return the folder in which ``algo`` works: beside where one is, else beside the option file.

        Of both, it is the one in which more of the words of ``algo`` are files.

        Raises:
            ScenarioError: There is no such folder.
        """
        try:
            found = [base / text for base in (Path.cwd(), self._folder) if (base / text).is_dir()]
            names = [word for word in words if not word.startswith("/") and "\0" not in word and len(word) < 255]
            found.sort(key=lambda base: -sum((base / name).is_file() for name in names if name))
        except (OSError, ValueError) as error:
            problem = f'"{shorten(text, 60)}": {getattr(error, "strerror", None) or error}'
            raise ScenarioError(problem, place=place) from error
        if not found:
            raise ScenarioError(f'there is no folder "{shorten(text, 200)}".', place=place)
        return Path(os.path.normpath(found[0]))

    def shown(self, path: Path) -> str:
        """Return a path as the scenario writes it: relative to its folder where it lies below."""
        return str(path.relative_to(self._folder)) if path.is_relative_to(self._folder) else str(path)


def files_in(folder: Path, suffix: str | None, shown: str, place: str) -> list[str]:
    """Return the instances that a folder holds, sorted: all files, if they have one extension, or those that fit.

    Args:
        folder: The folder.
        suffix: A regular expression for the ends of their names, None to take all.
        shown: The folder as it is to be written before each name.
        place: For messages.

    Raises:
        ScenarioError: There is none, they have several extensions, or the expression is none.
    """
    try:
        pattern = re.compile(f"(?:{suffix})$") if suffix is not None else None
        names = sorted(path.name for path in folder.iterdir() if path.is_file())
    except (re.error, OverflowError, RecursionError) as error:
        raise ScenarioError(f"instance-suffix is no regular expression: {error}", place=place) from error
    except OSError as error:
        raise ScenarioError(f"cannot be read: {error.strerror}", place=place) from error
    if pattern is not None:
        names = [name for name in names if pattern.search(name)]
    endings = {os.path.splitext(name)[1] for name in names}  # noqa: PTH122 - of a name
    if not names:
        raise ScenarioError("the folder holds no instance.", place=place)
    if pattern is None and len(endings) > 1:
        listed = ", ".join(sorted(ending or "none" for ending in endings))
        raise ScenarioError(
            f"the folder holds files of several extensions ({listed}). Set instance-suffix.", place=place
        )
    return [f"{shown.rstrip('/')}/{name}" for name in names]
