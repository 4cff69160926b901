"""Number formats of DOE platforms: patterns of Java's ``DecimalFormat``, as ``0.00##`` or ``0.###E0``.

Rounding is half-even on the exact value of the number, as Java's is; where nothing has to be cut off, the digits are
the shortest that tell the number from its neighbours. Patterns: ``0`` (a digit, always), ``#`` (a
digit, if there is one), ``.``, ``,`` (size of the groups), ``E0`` (exponent), ``%`` and ``‰`` (times 100, 1000),
``'…'`` (text as it is), ``;`` (another pattern for negative numbers: only its affixes count).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal

_NUMBER = re.compile(r"(?P<whole>[#,]*[0,]*)(?:(?P<point>\.)(?P<fraction>0*#*))?(?:E(?P<exponent>0+))?")
_SPECIAL = set("#0.,;")
_EXACT = Context(prec=1200, rounding=ROUND_HALF_EVEN)  # no double has more digits
_LONG = 2.0**62


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A compiled pattern.

    Attributes:
        positive: Prefix and suffix.
        negative: Prefix and suffix for numbers below zero, the minus sign included.
        min_whole: Digits before the point, at least.
        max_whole: Digits before the point in front of an exponent, at most.
        group: Digits per group, 0 for none.
        factor: 1, 100 or 1000.
        exponent_digits: Digits of the exponent, at least; 0 for a format without an exponent.
        always_point: Whether the point stands even where no digit follows.
    """

    positive: tuple[str, str]
    negative: tuple[str, str]
    min_whole: int
    max_whole: int
    min_fraction: int
    max_fraction: int
    group: int
    factor: int
    exponent_digits: int
    always_point: bool

    def text(self, number: float) -> str:
        """Return the number as text."""
        if math.isnan(number):
            return "NaN"
        is_negative = math.copysign(1.0, number) < 0
        prefix, suffix = self.negative if is_negative else self.positive
        scaled = abs(number) * self.factor  # in doubles, as Java does
        if math.isinf(scaled):
            return f"{prefix}∞{suffix}"
        body = self._scientific(scaled) if self.exponent_digits else self._plain(scaled)
        return prefix + body + suffix

    def _plain(self, scaled: float) -> str:
        short = Decimal(repr(scaled))
        size = short if _decimals(short) <= self.max_fraction else Decimal(scaled)
        rounded = size.quantize(Decimal(1).scaleb(-self.max_fraction), context=_EXACT)
        whole, _, fraction = f"{rounded:f}".partition(".")
        whole = whole.lstrip("0").rjust(self.min_whole, "0")
        fraction = fraction.rstrip("0").ljust(self.min_fraction, "0")
        if not whole and not fraction:
            whole = "0"
        if self.group:
            whole = re.sub(rf"(?<=\d)(?=(?:\d{{{self.group}}})+$)", ",", whole)
        return whole + ("." if fraction or self.always_point else "") + fraction

    def _scientific(self, scaled: float) -> str:
        digits, magnitude = self._significant(scaled)  # the value is 0.digits × 10^magnitude
        if self.max_whole > max(1, self.min_whole):
            # Exponents are multiples of the most digits before the point, as in engineering notation.
            exponent = (magnitude - 1) // self.max_whole * self.max_whole
            least_whole = 1
        else:
            exponent = magnitude - self.min_whole
            least_whole = self.min_whole
        whole_count = magnitude - exponent if digits else least_whole
        digits = digits.ljust(max(self.min_whole + self.min_fraction, whole_count), "0")
        whole, fraction = digits[:whole_count], digits[whole_count:]
        exponent = exponent if scaled else 0
        sign = "-" if exponent < 0 else ""
        point = "." if fraction or self.always_point else ""
        return f"{whole}{point}{fraction}E{sign}{str(abs(exponent)).rjust(self.exponent_digits, '0')}"

    def _significant(self, scaled: float) -> tuple[str, int]:
        if not scaled:
            return "", 0
        rounded = short = Decimal(repr(scaled))
        wanted = self.max_whole + self.max_fraction
        if wanted and len(short.normalize().as_tuple().digits) > wanted:
            # Java does not know of a double that is whole that its digits are exact, and takes each half up.
            is_whole_double = isinstance(scaled, float) and scaled.is_integer() and scaled < _LONG
            rounding = ROUND_HALF_UP if is_whole_double else ROUND_HALF_EVEN
            rounded = Context(prec=wanted, rounding=rounding).plus(Decimal(scaled))
        digits = "".join(map(str, rounded.as_tuple().digits))
        return digits.rstrip("0"), rounded.adjusted() + 1


