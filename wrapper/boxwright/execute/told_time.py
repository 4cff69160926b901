"""The CPU time that a command tells while it runs: datagrams to a port of this machine, as to SMAC v2.

SMAC v2 (its library AEATK, ``CommandLineAlgorithmRun``) reads a number as text, which is what its runsolver writes:
``12.500000`` and a line break. A double in eight bytes, as Java's ``DataOutputStream`` writes it, is understood, too.
"""

from __future__ import annotations

import math
import re
import socket
import struct
from contextlib import suppress
from types import TracebackType
from typing import Self

_HOST = "127.0.0.1"  # nobody on another machine reaches it
_LONGEST = 64  # bytes; one more is read, so that what is cut off is not taken for a number
_MOST_AT_A_TIME = 1000  # a flood of them must not keep the agent from its limits
_WORDS = re.compile(rb"[\x20-\x7e\s]*")  # eight letters would be a double, too
_NUMBER = re.compile(rb"\s*[+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[dDfF]?[\s\0]*")


class ToldTime:
    """Listens while one command runs.

    Attributes:
        port: 0 where the system gives none: then nothing is told.
        cpu_s: What was told last; None if nothing was that could be used.
    """

    def __init__(self) -> None:
        self.cpu_s: float | None = None
        self.port = 0
        self._socket: socket.socket | None = None
        with suppress(OSError):
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.bind((_HOST, 0))
            self._socket.setblocking(False)
            self.port = self._socket.getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._socket is not None:
            self._socket.close()

    def look(self) -> None:
        """Take in what has come. The kernel keeps some hundreds, and then drops the newest, so look now and then."""
        if self._socket is None:
            return
        with suppress(OSError):  # nothing more is there
            for _ in range(_MOST_AT_A_TIME):
                data, (host, _port) = self._socket.recvfrom(_LONGEST + 1)
                cpu_s = read_cpu_s(data) if host == _HOST else None
                self.cpu_s = self.cpu_s if cpu_s is None else cpu_s


def read_cpu_s(data: bytes) -> float | None:
    """Return the seconds that a datagram tells; None if they are no number, below 0 or not finite."""
    if len(data) > _LONGEST:
        return None
    found = _NUMBER.fullmatch(data)
    if found:
        seconds = float(found[1] + (found[2] or b""))
    elif len(data) == struct.calcsize(">d") and not _WORDS.fullmatch(data):
        (seconds,) = struct.unpack(">d", data)
    else:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
