"""Searches logs for the person's regular expressions, in a process of its own.

A careless pattern may take for ever on one line, and nothing in Python ends a search that is under way, not even
Ctrl-C. Here the kernel does: the process has so many seconds of CPU time for a log, and is killed at their end. It
ends by itself when its stdin does, so that it outlives nobody.
"""

from __future__ import annotations

import re
import signal
import sys
from itertools import islice
from pathlib import Path

import msgspec

from boxwright.parse.logs import read_lines
from boxwright.parse.searching import CAPTURE_LIMIT, Found, Match, Request, Under

_CHUNK_LINES = 256


def main() -> None:
    """Answer requests on stdin until there are no more."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    decoder = msgspec.json.Decoder(Request)
    for line in sys.stdin.buffer:
        request = decoder.decode(line)
        signal.setitimer(signal.ITIMER_PROF, request.limit_s)
        try:
            found = _search(request)
        except OSError as error:
            found = Found(problem=error.strerror or str(error))
        signal.setitimer(signal.ITIMER_PROF, 0)
        _say(found)


def _search(request: Request) -> Found:
    patterns = {name: re.compile(text) for name, text in request.patterns.items()}
    matches: dict[str, Match] = {}
    lines = read_lines(Path(request.path.decode(sys.getfilesystemencoding(), "surrogateescape")))
    cut, under = 0, ""
    while chunk := list(islice(lines, _CHUNK_LINES)):
        cut += sum(line.cut for line in chunk)
        texts = [(line.number, line.text.decode("utf-8", "replace")) for line in chunk if not line.cut]
        for name, pattern in patterns.items():
            if name != under:
                _say(Under(name))
                under = name
            for number, text in texts:
                if pattern.search(text):  # most lines hold none, and an iterator costs twice as much
                    for match in pattern.finditer(text):
                        matches[name] = Match((match[1 if pattern.groups else 0] or "")[:CAPTURE_LIMIT], number)
    return Found(matches, cut)


def _say(message: Found | Under) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
