"""The section ``slots``: where runs are carried out, and how many at a time."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from boxwright.scenario.section import Places, Positive, Section


class Slots(Section, frozen=True, kw_only=True):
    """Where runs are carried out.

    Attributes:
        backend: Where they are: on this machine.
        count: How many runs at a time; absent: one per GPU, or per ``per_gpu`` share, or 1 without GPUs.
        gpus: Whole GPUs per slot.
        per_gpu: Slots that share one GPU; only with ``gpus = 1``.
        gpu_ids: Ids to use; absent: those found through NVML.
        skip_busy_gpus: Leave out GPUs that processes of others are using.
        cores: CPU cores per slot; absent: the machine's cores divided by the slots.
    """

    backend: Literal["local"] = "local"
    count: Places | None = None
    gpus: Annotated[int, Meta(ge=0)] = 0
    per_gpu: Places = 1
    gpu_ids: tuple[str | int, ...] | None = None
    skip_busy_gpus: bool = False
    cores: Positive | None = None
