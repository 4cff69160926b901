"""Opens files of a run and no others: no link is followed, at no step of the way, and nothing above is reached."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from itertools import islice
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
MOST_FILES = 1000
_MOST_SEEN = 20_000


@dataclass(frozen=True, slots=True)
class FoundFile:
    """An ordinary file; ``name`` is its path in the folder that was looked through."""

    name: str
    size_bytes: int
    changed: float


def open_inside(top: Path, path: Path) -> FileIO:
    """Open an ordinary file for reading that lies below a folder.

    Each part of the way is opened by itself and from the one before it, so that nobody can put a link in its place in
    between.

    Args:
        top: The folder; to it, links may lead.
        path: The file, ``top`` and parts below it.

    Raises:
        OSError: It is not there, no ordinary file, not below the folder, or a link is on the way.
    """
    parts = path.relative_to(top).parts
    if not parts or any(part in ("", ".", "..") or "\0" in part or "/" in part for part in parts):
        raise FileNotFoundError(f"{path} does not lie below {top}")
    folder = os.open(top, _FOLDER & ~os.O_NOFOLLOW)
    try:
        for part in parts[:-1]:
            below = os.open(part, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = below
        descriptor = os.open(parts[-1], _FILE, dir_fd=folder)
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(f"{path} is no ordinary file")
    return FileIO(descriptor)


def list_files(top: Path, folder: Path) -> tuple[Sequence[FoundFile], bool]:
    """Return the ordinary files in a folder and below, by name, and whether these are all.

    Args:
        top: What the folder lies below.
        folder: Where to look; nothing is found if a link leads to it.
    """
    if os.path.realpath(folder) != os.path.join(os.path.realpath(top), folder.relative_to(top)):  # noqa: PTH118
        return (), True
    seen = list(islice(_walk(folder), _MOST_SEEN + 1))
    found = sorted(seen[:_MOST_SEEN], key=lambda file: file.name)
    return found[:MOST_FILES], len(seen) <= MOST_FILES


def _walk(folder: Path) -> Iterator[FoundFile]:
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            with suppress(OSError):
                found = path.lstat()
                if stat.S_ISREG(found.st_mode):
                    yield FoundFile(str(path.relative_to(folder)), found.st_size, found.st_mtime)
