"""Lets in whoever shows the study's certificate, and lets only a few at a time try."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from boxwright.pilots.messages import LONGEST_REPORT_BYTES

Meet = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

MOST_STRANGERS = 32
"""So many may be about to show their certificate. Anyone on the network can connect: those beyond wait in the kernel,
where they cost the study no open file."""

_WAITING = 128
_REST_S = 1.0


class Entrance:
    """A listening socket that takes connections as its turn allows.

    Args:
        listener: Bound.
        context: For TLS, with the study's certificate asked for.
        hello_s: Whoever connects has so long to show its certificate.
        meet: Serves each that has shown it.
    """

    def __init__(self, listener: socket.socket, context: ssl.SSLContext, hello_s: float, meet: Meet) -> None:
        self._listener = listener
        self._context = context
        self._hello_s = hello_s
        self._meet = meet
        self._turn = asyncio.Semaphore(MOST_STRANGERS)
        self._tasks: set[asyncio.Task[None]] = set()
        listener.setblocking(False)
        listener.listen(_WAITING)
        self._accepting = self._spawn(self._accept())

    def close(self) -> None:
        """Take no further connection; those that were let in go on."""
        self._accepting.cancel()
        self._listener.close()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._turn.acquire()
            try:
                connection, _ = await loop.sock_accept(self._listener)
            except OSError:  # gone before it was taken, or no more files may be open
                self._turn.release()
                await asyncio.sleep(_REST_S)
                continue
            self._spawn(self._greet(connection))

    async def _greet(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=LONGEST_REPORT_BYTES)
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            transport, _ = await loop.connect_accepted_socket(
                lambda: protocol, connection, ssl=self._context, ssl_handshake_timeout=self._hello_s
            )
        except OSError:  # no handshake; the transport had the connection by then, and has closed it
            return
        finally:
            self._turn.release()
        with contextlib.suppress(ConnectionError):
            await self._meet(reader, asyncio.StreamWriter(transport, protocol, reader, loop))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
