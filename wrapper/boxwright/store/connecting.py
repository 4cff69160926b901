"""Opens a study's SQLite database; whatever SQLite says against it, at whatever call, is one StudyError."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar

from boxwright.errors import StudyError
from boxwright.store.layout import DATABASE

T = TypeVar("T")
_BUSY_S = 30


class _Cursor(sqlite3.Cursor):
    """Rows of one query. A damaged database may show so at any row."""

    def execute(self, sql: str, parameters: Any = (), /) -> Self:
        return _told(self.connection, super().execute, sql, parameters)

    def fetchone(self) -> Any:
        return _told(self.connection, super().fetchone)

    def fetchall(self) -> list[Any]:
        return _told(self.connection, super().fetchall)

    def __next__(self) -> Any:
        return _told(self.connection, super().__next__)


class Connection(sqlite3.Connection):
    """A connection that knows its file and raises StudyError alone."""

    path = Path(DATABASE)

    def cursor(self, factory: Any = _Cursor) -> Any:
        """Return a cursor of ours."""
        return super().cursor(factory)

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Carry out one statement."""
        cursor: sqlite3.Cursor = self.cursor()
        return cursor.execute(sql, parameters)

    def executescript(self, sql: str, /) -> sqlite3.Cursor:
        """Carry out several statements."""
        return _told(self, super().executescript, sql)


def _told(connection: sqlite3.Connection, call: Callable[..., T], *arguments: object) -> T:
    try:
        return call(*arguments)
    except sqlite3.Error as error:
        path = connection.path if isinstance(connection, Connection) else DATABASE
        raise StudyError(f"{path}: {error}{_advice(error)}") from error


def _advice(error: sqlite3.Error) -> str:
    if "no such table" in str(error):
        return f". It is no whole {DATABASE}; `boxwright resume` makes it anew from the runs"
    if isinstance(error, sqlite3.OperationalError):
        return ""  # full, locked, read-only: the file itself is sound
    return f". Move {DATABASE} and {DATABASE}-wal away, and `boxwright resume` makes it anew from the runs"


def connect(path: Path, options: str) -> Connection:
    """Return a connection to a database; nothing is read yet.

    Args:
        path: The file.
        options: As in a URI: ``mode=ro``, ``mode=rw``, ``mode=rwc``, ``immutable=1``.

    Raises:
        StudyError: It cannot be opened.
    """
    try:
        db = sqlite3.connect(
            f"{path.absolute().as_uri()}?{options}",
            uri=True,
            isolation_level=None,
            timeout=_BUSY_S,
            check_same_thread=False,
            factory=Connection,
        )
    except sqlite3.Error as error:
        raise StudyError(f"{path}: cannot be opened: {error}") from error
    db.path = path
    db.row_factory = sqlite3.Row
    return db


def open_reading(path: Path) -> Connection:
    """Return a connection that reads, also in a folder that cannot be written to.

    Raises:
        StudyError: It cannot be opened or holds no study.
    """
    try:
        return _first_read(connect(path, "mode=ro"))
    except StudyError as error:
        if not isinstance(error.__cause__, sqlite3.OperationalError) or "no such" in str(error) or not _size(path):
            raise
        # A reader of a write-ahead log needs a file of shared memory beside it. Where none can be made, nobody
        # writes either, so the database can be read as it lies there; if only all of it is in the one file.
        if _size(path.with_name(f"{path.name}-wal")):
            raise StudyError(
                f"{path}: its last changes lie in {path.name}-wal, which can be read only where files can be made"
                " beside it. Copy the study and read the copy."
            ) from error
    return _first_read(connect(path, "mode=ro&immutable=1"))


def open_writing(path: Path) -> Connection:
    """Return a connection that writes.

    Raises:
        StudyError: It cannot be opened or holds no study.
    """
    db = _first_read(connect(path, "mode=rw"))
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA synchronous = NORMAL")
    return db


def has_no_study(path: Path) -> bool:
    """Return whether the file is missing, empty or was never finished, so that it has to be made anew.

    Raises:
        StudyError: It cannot be read, or is no database.
    """
    if not _size(path):
        return True
    db = connect(path, "mode=rw")
    try:
        tables = "SELECT count(*) FROM sqlite_master WHERE name IN ('meta', 'trials', 'runs')"
        return int(db.execute(tables).fetchone()[0]) < 3
    finally:
        db.close()


def remove_database(path: Path) -> None:
    """Delete a database with all that SQLite keeps beside it: an old log would spoil a new database of that name."""
    for ending in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _first_read(db: Connection) -> Connection:
    """Return the connection after one query: SQLite looks at the file only then."""
    try:
        db.execute("SELECT count(*) FROM meta").fetchone()
    except BaseException:
        db.close()
        raise
    return db


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
