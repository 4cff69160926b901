"""What the slots of a study use at this moment, for whoever watches: memory of their runs, and load of their GPUs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from boxwright.execute.gpus import Gpu, find_gpus
from boxwright.execute.lock import is_held, read_owner, slot_locks
from boxwright.execute.tree import descendants, resident_bytes


@dataclass(frozen=True, slots=True)
class SlotLoad:
    """One slot of this machine whose agent is alive.

    Attributes:
        slot: Its number.
        gpus: Their ids as the slot has them.
        memory_bytes: Resident sets of all processes of its run together; 0 while it has none.
        gpu_percent: Share of the last moments in which its GPUs computed, the mean of several; None if not known.
        gpu_memory_bytes: In use on its GPUs, by whomever; None if not known.
        gpu_memory_total_bytes: What its GPUs have.
    """

    slot: int
    gpus: tuple[str, ...]
    memory_bytes: int
    gpu_percent: float | None = None
    gpu_memory_bytes: int | None = None
    gpu_memory_total_bytes: int | None = None


def slot_loads(study: Path) -> dict[int, SlotLoad]:
    """Return the loads of the slots that are held on this machine, by number."""
    owners = {
        int(path.stem): owner
        for path in slot_locks(study)
        if path.stem.isdecimal() and (owner := read_owner(path)) and owner.is_running_here and is_held(path)
    }
    gpus = find_gpus() if any(owner.gpus for owner in owners.values()) else ()
    return {
        number: _load(number, owner.gpus, sum(resident_bytes(each.pid) for each in descendants(owner.pid)), gpus)
        for number, owner in owners.items()
    }


def _load(number: int, ids: tuple[str, ...], memory_bytes: int, gpus: tuple[Gpu, ...]) -> SlotLoad:
    own = [gpu for gpu in gpus if any(gpu.is_called(gpu_id) for gpu_id in ids)]
    if not own:
        return SlotLoad(number, ids, memory_bytes)
    shares = [gpu.utilization_percent for gpu in own if gpu.utilization_percent is not None]
    return SlotLoad(
        number,
        ids,
        memory_bytes,
        sum(shares) / len(shares) if shares else None,
        sum(gpu.memory_used_bytes for gpu in own),
        sum(gpu.memory_total_bytes for gpu in own),
    )
