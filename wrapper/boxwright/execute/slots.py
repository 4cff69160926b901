"""The slots of this machine: how its GPUs and cores are shared out. Plans only; nothing is started."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence

from boxwright.errors import ScenarioError, one_line
from boxwright.execute.cores import deal_cores, usable_cores
from boxwright.execute.gpus import find_gpus, skip_busy, visible_ids
from boxwright.scenario.slots import Slots
from boxwright.terms import Slot


def plan_slots(settings: Slots) -> tuple[Slot, ...]:
    """Return the slots that the settings ask for on this machine.

    Raises:
        ScenarioError: There are not enough GPUs or cores, or the settings contradict each other.
    """
    _check(settings)
    gpus = _deal_gpus(settings) if settings.gpus else [()] * (settings.count or 1)
    usable = usable_cores()
    _check_cores(settings, len(gpus), len(usable))
    cores = deal_cores(usable, len(gpus), settings.cores)
    return tuple(
        Slot(number, gpus=gpus[number], cores=cores[number], threads=max(1, settings.cores or len(cores[number])))
        for number in range(len(gpus))
    )


def _check(settings: Slots) -> None:
    if settings.per_gpu > 1 and settings.gpus != 1:
        raise ScenarioError(
            f"slots.per_gpu = {settings.per_gpu} shares one GPU between slots, but slots.gpus = {settings.gpus}. "
            "Set slots.gpus = 1."
        )
    ids = [str(gpu_id) for gpu_id in settings.gpu_ids or ()]
    if ids and not settings.gpus:
        raise ScenarioError("slots.gpu_ids names GPUs, but slots.gpus = 0 gives none to a slot. Set slots.gpus = 1.")
    for gpu_id, times in Counter(ids).items():
        if times > 1:
            raise ScenarioError(f"slots.gpu_ids names GPU {gpu_id} twice. Name each once; slots.per_gpu shares it.")
        if not gpu_id.isprintable() or not gpu_id.strip() or set(gpu_id) & {",", " "}:
            raise ScenarioError(f'slots.gpu_ids: "{one_line(gpu_id)}" is no id of a GPU. Write 0, or "GPU-…".')


def _check_cores(settings: Slots, slots: int, usable: int) -> None:
    """Refuse cores that are not there; only an equal share of too few means that nothing is pinned."""
    wanted = settings.cores
    if wanted is None or wanted * slots <= usable:
        return
    asked = f"slots.cores = {wanted}"
    if slots > 1:
        count = f"slots.count = {slots}" if settings.count else f"{slots} slots"
        asked += f" × {count} = {wanted * slots} cores"
    hint = "leave slots.cores out"
    if usable >= slots:
        hint = f"Lower slots.cores to {usable // slots}, or {hint}"
    elif usable >= wanted:
        hint = f"Lower slots.count to {usable // wanted}, or {hint}"
    else:
        hint = hint.capitalize()
    has = _number(usable, "core")
    raise ScenarioError(f"{asked}, but this machine has {has} for boxwright. {hint}, for slots that are not pinned.")


def _deal_gpus(settings: Slots) -> list[tuple[str, ...]]:
    """Return the GPUs of each slot; slots that share GPUs go over all GPUs first."""
    ids, found = _usable_gpus(settings)
    wanted = settings.gpus
    if wanted > len(ids):
        raise ScenarioError(f"slots.gpus = {wanted}, but {found}. Lower slots.gpus or name them in slots.gpu_ids.")
    most = len(ids) // wanted * settings.per_gpu
    count = settings.count or most
    if count > most:
        needs = f"slots.count = {count} needs {_number(count * wanted, 'GPU')} (slots.gpus = {wanted})"
        if settings.per_gpu > 1:
            needs = f"slots.count = {count} needs more than {settings.per_gpu} slots on a GPU (slots.per_gpu)"
        raise ScenarioError(f"{needs}, but {found}. Lower slots.count to {most}, or name more in slots.gpu_ids.")
    groups = len(ids) // wanted
    return [tuple(ids[number % groups * wanted :][:wanted]) for number in range(count)]


def _usable_gpus(settings: Slots) -> tuple[Sequence[str], str]:
    """Return the ids, and in words what was found."""
    if settings.gpu_ids is not None:
        ids: Sequence[str] = tuple(map(str, settings.gpu_ids))
        gpus = find_gpus() if settings.skip_busy_gpus else ()
        found = f"slots.gpu_ids names {_listed(ids)}"
    else:
        gpus = find_gpus()
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        ids = visible_ids(gpus, visible)
        found = f"this machine shows {_listed(ids)}"
        if visible is not None and len(ids) < len(gpus):
            found += f' (CUDA_VISIBLE_DEVICES is "{one_line(visible)}")'
    if settings.skip_busy_gpus:
        free = skip_busy(ids, gpus)
        if len(free) < len(ids):
            found += f", of which others use {', '.join(gpu_id for gpu_id in ids if gpu_id not in free)}"
        ids = free
    return ids, found


def _listed(ids: Sequence[str]) -> str:
    return f"{_number(len(ids), 'GPU')} ({', '.join(ids)})" if ids else "no GPU"


def _number(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
