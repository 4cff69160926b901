"""How numbers, durations and configurations are written for a person."""

from __future__ import annotations

import time
from collections.abc import Mapping

from boxwright.errors import one_line
from boxwright.store.config_records import ConfigRecord
from boxwright.terms import Value


def number(value: float | None) -> str:
    """Return a number with at most six significant digits; empty for None."""
    return "" if value is None else f"{value:.6g}"


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: ``1 slot``, ``2 slots``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def seconds(value: float | None) -> str:
    """Return a duration as ``0.42 s``, ``12.3 s``, ``4 min 05 s`` or ``3 h 07 min``; empty for None."""
    if value is None:
        return ""
    if value < 60:
        return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"
    minutes = int(value // 60)
    if minutes < 60:
        return f"{minutes} min {int(value % 60):02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def utc_offset_s(moment: float) -> int:
    """Return by how many seconds the clock of this machine is ahead of UTC at a moment in UNIX seconds."""
    try:
        return time.localtime(moment).tm_gmtoff
    except (OverflowError, ValueError, OSError):
        return 0


def zone(moment: float) -> str:
    """Return the time zone of this machine at a moment: ``UTC``, ``UTC+05:30``."""
    minutes = utc_offset_s(moment) // 60
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}" if minutes else "UTC"


def local_minute(moment: float) -> str:
    """Return a moment on the clock of this machine, with its time zone: ``2026-03-01 14:03 UTC+01:00``."""
    return f"{time.strftime('%Y-%m-%d %H:%M', time.localtime(moment))} {zone(moment)}"


def size(value: float | None) -> str:
    """Return a number of bytes with a binary unit; empty for None."""
    if value is None:
        return ""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def value_text(value: Value) -> str:
    """Return a parameter's value in one line; true and false as in the scenario."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return number(value) if isinstance(value, float) else one_line(str(value))


def config_text(config: Mapping[str, Value]) -> str:
    """Return a configuration in one line: ``nb_conv=3 dropout1=0.25``."""
    return " ".join(f"{one_line(name)}={value_text(value)}" for name, value in config.items())


def mean_quality(config: ConfigRecord) -> str:
    """Return a mean quality with its standard error, if there is one, to two digits: ``0.081 ± 0.004``."""
    if config.standard_error is None:
        return number(config.quality)
    return f"{number(config.quality)} ± {number(float(f'{config.standard_error:.2g}'))}"


def runs_text(config: ConfigRecord) -> str:
    """Return which run a configuration had first, and in a noisy study how many: ``run 12 (3 runs of it)``."""
    return f"run {config.run} ({counted(config.runs, 'run')} of it)" if config.noisy else f"run {config.run}"
