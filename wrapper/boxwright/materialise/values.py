"""How a value reads as text: in words and flags, and as Java prints it."""

from __future__ import annotations

import math
from decimal import Decimal
from functools import lru_cache


def text_of(value: object) -> str:
    """Return a value as it stands in words, flags and ``${x}``: ``true``, ``3``, ``0.001``, a text as it is.

    Reals are the shortest text that reads back as the same number.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def java_double(number: float) -> str:
    """Return a number as Java's ``Double.toString`` (JDK 19 and later) prints it: ``5.0``, ``1.0E-5``, ``1.0E7``.

    Plain from 10⁻³ up to 10⁷, else with one digit before the point and an ``E``; always with a digit after the
    point; the shortest digits that read back as the same number, and of two digits the nearest.
    """
    number = float(number)
    if 1e-3 <= number < 1e7 or -1e7 < number <= -1e-3:
        return repr(number)  # the same there, and a tenth of the time
    if math.isnan(number):
        return "NaN"
    sign = "-" if math.copysign(1.0, number) < 0 else ""
    size = abs(number)
    if math.isinf(size):
        return f"{sign}Infinity"
    if size == 0:
        return f"{sign}0.0"
    digits, exponent = _shortest(size)
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{exponent}"


@lru_cache(maxsize=64)  # the cutoff of a scenario is written again and again
def _shortest(size: float) -> tuple[str, int]:
    """Return the fewest digits that read back as the same number, at least two, and the exponent of the first."""
    shortest = Decimal(repr(size)).normalize()
    if len(shortest.as_tuple().digits) == 1:
        shortest = Decimal(format(size, ".1e"))
    return "".join(map(str, shortest.as_tuple().digits)).rstrip("0"), shortest.adjusted()


def is_identifier(name: str) -> bool:
    """Whether a template can use the name as it stands."""
    return name.isidentifier() and name not in _JINJA_WORDS


_JINJA_WORDS = frozenset(
    {"and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False", "None"}
)
