"""Durations as people and schedulers write them."""

from __future__ import annotations

import re

_UNITS = {"d": 86400, "h": 3600, "m": 60, "min": 60, "s": 1}
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(d|h|min|m|s)", re.ASCII)
_CLOCK = re.compile(r"(?:([0-9]+)-)?([0-9]+):([0-9]{1,2})(?::([0-9]{1,2}))?", re.ASCII)
_LONGEST_S = 10 * 365 * 86400


def parse_duration(duration: int | str) -> int:
    """Return whole seconds, at least 1.

    Args:
        duration: Seconds; numbers with units (``8h``, ``1d 12h``, ``90 min``); or a clock (``hours:minutes``,
            ``hours:minutes:seconds``, with ``days-`` before it).

    Raises:
        ValueError: It is no such text; the message says what would be right, without a place.
    """
    seconds = duration if isinstance(duration, int) else _seconds(duration.strip().lower())
    if seconds is None:
        raise ValueError(
            f'"{duration}" is no duration. Write seconds, or a text such as "8h", "90 min" or "1-12:00:00".'
        )
    if not 1 <= seconds <= _LONGEST_S:
        raise ValueError(f"{duration} is out of range: a duration is at least 1 s and at most ten years.")
    return int(seconds)


def _seconds(text: str) -> float | None:
    if clock := _CLOCK.fullmatch(text):
        days, hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if text.isdecimal() and text.isascii():
        return int(text)
    parts = _PART.findall(text)
    if not parts or _PART.sub("", text).strip():
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def parse_ports(ports: int | str | None) -> tuple[int, ...]:
    """Return the ports that one number or a range names; empty for None.

    Raises:
        ValueError: It is no such text.
    """
    if ports is None:
        return ()
    match = re.fullmatch(r"\s*([0-9]{1,5})(?:\s*-\s*([0-9]{1,5}))?\s*", str(ports), re.ASCII)
    first, last = (0, 0) if match is None else (int(match[1]), int(match[2] or match[1]))
    if not 1 <= first <= last <= 65535:
        raise ValueError(f'"{ports}" names no ports. Write one number, or a range such as "50000-50100".')
    return tuple(range(first, last + 1))
