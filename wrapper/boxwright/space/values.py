"""Values and names as people write them: what may be a name, and how a text is read as a number."""

from __future__ import annotations

import math
import re

from boxwright.errors import SpaceError
from boxwright.terms import Value

LARGEST_INTEGER = 2**53
"""Beyond this a float, and so a ConfigSpace vector, cannot tell neighbouring whole numbers apart."""

LARGEST_FLOAT = 1e290
"""Beyond this the rounding of ConfigSpace overflows."""

DECIMALS = 13
"""ConfigSpace keeps this many decimals of a real value (its ROUND_PLACES)."""

_SCALE = 10.0**DECIMALS
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_LONGEST_NUMBER = 400
_NOT_IN_NAMES = frozenset("'\"`,(){}[]|=#")


def check_name(name: str, place: str) -> None:
    """Refuse a name that a condition, a flag, a file or a column could not carry.

    Raises:
        SpaceError: The name is empty, or holds blanks, quotes, brackets, ``,``, ``|``, ``=``, ``#`` or ``&&``.
    """
    if not name:
        raise SpaceError("a parameter needs a name, found an empty one.", place=place)
    wrong = next((ch for ch in name if ch in _NOT_IN_NAMES or ch.isspace() or not ch.isprintable()), None)
    if wrong is None and "&&" in name:
        wrong = "&&"
    if wrong is not None:
        shown = "a blank" if wrong == " " else f"{wrong!r}"
        raise SpaceError(
            f'the name "{name}" holds {shown}. Use letters, digits and characters such as _ - . : @.', place=place
        )


def check_value(value: Value, place: str) -> None:
    """Refuse a value that no command line or vector could carry.

    Raises:
        SpaceError: A number that is not finite or too large, or a text with a NUL or a lone surrogate.
    """
    if isinstance(value, bool):
        return
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= ch <= "\udfff" for ch in value):
            raise SpaceError(f"the value {value!r} holds a character that no command can be given.", place=place)
    elif isinstance(value, int):
        check_integer(value, place)
    else:
        check_float(value, place)


def check_integer(value: int, place: str) -> None:
    """Refuse a whole number beyond 2^53.

    Raises:
        SpaceError: It is too large.
    """
    if abs(value) > LARGEST_INTEGER:
        raise SpaceError(f"{_short(value)} is beyond ±2^53. Use a smaller number, or an exponent.", place=place)


def check_float(value: float, place: str) -> None:
    """Refuse a number that is not finite, or beyond 1e290.

    Raises:
        SpaceError: It is.
    """
    if not math.isfinite(value):
        raise SpaceError(f"a finite number is needed, found {value}.", place=place)
    if abs(value) > LARGEST_FLOAT:
        raise SpaceError(f"{value!r} is too large. Stay within ±1e290.", place=place)


def rounded(value: float) -> float:
    """Return the value to 13 decimals, bit for bit as ``numpy.round`` and so ConfigSpace do it."""
    return round(value * _SCALE) / _SCALE


def text_of(value: Value) -> str:
    """Return the value as a person would write it in a file: ``true`` and ``false`` for booleans."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def number_from(text: str) -> float | None:
    """Return the finite number that a text is, or None. Blanks around it are dropped; ``1_000`` is no number."""
    text = text.strip()
    if len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def whole_number_from(text: str) -> int | None:
    """Return the whole number that a text is, or None; ``5``, ``5.0`` and ``1e3`` are whole numbers."""
    text = text.strip()
    if len(text) <= _LONGEST_NUMBER and _WHOLE.fullmatch(text):
        return int(text)
    number = number_from(text)
    return int(number) if number is not None and number.is_integer() else None


def unquoted(text: str) -> str:
    """Return the text without one pair of matching quotes around it."""
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text


def _short(value: int) -> str:
    digits = value.bit_length() * 3 // 10
    return f"a number of about {digits} digits" if digits > 30 else str(value)
