"""Reads what a run wrote, in bounded memory, whatever it is: gigabytes, no line end, no UTF-8, NUL bytes.

A file that a run left is hostile. Only regular files are opened (a named pipe would block for ever), and no
symbolic link is followed (it may lead anywhere on the machine).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from io import FileIO
from pathlib import Path

from msgspec import Struct

from boxwright.errors import one_line

LINE_LIMIT_BYTES = 64 * 1024
"""A longer line is no line of text; small enough that a careless pattern on it ends in seconds, not in hours."""

_BLOCK_BYTES = 1 << 20
_TAIL_BYTES = 8 * 1024
_TAIL_LINES = 3
_TAIL_CHARACTERS = 200
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Line(Struct, frozen=True, gc=False):
    """One line of a log; a Struct because a log has millions of them, and a dataclass takes five times as long.

    Attributes:
        number: 1, 2, …, counted at line feeds, as editors do.
        text: Without its end; a carriage return ends a line too (progress bars; Java's readers), but counts no
            number.
        cut: Whether it is longer than the limit; the text holds only its beginning then.
    """

    number: int
    text: bytes
    cut: bool


def open_regular(path: Path) -> FileIO:
    """Open a regular file for reading.

    Raises:
        OSError: It is not there, is a symbolic link or is no regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{path.name} is no regular file")
    return FileIO(descriptor)  # unbuffered: blocks are large already, and a small log is one read


def read_lines(path: Path, needles: Sequence[bytes] = ()) -> Iterator[Line]:
    """Yield the lines that hold any of the needles, or all lines if there is no needle.

    Raises:
        OSError: The file cannot be read, or is no regular file.
    """
    number = 1
    carry = b""
    with open_regular(path) as file:
        # A buffer of the file's size: to fill one of a megabyte for each small log costs ten times the reading.
        block_bytes = min(_BLOCK_BYTES, os.fstat(file.fileno()).st_size + 1)
        while block := file.read(block_bytes):
            data = carry + block
            end = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
            # One byte above the limit is kept, which says that the line was too long.
            carry = data[end : end + LINE_LIMIT_BYTES + 1]
            if end and _holds(data, needles):
                yield from _split(data[:end], number, needles)
            number += data.count(b"\n", 0, end)
    if carry and _holds(carry, needles):
        yield _line(number, carry)


def _split(data: bytes, number: int, needles: Sequence[bytes]) -> Iterator[Line]:
    for offset, raw in enumerate(data.split(b"\n")):
        if raw and _holds(raw, needles):
            for part in raw.split(b"\r"):
                if part and _holds(part, needles):
                    yield _line(number + offset, part)


def _line(number: int, raw: bytes) -> Line:
    cut = len(raw) > LINE_LIMIT_BYTES
    return Line(number, raw[:LINE_LIMIT_BYTES] if cut else raw, cut)


def _holds(data: bytes, needles: Sequence[bytes]) -> bool:
    for needle in needles:  # the inner loop: any() with a generator takes three times as long
        if needle in data:
            return True
    return not needles


def quoted(text: str, limit: int = 60) -> str:
    """Return a text that a run wrote in quotes, on one line, with controls escaped, cut at so many characters."""
    return f'"{shortened(one_line(text[: limit + 1]), limit)}"'


def shortened(text: str, limit: int) -> str:
    """Return the text, or its beginning and an ellipsis if it is longer than the limit."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def last_lines(path: Path) -> str:
    """Return the last few lines that are not blank, joined to one, escaped and cut; empty if there are none."""
    try:
        with open_regular(path) as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            data = file.read(_TAIL_BYTES)
    except OSError:
        return ""
    text = _ANSI.sub("", data.decode("utf-8", "replace"))
    lines = [one_line(line.strip()) for line in re.split(r"[\r\n]+", text) if line.strip(" \t\0\r\n\v\f")]
    if not lines:
        return ""
    # The last line says most (an exception's text), so room is given from the end.
    kept = [shortened(lines[-1], _TAIL_CHARACTERS)]
    for line in reversed(lines[-_TAIL_LINES:-1]):
        if sum(map(len, kept)) + len(line) > _TAIL_CHARACTERS:
            break
        kept.insert(0, line)
    return " | ".join(kept)


def shown_path(path: Path) -> str:
    """Return the path from the study's ``runs`` folder on, or else the run folder's name and the file's."""
    parts = path.parts
    start = len(parts) - 1 - parts[::-1].index("runs") if "runs" in parts else len(parts) - 2
    return one_line("/".join(parts[max(0, start) :]))


def last_words(*paths: Path) -> str:
    """Return ``; last lines: "…" (runs/000/000017/stdout.log)`` of the first file that holds text, or nothing."""
    for path in paths:
        if text := last_lines(path):
            return f'; last lines: "{text}" ({shown_path(path)})'
    return ""
