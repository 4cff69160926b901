"""One end of the connection between a controller and a pilot: bounded lines, beats, and the time of the last word."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from msgspec import Struct

from boxwright.execute.wire import Lines, encode_line
from boxwright.pilots.messages import Beat


class Line:
    """Messages to and from the other side.

    Args:
        reader: Made with the longest line that is taken as its limit.
        writer: Its other half.
        types: What the other side may say; anything else ends the connection.

    Attributes:
        heard: Monotonic seconds of its last word.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, types: Any) -> None:
        self.heard = time.monotonic()
        self._reader = reader
        self._writer = writer
        self._lines = Lines(types)

    def send(self, message: Struct) -> None:
        """Say something, if the other side is still there."""
        if not self._writer.is_closing():
            self._writer.write(encode_line(message))

    async def messages(self) -> AsyncIterator[Any]:
        """Yield what the other side says, beats left out, until the connection is gone or senseless."""
        # ValueError: a line that is too long; OSError has all of ssl's errors.
        with contextlib.suppress(OSError, ValueError, EOFError, msgspec.MsgspecError):
            while (line := await self._reader.readline()).endswith(b"\n"):
                self.heard = time.monotonic()
                for message in self._lines.feed(line):
                    if not isinstance(message, Beat):
                        yield message

    async def beat(self, pause_s: float) -> None:
        """Say that this side is still there, again and again."""
        while not self._writer.is_closing():
            self.send(Beat())
            await asyncio.sleep(pause_s)

    async def finish(self, patience_s: float) -> None:
        """Send what is still to be sent, and close."""
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._writer.drain()
                self._writer.close()
                await self._writer.wait_closed()
        self.abort()

    def abort(self) -> None:
        """Close at once: the other side hears nothing more."""
        self._writer.transport.abort()
