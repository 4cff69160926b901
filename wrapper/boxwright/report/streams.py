"""Streams whose reader may leave: a terminal that is closed, a pipe into ``head``. A study goes on without them."""

from __future__ import annotations

import contextlib
import io
import os
from typing import TextIO, cast


def unbreakable(stream: TextIO) -> TextIO:
    """Return a stream that passes on what is written until that fails, and from then on drops it without a word."""
    return cast("TextIO", _Unbreakable(stream))


class _Unbreakable(io.TextIOBase):
    """What ``unbreakable`` returns."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._is_broken = False

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed has a plain attribute here
        """Return the encoding of the stream."""
        return self._stream.encoding

    def write(self, text: str, /) -> int:
        """Write the text; return its length, written or not."""
        if not self._is_broken:
            try:
                self._stream.write(text)
            except OSError:
                self._leave()
        return len(text)

    def flush(self) -> None:
        """Write what is held back."""
        if not self._is_broken:
            try:
                self._stream.flush()
            except OSError:
                self._leave()

    def fileno(self) -> int:
        """Return the file descriptor of the stream."""
        return self._stream.fileno()

    def isatty(self) -> bool:
        """Return whether the stream is a terminal."""
        return self._stream.isatty()

    def writable(self) -> bool:
        """Return True."""
        return True

    def _leave(self) -> None:
        self._is_broken = True
        forget_reader(self._stream)


def forget_reader(stream: TextIO) -> None:
    """Send what is written from now on, and what the stream still holds, nowhere: else Python's end would fail."""
    with contextlib.suppress(OSError, ValueError):
        sink = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(sink, stream.fileno())
        finally:
            os.close(sink)
        stream.flush()
