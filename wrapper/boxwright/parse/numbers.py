"""Numbers as a run may write them: the grammar of Java's ``Double.valueOf``, which SMAC v2 reads with.

It takes ``1e-3``, ``1.``, ``.5``, ``1.0d``, ``0x1.8p3``, ``NaN`` and ``Infinity``; it refuses Python's ``inf``,
``1_000`` and digits of other alphabets, which ``float`` would let through.
"""

from __future__ import annotations

import math
import re

_JAVA_BLANKS = "".join(map(chr, range(33)))  # what Java's String.trim takes away
_LONGEST = 400  # characters; no program writes more digits than that on purpose
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_HEX = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+")
_NAMED = {"NaN": math.nan, "Infinity": math.inf}
_LONG = 2**63


def java_trim(text: str) -> str:
    """Return the text as Java's ``trim`` does: without blanks and control characters at both ends."""
    return text.strip(_JAVA_BLANKS)


def java_double(text: str) -> float | None:
    """Return the number that the text is in Java's grammar, NaN and infinities included; None if it is none."""
    text = java_trim(text)
    if len(text) > _LONGEST:
        return None
    if text[-1:] in "fFdD" and _DECIMAL.fullmatch(text[:-1]):
        return float(text[:-1])
    if _DECIMAL.fullmatch(text):
        return float(text)
    unsigned = text[1:] if text[:1] in ("+", "-") else text
    if unsigned in _NAMED:
        return -_NAMED[unsigned] if text[0] == "-" else _NAMED[unsigned]
    return _hex_double(text)


def _hex_double(text: str) -> float | None:
    if not _HEX.fullmatch(text):
        # A suffix is no hexadecimal digit here: the exponent, which must be there, is decimal.
        text = text[:-1] if text[-1:] in "fFdD" else ""
        if not _HEX.fullmatch(text):
            return None
    try:
        return float.fromhex(text)
    except OverflowError:
        return -math.inf if text[0] == "-" else math.inf


def finite(text: str) -> float | None:
    """Return the finite number that the text is, None if it is no number or not finite."""
    number = java_double(text)
    return number if number is not None and math.isfinite(number) else None


def is_java_long(text: str) -> bool:
    """Return whether the text is a whole number of at most 64 bits."""
    return re.fullmatch(r"[+-]?[0-9]{1,30}", text) is not None and -_LONG <= int(text) < _LONG
