"""What runs write, as text that a page can show."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from boxwright.serve.inside import open_inside

SHOWN_BYTES = 64 * 1024
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), 127) if code not in (9, 10)}
_PAIR = re.compile(
    r"([A-Za-z_][A-Za-z0-9_./-]{0,40})(?:[ ]?[:=][ ]?|\t)([-+]?[0-9.]{1,20}(?:e[-+]?[0-9]{1,3})?)(?![\w.%/])"
)
_CURVE_BYTES = 2 * 1024 * 1024
_MOST_CURVES = 12
_LEAST_POINTS = 3
_MOST_POINTS = 5000


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The end of a log, or another part of a file.

    Attributes:
        text: What stands there.
        start: Where it begins, in bytes.
        end: Where it ends.
        size_bytes: Of the whole.
    """

    text: str
    start: int
    end: int
    size_bytes: int


def plain_text(text: str) -> str:
    """Return a text without colours, each control character as its number, each line with one kind of end."""
    text = _ANSI.sub("", text) if "\x1b" in text else text
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS)


def read_excerpt(top: Path, path: Path, *, start: int | None = None, count: int = SHOWN_BYTES) -> Excerpt:
    """Return part of a file below a folder, its end if no start is given.

    Raises:
        OSError: There is no such ordinary file.
    """
    with open_inside(top, path) as file:
        size = file.seek(0, 2)
        begin = max(0, size - count) if start is None else min(start, size)
        file.seek(begin)
        data = file.read(count) or b""
    end = begin + len(data)
    if start is None and begin > 0:  # from the next line on
        cut = data.find(b"\n") + 1
        data, begin = data[cut:], begin + cut
    return Excerpt(plain_text(data.decode("utf-8", "replace")), begin, end, size)


def learning_curves(top: Path, path: Path) -> dict[str, list[float]]:
    """Return what a log says several times with a number: ``loss: 0.3``, ``acc=0.8`` or ``name<TAB>value``.

    Only the last megabytes are looked at. A name that comes with a number only once or twice is no curve.
    """
    try:
        text = read_excerpt(top, path, count=_CURVE_BYTES).text
    except OSError:
        return {}
    found: dict[str, list[float]] = {}
    for line in text.splitlines():
        if len(line) < 2000:
            for name, value in _PAIR.findall(line):
                try:
                    found.setdefault(name, []).append(float(value))
                except ValueError:
                    continue
        if len(found) > 500:  # no log of a training
            return {}
    curves = {name: values for name, values in found.items() if len(values) >= _LEAST_POINTS and len(set(values)) > 1}
    step = {name: -(-len(values) // _MOST_POINTS) for name, values in curves.items()}
    return {name: curves[name][:: step[name]] for name in list(curves)[:_MOST_CURVES]}
