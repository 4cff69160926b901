"""How a pilot finds its controller: all of that one's addresses are tried at once."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from pathlib import Path

from boxwright.errors import StudyError
from boxwright.pilots.line import Line
from boxwright.pilots.messages import LONGEST_REQUEST_BYTES, Settings, ToPilot
from boxwright.pilots.tls import context_for

_PATIENCE_S = 20.0
_HANDSHAKE_S = 10.0


async def connect(keys: Path, settings: Settings) -> Line:
    """Return a pilot's line to the controller.

    Raises:
        StudyError: It is not reached at any address.
    """
    return Line(*await open_connection(keys, settings.addresses, settings.port), ToPilot)


async def open_connection(
    keys: Path, addresses: Sequence[str], port: int
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a connection to the controller.

    Raises:
        StudyError: It is not reached at any address.
    """
    try:
        context = context_for(keys, server=False)
    except OSError as error:
        raise StudyError(f"the study's keys in {keys} cannot be read: {error.strerror}") from error
    tries = {asyncio.create_task(_open(address, port, context)): address for address in addresses}
    left, troubles = set(tries), []
    try:
        while left:
            done, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
            for attempt in done:
                trouble = attempt.exception()
                if trouble is None:
                    return attempt.result()
                troubles.append(f"{tries[attempt]}: {trouble or type(trouble).__name__}")
    finally:
        for attempt in left:
            attempt.cancel()
    raise StudyError(f"no controller answers on port {port}: {'; '.join(troubles)}")


async def _open(
    address: str, port: int, context: ssl.SSLContext
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(_PATIENCE_S):
        return await asyncio.open_connection(
            address, port, ssl=context, limit=LONGEST_REQUEST_BYTES, ssl_handshake_timeout=_HANDSHAKE_S
        )
