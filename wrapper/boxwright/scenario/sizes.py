"""Sizes as people write them: a number of bytes, or a text such as ``4 GiB``."""

from __future__ import annotations

import re

_FACTORS = {
    "": 1,
    "b": 1,
    "k": 1000,
    "kb": 1000,
    "m": 1000**2,
    "mb": 1000**2,
    "g": 1000**3,
    "gb": 1000**3,
    "t": 1000**4,
    "tb": 1000**4,
    "kib": 1024,
    "mib": 1024**2,
    "gib": 1024**3,
    "tib": 1024**4,
}
_SIZE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)\s*", re.ASCII)


def parse_size(size: int | str) -> int:
    """Return the number of bytes, at least 1.

    Args:
        size: Bytes, or a number with a unit: B, kB, MB, GB, TB (powers of 1000), KiB, MiB, GiB, TiB (of 1024).

    Raises:
        ValueError: It is no such text; the message says what would be right, without a place.
    """
    if isinstance(size, int):
        size_bytes = size
    else:
        match = _SIZE.fullmatch(size)
        factor = _FACTORS.get(match[2].lower()) if match else None
        if match is None or factor is None:
            raise ValueError(f'"{size}" is no size. Write a number of bytes, or a text such as "512 MiB" or "4 GB".')
        size_bytes = int(float(match[1]) * factor) if "." in match[1] else int(match[1]) * factor
    if not 1 <= size_bytes < 2**63:
        raise ValueError(f"{size} is out of range: a size is at least 1 byte and below 8 EiB.")
    return size_bytes
