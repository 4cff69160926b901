"""What a pilot has for its slots: the GPUs and cores that the scheduler gave its job, dealt out."""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from boxwright.errors import StudyError
from boxwright.execute.cores import deal_cores, usable_cores
from boxwright.execute.gpus import find_gpus, visible_ids
from boxwright.terms import Slot

_MOST_GPUS = 64
"""Of one host, where nobody says how many it has."""

_GIVERS = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID")
"""Where one of these is set, CUDA_VISIBLE_DEVICES is what the scheduler gave the job, and nobody else has it."""

_LISTS = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL")
_SCHEDULERS_LISTS = ("SLURM_JOB_GPUS", "SGE_HGR_gpu", "SGE_HGR_cuda")


@dataclass(frozen=True, slots=True)
class Shares:
    """The slots of a pilot.

    Attributes:
        locks: Files that are held open as long as the GPUs are in use.
    """

    slots: tuple[Slot, ...]
    locks: tuple[int, ...] = ()


def deal_shares(slots: int, gpus: int, cores: int | None, environment: Mapping[str, str]) -> Shares:
    """Deal out what the job has.

    Args:
        slots: How many.
        gpus: Of each.
        cores: Of each; None to pin nothing and to start one thread.
        environment: Of the pilot.

    Raises:
        StudyError: The job has too few GPUs.
    """
    ids, locks = _gpus(slots * gpus, environment)
    pins = _cores(slots, cores)
    dealt = tuple(
        Slot(number, gpus=ids[number * gpus : (number + 1) * gpus], cores=pins[number], threads=max(1, cores or 1))
        for number in range(slots)
    )
    return Shares(dealt, locks)


def _gpus(wanted: int, environment: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    if not wanted:
        return (), ()
    given = given_gpus(environment)
    if given is not None:
        if len(given) < wanted:
            has = f"has {len(given)} ({', '.join(given)})" if given else "has none"
            raise StudyError(f"its slots need {wanted} GPUs, but the scheduler's job {has}")
        return given[:wanted], ()
    found = find_gpus()
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if found:
        candidates = visible_ids(found, visible)
    elif visible:
        candidates = _ids(visible)
    else:
        candidates = tuple(map(str, range(_MOST_GPUS)))
    taken = dict(_lock_some(candidates, wanted))
    if len(taken) < wanted:
        raise StudyError(
            f"its slots need {wanted} GPUs, but only {len(taken)} of the {len(candidates)} on this host are free"
        )
    return tuple(taken), tuple(taken.values())


def given_gpus(environment: Mapping[str, str]) -> tuple[str, ...] | None:
    """Return the GPUs that the scheduler says are the job's alone; None where it says nothing."""
    if any(name in environment for name in _GIVERS):
        for name in _LISTS:
            if name in environment:
                return _ids(environment[name])
    for name in _SCHEDULERS_LISTS:
        if environment.get(name):
            return _ids(environment[name])
    return None


def _ids(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.replace(",", " ").split() if word != "NoDevFiles")


def _lock_some(candidates: Iterable[str], wanted: int) -> Iterable[tuple[str, int]]:
    """Yield so many GPUs that no other pilot on this host holds, with the lock of each."""
    folder = _lock_folder()
    for gpu_id in candidates:
        if wanted <= 0:
            return
        fd = os.open(folder / f"{gpu_id.replace('/', '_')}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            continue
        wanted -= 1
        yield gpu_id, fd


def _lock_folder() -> Path:
    """Return a folder of this user on this host; not TMPDIR, which schedulers set anew for each job."""
    folder = Path("/tmp", f"boxwright-gpus-{os.getuid()}")  # noqa: S108 (whose it is, is looked at)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return Path(tempfile.gettempdir())
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise StudyError(f"{folder} is not ours: somebody else made it. Have it removed from this host.")
    return folder


def _cores(slots: int, cores: int | None) -> tuple[tuple[int, ...], ...]:
    """Return the cores of each slot.

    Nothing is pinned where the job may use cores beyond its own: another pilot on this host would pin to the same.
    """
    usable = usable_cores()
    if cores is None or (len(usable) == os.cpu_count() and cores * slots < len(usable)):
        return ((),) * slots
    return deal_cores(usable, slots, cores)
