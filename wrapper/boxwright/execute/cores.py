"""CPU cores, dealt out to slots without overlap."""

from __future__ import annotations

import os
from pathlib import Path

_TOPOLOGY = Path("/sys/devices/system/cpu")


def deal_cores(cores: list[int], slots: int, per_slot: int | None) -> tuple[tuple[int, ...], ...]:
    """Return the cores of each slot; empty ones (no pinning) if there are not enough.

    Args:
        cores: In the order in which they are dealt out.
        slots: How many slots.
        per_slot: Cores of each; None for an equal share.
    """
    share = len(cores) // slots if per_slot is None else per_slot
    if share == 0 or share * slots > len(cores):
        return ((),) * slots
    return tuple(tuple(cores[number * share : (number + 1) * share]) for number in range(slots))


def usable_cores() -> list[int]:
    """Return the cores that this process may use, hyper-threads of one core beside each other.

    The kernel numbers the second threads of all cores after the first ones, so that slots cut by number alone
    would share cores.
    """
    return sorted(os.sched_getaffinity(0), key=_place)


def _place(core: int) -> tuple[int, int, int]:
    folder = _TOPOLOGY / f"cpu{core}" / "topology"
    try:
        package = int((folder / "physical_package_id").read_text(encoding="ascii"))
        return package, int((folder / "core_id").read_text(encoding="ascii")), core
    except (OSError, ValueError):
        return 0, core, core
