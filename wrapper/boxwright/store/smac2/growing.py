"""A file that grows piece by piece; until it is published it is a draft of another name, so none sees half of it."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

_BLOCK_BYTES = 2**16
_DRAFT = ".draft"


class GrowingFile:
    """Writes a new file of this name, and once that is published adds to it.

    A file is open only while it is written to: a study may have hundreds of them.

    Attributes:
        path: Where it stands once it is published.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._draft = draft_of(path)
        self._target = self._draft
        self._is_published = False
        self._waiting = bytearray()
        self._draft.write_bytes(b"")

    def add(self, text: str) -> None:
        """Add a piece: all of it or, if the disk refuses, none.

        Raises:
            OSError: The system refuses.
        """
        self._waiting += text.encode("utf-8", "backslashreplace")
        if self._is_published or len(self._waiting) > _BLOCK_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what waits.

        Raises:
            OSError: The system refuses; the file is as before.
        """
        with self._target.open("ab", buffering=0) as file:
            start = file.tell()
            try:
                if file.write(self._waiting) != len(self._waiting):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            except OSError:
                with contextlib.suppress(OSError):
                    file.truncate(start)
                raise
        self._waiting.clear()

    def publish(self) -> None:
        """Put it in the place of what stood there; from now on pieces go to it at once.

        Raises:
            OSError: The system refuses.
        """
        self.flush()
        self._draft.replace(self.path)
        self._target, self._is_published = self.path, True

    def discard(self) -> None:
        """Take the draft away, if it is not published."""
        with contextlib.suppress(OSError):
            self._draft.unlink()


def draft_of(path: Path) -> Path:
    """Return the name under which a file is written before it is moved to its place."""
    return path.with_name(f".{path.name}{_DRAFT}")


def write_whole(path: Path, data: bytes) -> None:
    """Write a file in one step.

    Raises:
        OSError: The system refuses; what stood there is as before.
    """
    draft = draft_of(path)
    try:
        draft.write_bytes(data)
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