def _decimals(size: Decimal) -> int:
    exponent = size.normalize().as_tuple().exponent
    assert isinstance(exponent, int)  # a finite number
    return -exponent


def parse_format(pattern: str) -> NumberFormat:
    """Return the compiled pattern.

    Raises:
        ValueError: It is no pattern; the message says why, without a place.
    """
    positive, separator, negative = _cut(pattern)
    prefix, number, suffix, factor = _parts(positive, pattern)
    match = _NUMBER.fullmatch(number)
    whole = match["whole"] if match else ""
    fraction = (match["fraction"] or "") if match else ""
    has_digit = "0" in whole + fraction or "#" in whole + fraction
    group = len(whole.rpartition(",")[2]) if "," in whole else 0
    if match is None or not has_digit or (match["exponent"] and "," in whole) or (whole.endswith(",")):
        raise ValueError(f'"{pattern}" is no number format. Write one such as "0.00##", "#,##0" or "0.###E0".')
    hashes, zeros = whole.count("#"), whole.count("0")
    min_fraction = fraction.count("0")
    if not zeros and not min_fraction and match["point"]:  # "#.##" means "0.##"; ".##" means ".0#"
        zeros, hashes = (1, hashes - 1) if hashes else (0, 0)
        min_fraction = 0 if whole else 1
    if match["exponent"] and not (zeros or hashes or min_fraction):
        raise ValueError(f'"{pattern}": no digit in front of the exponent')
    below = _parts(negative, pattern) if separator else None
    return NumberFormat(
        positive=(prefix, suffix),
        negative=(below[0], below[2]) if below and below[0::2] != (prefix, suffix) else (f"-{prefix}", suffix),
        min_whole=zeros,
        max_whole=hashes + zeros,
        min_fraction=min_fraction,
        max_fraction=len(fraction),
        group=group,
        factor=factor,
        exponent_digits=len(match["exponent"] or ""),
        always_point=bool(match["point"]) and not fraction,
    )


def _cut(pattern: str) -> tuple[str, str, str]:
    """Cut at the first ``;`` outside of quotes."""
    is_quoted = False
    for index, character in enumerate(pattern):
        if character == "'":
            is_quoted = not is_quoted
        elif character == ";" and not is_quoted:
            return pattern[:index], ";", pattern[index + 1 :]
    return pattern, "", ""


def _parts(pattern: str, whole_pattern: str) -> tuple[str, str, str, int]:
    """Return prefix, number, suffix and factor; quotes are taken off the affixes."""
    prefix, index, factor_before = _affix(pattern, 0)
    end = index
    while end < len(pattern) and pattern[end] in "#0.,":
        end += 1
    exponent = re.compile("E0+").match(pattern, end)
    end = exponent.end() if exponent else end
    if exponent is None and pattern[end : end + 1] == "E":
        raise ValueError(f'"{whole_pattern}": an exponent is written E0, E00, …')
    suffix, stop, factor_after = _affix(pattern, end)
    if stop != len(pattern) or (factor_before > 1 and factor_after > 1):
        raise ValueError(f'"{whole_pattern}" is no number format: "{pattern[stop:] or "%"}" does not belong there')
    return prefix, pattern[index:end], suffix, max(factor_before, factor_after)


def _affix(pattern: str, index: int) -> tuple[str, int, int]:
    text, factor, is_quoted = "", 1, False
    while index < len(pattern):
        character = pattern[index]
        if character == "'":
            if pattern[index + 1 : index + 2] == "'":
                text += "'"
                index += 1
            else:
                is_quoted = not is_quoted
        elif is_quoted:
            text += character
        elif character in _SPECIAL:
            break
        else:
            factor = {"%": 100, "‰": 1000}.get(character, factor)
            text += character
        index += 1
    if is_quoted:
        raise ValueError(f'"{pattern}": a quote is not closed')
    return text, index, factor
