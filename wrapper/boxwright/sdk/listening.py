"""One thread of this process listens to all its open lines, and hands each text to the run that waits for it."""

from __future__ import annotations

import os
import selectors
import socket
import threading
from collections.abc import Callable

_PIECE_BYTES = 65536


class Listener:
    """Reads many sockets. Its thread begins with the first of them, and ends with the last."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._lock = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._rest: dict[socket.socket, bytes] = {}
        self._thread: threading.Thread | None = None

    def add(self, line: socket.socket, heard: Callable[[bytes | None], None]) -> None:
        """Call this with each line of text that comes, and with None once no more will; the socket is closed then."""
        with self._lock:
            self._rest[line] = b""
            self._selector.register(line, selectors.EVENT_READ, heard)
            if self._thread is None:
                self._thread = threading.Thread(target=self._listen, name="boxwright.sdk", daemon=True)
                self._thread.start()

    def _listen(self) -> None:
        while True:
            for key, _ in self._selector.select():
                assert isinstance(key.fileobj, socket.socket)
                self._read(key.fileobj, key.data)
            with self._lock:
                if not self._rest:
                    self._thread = None
                    return

    def _read(self, line: socket.socket, heard: Callable[[bytes | None], None]) -> None:
        try:
            piece = line.recv(_PIECE_BYTES)
        except OSError:
            piece = b""
        *texts, rest = (self._rest[line] + piece).split(b"\n")
        for text in texts:
            heard(text)
        if piece:
            self._rest[line] = rest
            return
        with self._lock:
            self._selector.unregister(line)
            del self._rest[line]
        line.close()
        heard(None)


_listener: Listener | None = None


def listen(line: socket.socket, heard: Callable[[bytes | None], None]) -> None:
    """Have a socket read from now on; see ``Listener.add``."""
    global _listener  # noqa: PLW0603  one for the process; a child has no thread of its parent's, but its selector
    if _listener is None or _listener.pid != os.getpid():
        _listener = Listener()
    _listener.add(line, heard)
