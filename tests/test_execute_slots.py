"""How GPUs and cores are shared out."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.errors import ScenarioError
from boxwright.execute.cores import deal_cores, usable_cores
from boxwright.execute.gpus import Gpu, find_gpus, skip_busy, visible_ids
from boxwright.execute.slots import plan_slots
from boxwright.scenario.slots import Slots

FAKE_NVML = """
class NVMLError(Exception): pass
class Thing:
    def __init__(self, **entries): self.__dict__.update(entries)
def nvmlInit(): BEGIN
def nvmlShutdown(): pass
def nvmlDeviceGetCount(): return 3
def nvmlDeviceGetHandleByIndex(index):
    if index == 2: raise NVMLError("fallen off the bus")
    return index
def nvmlDeviceGetUUID(handle): return f"GPU-{handle}{handle}{handle}"
def nvmlDeviceGetName(handle): return b"Fake 9000"
def nvmlDeviceGetMemoryInfo(handle): return Thing(total=100, used=handle)
def nvmlDeviceGetUtilizationRates(handle):
    if handle == 1: raise NVMLError("not supported")
    return Thing(gpu=50)
def nvmlDeviceGetComputeRunningProcesses(handle): return [Thing(pid=PID)] if handle == 1 else []
"""


@pytest.fixture
def install_nvml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that puts a driver with two GPUs on the path; process ``pid`` computes on the second."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def install(begin: str = "pass", pid: int = 1) -> None:
        (tmp_path / "pynvml.py").write_text(FAKE_NVML.replace("BEGIN", begin).replace("PID", str(pid)))
        monkeypatch.delitem(sys.modules, "pynvml", raising=False)
        monkeypatch.syspath_prepend(str(tmp_path))

    return install


@pytest.fixture(autouse=True)
def forget_fake_nvml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pynvml", raising=False)


def gpus_of(settings: Slots) -> list[tuple[str, ...]]:
    return [slot.gpus for slot in plan_slots(settings)]


def test_slots_without_gpus_are_one_by_default_and_as_many_as_asked_for() -> None:
    assert [slot.number for slot in plan_slots(Slots())] == [0]
    assert [slot.number for slot in plan_slots(Slots(count=3))] == [0, 1, 2]


def test_slots_are_one_per_gpu_by_default() -> None:
    assert gpus_of(Slots(gpus=1, gpu_ids=(3, "GPU-ab"))) == [("3",), ("GPU-ab",)]
    assert gpus_of(Slots(gpus=2, gpu_ids=(0, 1, 2, 3, 4))) == [("0", "1"), ("2", "3")]


def test_slots_that_share_gpus_go_over_all_of_them_first() -> None:
    assert gpus_of(Slots(gpus=1, gpu_ids=(0, 1), per_gpu=2)) == [("0",), ("1",), ("0",), ("1",)]
    assert gpus_of(Slots(gpus=1, gpu_ids=(0, 1), per_gpu=2, count=3)) == [("0",), ("1",), ("0",)]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (
            Slots(gpus=4, gpu_ids=(0, 1)),
            "slots.gpus = 4, but slots.gpu_ids names 2 GPUs (0, 1). "
            "Lower slots.gpus or name them in slots.gpu_ids.",
        ),
        (
            Slots(gpus=2, count=3, gpu_ids=(0, 1, 2, 3)),
            "slots.count = 3 needs 6 GPUs (slots.gpus = 2), but slots.gpu_ids names 4 GPUs (0, 1, 2, 3). "
            "Lower slots.count to 2, or name more in slots.gpu_ids.",
        ),
        (
            Slots(gpus=1, per_gpu=2, count=3, gpu_ids=(0,)),
            "slots.count = 3 needs more than 2 slots on a GPU (slots.per_gpu), but slots.gpu_ids names 1 GPU (0). "
            "Lower slots.count to 2, or name more in slots.gpu_ids.",
        ),
        (Slots(gpus=2, per_gpu=2), "slots.per_gpu = 2 shares one GPU between slots, but slots.gpus = 2. "
         "Set slots.gpus = 1."),
        (Slots(gpu_ids=(0,)), "slots.gpu_ids names GPUs, but slots.gpus = 0 gives none to a slot. "
         "Set slots.gpus = 1."),
        (Slots(gpus=1, gpu_ids=(0, "0")), "slots.gpu_ids names GPU 0 twice. "
         "Name each once; slots.per_gpu shares it."),
        (Slots(gpus=1, gpu_ids=("0,1",)), 'slots.gpu_ids: "0,1" is no id of a GPU. Write 0, or "GPU-…".'),
        (Slots(gpus=1, gpu_ids=("",)), 'slots.gpu_ids: "" is no id of a GPU. Write 0, or "GPU-…".'),
        (Slots(gpus=1, gpu_ids=()), "slots.gpus = 1, but slots.gpu_ids names no GPU. "
         "Lower slots.gpus or name them in slots.gpu_ids."),
    ],
)  # fmt: skip
def test_slots_that_cannot_be_say_so_in_one_line(settings: Slots, says: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        plan_slots(settings)
    assert str(caught.value) == says


def test_gpus_are_found_through_the_driver(install_nvml: Callable[..., None]) -> None:
    install_nvml(pid=17)
    assert find_gpus() == (
        Gpu(0, "GPU-000", "Fake 9000", 100, 0, 50, ()),
        Gpu(1, "GPU-111", "Fake 9000", 100, 1, None, (17,)),
    )
    assert gpus_of(Slots(gpus=1)) == [("0",), ("1",)]
    with pytest.raises(ScenarioError, match=r"slots.gpus = 4, but this machine shows 2 GPUs \(0, 1\)\. Lower slots"):
        plan_slots(Slots(gpus=4))


@pytest.mark.parametrize("begin", ["raise NVMLError('no driver')", "raise OSError('no library')"])
def test_no_gpu_is_found_without_a_driver(install_nvml: Callable[..., None], begin: str) -> None:
    install_nvml(begin)
    assert find_gpus() == ()
    with pytest.raises(ScenarioError, match=r"slots\.gpus = 1, but this machine shows no GPU"):
        plan_slots(Slots(gpus=1))


def test_gpus_that_this_process_may_not_see_are_left_out(
    install_nvml: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    install_nvml()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert gpus_of(Slots(gpus=1)) == [("1",)]
    with pytest.raises(ScenarioError, match=r'shows 1 GPU \(1\) \(CUDA_VISIBLE_DEVICES is "1"\)'):
        plan_slots(Slots(gpus=2))


def test_gpus_that_others_use_are_skipped_when_asked(
    install_nvml: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    install_nvml(pid=os.getppid())
    assert gpus_of(Slots(gpus=1)) == [("0",), ("1",)]
    assert gpus_of(Slots(gpus=1, skip_busy_gpus=True)) == [("0",)]
    assert gpus_of(Slots(gpus=1, skip_busy_gpus=True, gpu_ids=("GPU-1", "GPU-0", 7))) == [("GPU-0",), ("7",)]
    with pytest.raises(ScenarioError, match=r"shows 2 GPUs \(0, 1\), of which others use 1\. Lower"):
        plan_slots(Slots(gpus=2, skip_busy_gpus=True))


def test_gpus_that_our_own_runs_use_are_not_skipped() -> None:
    with (
        subprocess.Popen(["sleep", "60"], env={"BOXWRIGHT_TOKEN": "s:1"}) as ours,
        subprocess.Popen(["sleep", "60"]) as other,
    ):
        gpus = [Gpu(0, "GPU-a", "", pids=(ours.pid,)), Gpu(1, "GPU-b", "", pids=(ours.pid, other.pid))]
        assert skip_busy(["0", "1"], gpus) == ("0",)
        ours.kill()
        other.kill()


@pytest.mark.parametrize(
    ("visible", "ids"),
    [
        (None, ("0", "1")),
        ("", ()),
        ("-1", ()),
        ("1,0", ("1", "0")),
        ("1, 7, 0", ("1",)),
        ("GPU-aa1", ("GPU-aa1",)),
        ("GPU-", ()),
        ("MIG-x/1/2", ("MIG-x/1/2",)),
        ("NoDevFiles", ()),
    ],
)
def test_visible_gpus_are_those_that_cuda_would_see(visible: str | None, ids: tuple[str, ...]) -> None:
    gpus = [Gpu(0, "GPU-aa0", ""), Gpu(1, "GPU-aa1", "")]
    assert visible_ids(gpus, visible) == ids


def test_cores_are_dealt_out_without_overlap() -> None:
    assert deal_cores([0, 4, 1, 5, 2], 2, None) == ((0, 4), (1, 5))
    assert deal_cores([0, 4, 1, 5, 2], 2, 1) == ((0,), (4,))


@pytest.mark.parametrize(("slots", "per_slot"), [(3, None), (2, 2), (1, 9)])
def test_cores_are_not_pinned_when_there_are_too_few(slots: int, per_slot: int | None) -> None:
    assert deal_cores([0, 1], slots, per_slot) == ((),) * slots


def test_slots_have_as_many_threads_as_cores_and_at_least_one() -> None:
    cores = sorted(os.sched_getaffinity(0))
    (slot,) = plan_slots(Slots())
    assert (sorted(slot.cores), slot.threads) == (cores, len(cores))
    assert {(slot.cores, slot.threads) for slot in plan_slots(Slots(count=len(cores) + 1))} == {((), 1)}
    (slot,) = plan_slots(Slots(cores=1))
    assert (len(slot.cores), slot.threads) == (1, 1)


def test_cores_that_this_machine_does_not_have_are_refused() -> None:
    number = len(os.sched_getaffinity(0))
    has = f"but this machine has {number} core{'s' if number > 1 else ''} for boxwright"
    with pytest.raises(ScenarioError) as caught:
        plan_slots(Slots(count=5, cores=number))
    assert str(caught.value).startswith(
        f"slots.cores = {number} × slots.count = 5 = {5 * number} cores, {has}. Lower slots.co"
    )
    with pytest.raises(ScenarioError, match=f"^slots.cores = {number + 3}, {has}. Lower slots.cores to {number}, or"):
        plan_slots(Slots(cores=number + 3))
    with pytest.raises(ScenarioError, match=f" × 2 slots = {2 * number} cores, "):
        plan_slots(Slots(gpus=1, gpu_ids=(0, 1), cores=number))


def test_usable_cores_are_those_of_this_process() -> None:
    cores = os.sched_getaffinity(0)
    assert set(usable_cores()) == cores
    os.sched_setaffinity(0, {max(cores)})
    try:
        assert usable_cores() == [max(cores)]
    finally:
        os.sched_setaffinity(0, cores)
