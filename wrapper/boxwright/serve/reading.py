"""Read-only connections to one study's database, each used by one thread at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from boxwright.store.connecting import open_reading
from boxwright.store.layout import DATABASE

_MOST_KEPT = 4


class Reading:
    """Hands out connections, and opens new ones once the database was made anew (another file has its name).

    Args:
        study: The study folder.
    """

    def __init__(self, study: Path) -> None:
        self._path = study / DATABASE
        self._lock = Lock()
        self._free: list[tuple[int, sqlite3.Connection]] = []

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection.

        Raises:
            StudyError: The database cannot be opened.
        """
        file = self.file()
        with self._lock:
            while self._free and self._free[-1][0] != file:
                self._free.pop()[1].close()
            kept = self._free.pop() if self._free else None
        connection = kept[1] if kept else open_reading(self._path)
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        with self._lock:
            if len(self._free) < _MOST_KEPT:
                self._free.append((file, connection))
                return
        connection.close()

    def file(self) -> int:
        """Return what tells this file from another one of its name; 0 if there is none."""
        try:
            return self._path.stat().st_ino
        except OSError:
            return 0

    def close(self) -> None:
        """Close what is not in use."""
        with self._lock:
            while self._free:
                self._free.pop()[1].close()
