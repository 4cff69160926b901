"""JSON lines, with one extra care: command lines and environments on Linux need not be UTF-8."""

from __future__ import annotations

import json
from typing import Any

import msgspec


def encode_line(message: object) -> bytes:
    """Return the message as one line of JSON.

    Bytes that are no UTF-8 arrive from the system as lone surrogates (``os.fsdecode``); msgspec refuses those,
    the standard library writes them as escapes.
    """
    try:
        return msgspec.json.encode(message) + b"\n"
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(message), ensure_ascii=True).encode() + b"\n"


class Lines:
    """Cuts a stream into messages of these types."""

    def __init__(self, message_types: Any) -> None:
        self._type = message_types
        self._decoder = msgspec.json.Decoder(message_types)
        self._rest = b""

    def feed(self, data: bytes) -> list[object]:
        """Return the messages that this piece completes.

        Raises:
            msgspec.MsgspecError: A line is no such message.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [self._decode(line) for line in lines]

    def _decode(self, line: bytes) -> object:
        try:
            return self._decoder.decode(line)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            return msgspec.convert(json.loads(line), self._type)
