"""The line from a client to the controller of its study."""

from __future__ import annotations

import json
import os
import socket

SOCKET = "control.sock"
_PIECE_BYTES = 65536


class NoStudyError(Exception):
    """Nobody is at work on the study, or nobody any more."""


def open_line(study: str, wanted: dict[str, object]) -> socket.socket:
    """Send what is wanted to the controller of a study; the answer follows. Closing the line withdraws it.

    Raises:
        NoStudyError: Nobody is at work on it.
    """
    line = socket.socket(socket.AF_UNIX)
    try:
        _connect(line, study)
        line.sendall(json.dumps({"do": "evaluate", **wanted}).encode() + b"\n")
    except OSError as error:
        line.close()
        raise NoStudyError(f"{study}: no controller is at work here: {error.strerror}") from error
    return line


def _connect(line: socket.socket, study: str) -> None:
    # In a batch job on another machine the way to the study begins in a folder there.
    near = os.environ.get("BOXWRIGHT_SOCKET") if study == os.environ.get("BOXWRIGHT_STUDY") else None
    folder = os.open(near or study, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # It may lie deep, and a socket's path has 108 bytes at most.
        line.connect(f"/proc/self/fd/{folder}/{SOCKET}")
    finally:
        os.close(folder)


def read_answer(line: socket.socket) -> dict[str, object]:
    """Wait for the answer, close the line, and return it.

    Raises:
        NoStudyError: The controller has gone.
    """
    said = []
    with line:
        try:
            while piece := line.recv(_PIECE_BYTES):
                said.append(piece)
                if piece.endswith(b"\n"):
                    break
        except OSError as error:
            raise NoStudyError(f"the controller has gone: {error.strerror}") from error
    return parse_answer(b"".join(said))


def parse_answer(data: bytes) -> dict[str, object]:
    """Return the answer that a line holds.

    Raises:
        NoStudyError: It holds none: the controller has gone before it was written, or there is another one.
    """
    try:
        answer = json.loads(data)
    except ValueError as error:
        raise NoStudyError("the controller has gone") from error
    except RecursionError as error:
        raise NoStudyError("this is no controller of a study") from error
    if not isinstance(answer, dict):
        raise NoStudyError("this is no controller of a study")
    return answer
