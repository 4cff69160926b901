"""Hands logs to the processes that search them; see ``searcher.py`` for why it is done there.

A process is started for the first log and kept for the next ones; there are as many as logs are searched at a time.
"""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

LIMIT_S = 10.0
"""CPU time for one log, in seconds, and again for each further ``LIMIT_BYTES`` of it."""

LIMIT_BYTES = 64 << 20

CAPTURE_LIMIT = 200
"""Characters of a match that are handed on: more than any number has."""

_END_S = 5.0


class Request(Struct, frozen=True):
    """Patterns by name, to be searched in one log; the path as the bytes that it is."""

    path: bytes
    patterns: dict[str, str]
    limit_s: float


class Match(Struct, frozen=True):
    """What the group of a pattern matched last, and in which line."""

    text: str
    line: int


class Under(Struct, frozen=True, tag=True):
    """The pattern of this name is being searched from here on."""

    name: str


class Found(Struct, frozen=True, tag=True):
    """What a log holds.

    Attributes:
        matches: The last match of each pattern that has one.
        cut: Number of lines that were too long to be searched.
        problem: Why the log could not be read; empty if it could.
    """

    matches: dict[str, Match] = {}
    cut: int = 0
    problem: str = ""


class OverrunError(Exception):
    """A pattern took too long; the message says which, and for how long it was searched.

    Attributes:
        name: Of the pattern; empty if it is not known.
    """

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(problem)
        self.name = name


_Process = subprocess.Popen[bytes]
_ANSWER = msgspec.json.Decoder(Under | Found)
_idle: list[_Process] = []


def search_log(path: Path, patterns: Mapping[str, str], limit_s: float | None = None) -> Found:
    """Return the last match of each pattern in a log, line by line.

    Args:
        path: The log.
        patterns: Regular expressions that compile, by name.
        limit_s: ``LIMIT_S`` unless given.

    Raises:
        OverrunError: A pattern took too long.
        OSError: No process can be started, or it was killed.
    """
    limit_s = (LIMIT_S if limit_s is None else limit_s) * (1 + _size_bytes(path) // LIMIT_BYTES)
    process = _take()
    try:
        found = _ask(process, Request(os.fsencode(path), dict(patterns), limit_s), path.name)
    except BaseException:
        _end(process)
        raise
    _idle.append(process)
    return found


def close_searchers() -> None:
    """End the processes that have nothing to do."""
    while _idle:
        _end(_idle.pop())


def _take() -> _Process:
    while _idle:
        process = _idle.pop()
        if process.poll() is None:
            return process
        _end(process)
    atexit.unregister(close_searchers)
    atexit.register(close_searchers)
    # -P: a file of the person's in the current folder must not stand in for a module. A session of its own, so that
    # Ctrl-C in the terminal does not reach it; the root as its folder, so that it keeps no disk busy.
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "boxwright.parse.searcher"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    )


def _ask(process: _Process, request: Request, file: str) -> Found:
    assert process.stdin is not None
    assert process.stdout is not None
    under = ""
    try:
        process.stdin.write(msgspec.json.encode(request) + b"\n")
        process.stdin.flush()
        for line in process.stdout:
            answer = _ANSWER.decode(line)
            if isinstance(answer, Found):
                return answer
            under = answer.name
    except BrokenPipeError:
        pass  # its exit code says more
    code = process.wait()
    if code == -signal.SIGPROF:
        raise OverrunError(under, f"took longer than {request.limit_s:g} s on {file}")
    raise OSError(f"the process that searches {file} ended with exit code {code}")


def _end(process: _Process) -> None:
    for pipe in (process.stdin, process.stdout):
        try:
            if pipe is not None:
                pipe.close()
        except BrokenPipeError:
            continue
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _size_bytes(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
