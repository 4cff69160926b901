"""What is mutated, and how."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

NUMBERS = (
    *("-1", "0", "-0.0", "1e999", "-1e999", "1e-320", "nan", "NaN", "inf", "-Infinity", "9" * 50, "9" * 5000),
    *("1_0", "2147483648", "9007199254740993", "0x1p3", "٣", "1.7976931348623157E308", "true", "null"),
)
MARKS = (
    *("=", " = ", "\n", "\r", "\t", '"', "'", "\\", '\\"', ",", "#", "{", "}", "[", "]", "(", ")", "|", "&&", "||"),
    *(":", ";", "-", "--", "\0", "\ufeff", "é", "\u2028", "\u200b", "\ud7ff", "\U0001f600", "%", "$", "/", ".."),
    *("\x1b[31m", "\x85", "İ", "ß"),
)
LONG = (" " * 3000, "{" * 2000, "[" * 2000, "(" * 500, "a" * 3000, "\t" * 2000, ", " * 1000, "-" * 2000, "9." * 1000)
_LONG_SHARE = 0.02
_RAW_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of input.

    Attributes:
        weight: Its share among all kinds.
        seeds: Sound inputs, which are mutated.
        read: Reads one; returns whether it was taken. What it raises must be among the errors.
        errors: What refuses an input.
        words: What stands in such inputs, to be put in and in place of what is there.
    """

    name: str
    weight: int
    seeds: tuple[str, ...]
    read: Callable[[bytes], object]
    errors: tuple[type[Exception], ...]
    words: tuple[str, ...] = field(default=())


def mutated(kind: Kind, random_numbers: random.Random) -> bytes:
    """Return one of its seeds with one to three things changed."""
    choice, below = random_numbers.choice, random_numbers.randrange
    text = choice(kind.seeds)
    for _ in range(choice((1, 1, 1, 2, 2, 3))):
        at = below(len(text) + 1)
        end = min(len(text), at + choice((0, 1, 1, 3, 20)))
        match below(6):
            case 0:
                text = text[:at] + text[end:]
            case 1:
                text = text[:at] + _piece(kind, random_numbers) + text[at:]
            case 2:
                text = text[:at] + _piece(kind, random_numbers) + text[end:]
            case 3:  # a line, or a word, stands twice
                mark = "\n" if "\n" in text[:-1] else " "
                parts = text.split(mark)
                parts.insert(below(len(parts) + 1), choice(parts))
                text = mark.join(parts)
            case 4:  # a whole word gives way
                words = text.split(" ")
                words[below(len(words))] = _piece(kind, random_numbers)
                text = " ".join(words)
            case _:
                text = text[:at] + chr(choice((below(256), 0x2028, 0x1F600))) + text[end:]
    data = text.encode("utf-8", "surrogatepass")
    if random_numbers.random() < _RAW_SHARE:
        at = below(len(data) + 1)
        data = data[:at] + bytes([below(256)]) + data[at:]
    return data


def _piece(kind: Kind, random_numbers: random.Random) -> str:
    if random_numbers.random() < _LONG_SHARE:
        return random_numbers.choice(LONG)
    return random_numbers.choice(random_numbers.choice((kind.words or MARKS, kind.words or MARKS, NUMBERS, MARKS)))
