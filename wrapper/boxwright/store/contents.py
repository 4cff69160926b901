"""Lists the files of a study. Runs may leave links to anywhere in their folders; none is followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path


def lies_inside(study: Path, path: Path) -> bool:
    """Return whether a path below a study really lies there: no part of it, from the study on, is a link."""
    return os.path.realpath(path) == os.path.join(os.path.realpath(study), path.relative_to(study))  # noqa: PTH118


def is_regular(path: Path) -> bool:
    """Return whether an ordinary file lies here: no link, no pipe, no device."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def regular_files(study: Path, folder: Path) -> list[Path]:
    """Return the ordinary files in a folder of a study and in the folders below, sorted.

    Args:
        study: The study.
        folder: A folder below it; nothing is returned if it is missing or a link leads to it.
    """
    return sorted(_walk(folder)) if lies_inside(study, folder) else []


def _walk(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            if is_regular(path):
                yield path
