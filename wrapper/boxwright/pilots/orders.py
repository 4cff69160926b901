"""What the controller asks of the keeper of its jobs, and what that answers: one JSON document per line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from boxwright.schedulers.base import JobSpec, JobState

LONGEST_LINE_BYTES = 16 << 20


class Order(Struct, frozen=True, kw_only=True):
    """One call of the scheduler, or word of jobs that have ended by themselves (``forget``)."""

    do: Literal["submit", "states", "cancel", "forget"]
    spec: JobSpec | None = None
    count: int = 1
    ids: tuple[str, ...] = ()


class Reply(Struct, frozen=True, kw_only=True):
    """What came of it.

    Attributes:
        error: The scheduler's own words, if it refused.
        calls: How often each of the scheduler's commands was called so far.
    """

    ids: tuple[str, ...] = ()
    states: dict[str, JobState] = {}
    calls: dict[str, int] = {}
    error: str = ""


class Record(Struct, frozen=True, kw_only=True):
    """The jobs that may still be in the queue; kept in the study's folder.

    Attributes:
        session: Of the controller that has submitted them.
    """

    session: str
    backend: str
    name: str
    ids: tuple[str, ...] = ()


def encode(message: Struct) -> bytes:
    """Return a message as one line."""
    return msgspec.json.encode(message, enc_hook=str) + b"\n"


def decode(line: bytes, message_type: Any) -> Any:
    """Return what a line says.

    Raises:
        msgspec.MsgspecError: It is no such message.
    """
    return msgspec.json.decode(line, type=message_type, dec_hook=_path)


def _path(_: type, text: object) -> Path:
    return Path(str(text))
