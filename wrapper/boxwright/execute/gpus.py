"""The GPUs of this machine, as the NVIDIA driver tells them (NVML). None is found where there is no driver."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from boxwright.execute.leftovers import TOKEN_NAME
from boxwright.execute.tree import environment_of


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU.

    Attributes:
        index: Number in the driver's order, which is that of the PCI bus.
        utilization_percent: Share of the last moments in which it computed; None where the driver does not say.
        pids: Processes that compute on it. Those that only draw on a screen are left out.
    """

    index: int
    uuid: str
    name: str
    memory_total_bytes: int = 0
    memory_used_bytes: int = 0
    utilization_percent: int | None = None
    pids: tuple[int, ...] = ()

    def is_called(self, gpu_id: str) -> bool:
        """Whether an id as in CUDA_VISIBLE_DEVICES, a number or the beginning of a UUID, means this GPU."""
        if gpu_id.isdecimal():
            return int(gpu_id) == self.index
        return len(gpu_id) > len("GPU-") and self.uuid.startswith(gpu_id)


def find_gpus() -> tuple[Gpu, ...]:
    """Return all GPUs of the machine; empty without a driver."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:  # noqa: BLE001 (no package, no library, no driver, no permission: no GPU, whatever it is)
        return ()
    try:
        gpus = [_gpu(pynvml, index) for index in range(pynvml.nvmlDeviceGetCount())]
    except pynvml.NVMLError:
        return ()
    finally:
        with suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()
    return tuple(gpu for gpu in gpus if gpu is not None)


def visible_ids(gpus: Sequence[Gpu], visible: str | None) -> tuple[str, ...]:
    """Return the ids of the GPUs that this process may use.

    Args:
        gpus: Those of the machine.
        visible: CUDA_VISIBLE_DEVICES of this process; None if it is not set. As CUDA does, its first id that means
            no GPU ends the list.
    """
    if visible is None:
        return tuple(str(gpu.index) for gpu in gpus)
    ids: list[str] = []
    for gpu_id in (word.strip() for word in visible.split(",")):
        # Parts of a GPU (MIG-…) are not in the list of GPUs, but are as good as one.
        if not (gpu_id.startswith("MIG-") or any(gpu.is_called(gpu_id) for gpu in gpus)):
            break
        ids.append(gpu_id)
    return tuple(ids)


def skip_busy(ids: Sequence[str], gpus: Sequence[Gpu]) -> tuple[str, ...]:
    """Return the ids without those of GPUs on which somebody else computes; ids of unknown GPUs are kept."""
    busy = [gpu for gpu in gpus if not _are_ours(gpu.pids)]
    return tuple(gpu_id for gpu_id in ids if not any(gpu.is_called(gpu_id) for gpu in busy))


def _are_ours(pids: Collection[int]) -> bool:
    """Whether all of them are runs of boxwright; a study that is resumed may find its own ones."""
    mark = f"{TOKEN_NAME}=".encode()
    return all(any(entry.startswith(mark) for entry in environment_of(pid)) for pid in pids)


def _gpu(nvml: Any, index: int) -> Gpu | None:
    """Return one GPU with all that the driver says of it; None if it cannot be used at all (fallen off the bus)."""
    try:
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        uuid, name = _text(nvml.nvmlDeviceGetUUID(handle)), _text(nvml.nvmlDeviceGetName(handle))
    except nvml.NVMLError:
        return None
    memory_total = memory_used = 0
    utilization: int | None = None
    pids: tuple[int, ...] = ()
    # Old cards, and cards cut into parts, do not answer every question.
    with suppress(nvml.NVMLError):
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
        memory_total, memory_used = int(memory.total), int(memory.used)
    with suppress(nvml.NVMLError):
        utilization = int(nvml.nvmlDeviceGetUtilizationRates(handle).gpu)
    with suppress(nvml.NVMLError):
        pids = tuple(int(process.pid) for process in nvml.nvmlDeviceGetComputeRunningProcesses(handle))
    return Gpu(index, uuid, name, memory_total, memory_used, utilization, pids)


def _text(value: str | bytes) -> str:
    return os.fsdecode(value)
