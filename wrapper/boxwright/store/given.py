"""What a run was given that only its ``run.json`` tells."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path

import msgspec

from boxwright.json_faults import NOT_JSON
from boxwright.parse.logs import open_regular
from boxwright.store.layout import RUN_RECORD

_LARGEST_BYTES = 2**24


class _Given(msgspec.Struct, frozen=True):
    cutoff_s: float | None


def given_cutoff_s(folder: Path, *, unknown: float | None) -> float | None:
    """Return the seconds that a run was given, None for no limit.

    Args:
        folder: The run's own: the run may have put anything in the place of its ``run.json``.
        unknown: What it is where that cannot be read.
    """
    with contextlib.suppress(OSError, *NOT_JSON), open_regular(folder / RUN_RECORD) as file:
        given = msgspec.json.decode(file.read(_LARGEST_BYTES), type=_Given)
        if given.cutoff_s is None or (math.isfinite(given.cutoff_s) and given.cutoff_s > 0):
            return given.cutoff_s
    return unknown
