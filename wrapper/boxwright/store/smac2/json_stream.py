"""Reads JSON documents that stand one after another in a file, a few at a time; the last one may be cut off."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from io import FileIO
from typing import Any

from boxwright.errors import ScenarioError

_PIECE_BYTES = 2**20
_LARGEST_VALUE = 2**26
"""Characters: a parameter file, the text of which the first run holds, is far smaller."""

_BLANKS = re.compile(r"[\s,]*")
_MARKS = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[{}\[\]]', re.DOTALL)


class JsonStream:
    """The documents of one file.

    Attributes:
        is_cut_off: Whether the last one was; known once all were read.
    """

    def __init__(self, file: FileIO, shown: str) -> None:
        self.is_cut_off = False
        self._file = file
        self._shown = shown
        self._decode = json.JSONDecoder().raw_decode
        self._read = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._passed = 0
        self._ended = False

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Yield each document, with its place for messages.

        Raises:
            ScenarioError: The file is no UTF-8, or holds what is no JSON; the message names the place.
            OSError: It cannot be read.
        """
        start = 0
        while True:
            start = _end(_BLANKS, self._text, start)
            place = f"{self._shown}: character {self._passed + start}"
            if start == len(self._text):
                if not self._more(start):
                    return
                start = 0
                continue
            try:
                value, stop = self._decode(self._text, start)
            except RecursionError as error:
                raise ScenarioError("is nested too deeply.", place=place) from error
            except ValueError as error:
                if not self._more(start):
                    self._refuse_unless_cut_off(place, error)
                    return
                start = 0
                continue
            # A number at the end of what is read may go on; no document of ours is one.
            yield place, value
            start = stop

    def _more(self, start: int) -> bool:
        """Read on, and drop what stands before ``start``; return whether there was more."""
        self._passed += start
        self._text = self._text[start:]
        if self._ended:
            return False
        if len(self._text) > _LARGEST_VALUE:
            raise ScenarioError(
                f"a value of more than {_LARGEST_VALUE >> 20} MiB, or none that ends.",
                place=f"{self._shown}: character {self._passed}",
            )
        # Twice as much each time, so that a long value is not begun too often.
        data = self._file.read(max(_PIECE_BYTES, len(self._text)))
        self._ended = not data
        try:
            self._text += self._read.decode(data or b"", final=False)
        except UnicodeDecodeError as error:
            place = f"{self._shown}: after character {self._passed + len(self._text)}"
            raise ScenarioError(f"byte {error.object[error.start]:#04x} is no UTF-8.", place=place) from error
        return bool(data)

    def _refuse_unless_cut_off(self, place: str, error: ValueError) -> None:
        """Look whether a document that is no JSON only lacks its end: no bracket closes it."""
        depth = 0
        for mark in _MARKS.finditer(self._text):
            character = mark[0]
            if character in ("{", "["):
                depth += 1
            elif character in ("}", "]"):
                depth -= 1
                if depth <= 0:
                    break
        else:
            if depth > 0:
                self.is_cut_off = True
                return
        raise ScenarioError(f"is no JSON: {getattr(error, 'msg', error)}.", place=place) from error


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    found = pattern.match(text, start)
    return start if found is None else found.end()
