"""What the job of an optimizer's copy and the controller say to each other, over TLS.

A copy has one line of its own, and one connection for each call of ``boxwright algo``, which is handed on as it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl

from msgspec import Struct

SOCKET = "control.sock"  # as in the study's own folder
SOCKET_FOLDER = "BOXWRIGHT_SOCKET"
"""Names the folder on the node with the socket through which the study is reached, in the environment of a copy."""

_PIECE_BYTES = 65536
_CLOSE_S = 5.0


class CopyOrder(Struct, frozen=True, kw_only=True):
    """What the job of a copy has to know; it reads it from a file in the study's folder.

    Attributes:
        number: Of the copy.
        argv: Its command.
        folder: Where it starts, and where its logs lie.
        env: What is set on top of what it finds in the job.
        token: What stands in the environment of its processes.
        grace_s: Seconds between asking it to end and insisting.
        addresses: Where the controller may be reached.
    """

    number: int
    argv: tuple[str, ...]
    folder: str
    env: dict[str, str]
    token: str
    grace_s: float
    addresses: tuple[str, ...]
    port: int
    beat_s: float
    patience_s: float


class CopyUp(Struct, frozen=True, tag="copy"):
    """From the job, the first line: the copy is there."""

    number: int
    job: str
    host: str


class Tunnel(Struct, frozen=True, tag="tunnel"):
    """From the job, the first line of another connection: what follows is for the study's ``control.sock``."""


class CopyEnded(Struct, frozen=True, tag="copy ended"):
    """From the job: the command has ended; ``Ending`` says what the fields are."""

    code: int | None = None
    problem: str = ""


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def join(one: Streams, other: Streams) -> None:
    """Hand on what each side says to the other, until one of them is gone."""
    pumps = {
        asyncio.create_task(_pump(one[0], other[1])),
        asyncio.create_task(_pump(other[0], one[1])),
    }
    try:
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*(close(writer) for _, writer in (one, other)))


async def close(writer: asyncio.StreamWriter) -> None:
    """Send what is still to be sent, and close."""
    with contextlib.suppress(OSError, TimeoutError, ssl.SSLError):
        async with asyncio.timeout(_CLOSE_S):
            writer.close()
            await writer.wait_closed()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, ssl.SSLError):
        while data := await reader.read(_PIECE_BYTES):
            writer.write(data)
            await writer.drain()
