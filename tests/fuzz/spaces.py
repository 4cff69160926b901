"""PCS files: a line among others that are sound, and whole files."""

from __future__ import annotations

import copy
import math
from pathlib import Path

from boxwright.errors import SpaceError
from boxwright.space import Space, space_to_json
from boxwright.space.draft import Draft
from boxwright.space.pcs import read_pcs
from boxwright.space.pcs_text import space_to_pcs
from boxwright.space.table import read_parameter_file
from fuzz.mutating import Kind

_KNOWN = """\
act categorical {relu, tanh, 7} [relu]
size ordinal {small, mid, 10, 9} [mid]
n integer [1, 1000] [10] log
k integer [-5, 5] [0]
x real [1e-5, 0.1] [0.01] log
y real [-1, 1] [0]
"""
_LINES = (
    "new real [1e-5, 0.1] [0.01] log",
    "new integer [1, 100] [10]",
    "new [8, 256] [32]il",
    "new {a, b, c} [b]",
    "new ordinal {low, mid, high} [mid]",
    "child | act in {relu, tanh} && n > 16 || size == mid",
    "child | x < 0.05",
    "child | act in {relu}",
    "{act=tanh, size=10}",
    "{x^2 + y > 0.9 && n >= 3}",
    "{log(n) * -k / 2 == 1 || act == tanh}",
    "Conditionals:",
)
_WORDS = (
    *("act", "size", "n", "k", "x", "y", "child", "new", "relu", "mid", "10", "7", "0.05", "integer", "real"),
    *("categorical", "ordinal", "log", "il", "[1, 10] [5]", "{a, b}", " | ", " in ", " == ", " != ", " < ", " > "),
    *(">=", "+", "*", "/", "^", "%", "sqrt(", "log10(", "abs(", "{n=", "&& ", "|| "),
)


def _known() -> Draft:
    draft = Draft()
    read_pcs(f"{_KNOWN}child [0, 1] [0.5]\n", "known.pcs", draft)
    return draft


_DRAFT = _known()


def _line(data: bytes) -> object:
    draft = copy.copy(_DRAFT)
    draft.parameters, draft.places = dict(_DRAFT.parameters), dict(_DRAFT.places)
    draft.conditions, draft.forbidden = {}, []
    read_pcs(data.decode("utf-8", "replace"), "x.pcs", draft)
    return draft


def _file(data: bytes) -> object:
    path = Path("mutated.pcs")
    path.write_bytes(data)
    draft = Draft()
    read_parameter_file(path, path.name, draft)
    space = draft.finish(path.name)
    config = space.default()
    assert space.check(config) == config
    for u in (0.0, 0.5, math.nextafter(1, 0)):
        drawn = space.from_unit([u] * len(space.names))
        assert drawn is None or space.check(drawn) == drawn
    assert space_to_json(_again(space)) == space_to_json(space)
    return space


def _again(space: Space) -> Space:
    """Return the space after it was written as a PCS file and read back."""
    text, lost = space_to_pcs(space)
    assert all("beside an advanced clause" in line for line in lost)  # read, and said: SMAC v2 would refuse it
    draft = Draft()
    read_pcs(text, "written.pcs", draft)
    return draft.finish("written.pcs")


PCS_LINE = Kind("pcs-line", 250, _LINES, _line, (SpaceError,), _WORDS)
PCS_FILE = Kind(
    "pcs-file",
    8,
    (
        "act {relu, tanh} [relu]\nx [1e-5, 0.1] [0.01]l\nx | act in {relu} # why\n{act=tanh}\n",
        "n integer [1, 9] [3] log\nk integer [5, 5] [5]\nk | n > 3\n{n=4, k=5}\n",
        "size ordinal {a, b, c} [b]\ny real [0, 1] [0.5]\ny | size != a && size < c\n{y > 0.7 && size == c}\n",
    ),
    _file,
    (SpaceError,),
    (*_WORDS, "a", "b", "c"),
)
