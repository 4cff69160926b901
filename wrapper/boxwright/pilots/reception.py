"""Where pilots come in: a listening port, and a folder with keys and settings that only this user can read."""

from __future__ import annotations

import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

import msgspec

from boxwright.errors import StudyError
from boxwright.pilots.addresses import listen, own_addresses
from boxwright.pilots.entrance import Entrance, Meet
from boxwright.pilots.messages import Settings
from boxwright.pilots.plan import PilotPlan
from boxwright.pilots.processes import SUBPROCESS
from boxwright.pilots.tls import context_for, make_keys
from boxwright.schedulers.base import JobSpec

HELLO_S = 15.0
"""Whoever connects has so long to show its certificate, and so long again to say what it is."""

_JOBS = "jobs"


def pilots_folder(study: Path) -> Path:
    """Return where a study has everything about its pilots."""
    return study / "pilots"


@dataclass(frozen=True, slots=True)
class Reception:
    """What is open for pilots.

    Attributes:
        door: Where they come in.
        spec: The job of one pilot.
        text: Where it is, in words.
    """

    door: Door
    spec: JobSpec
    text: str


@dataclass(frozen=True, slots=True)
class Door:
    """Where jobs of a study come in.

    Attributes:
        entrance: Calls back for each connection that has shown the study's certificate.
        keys: A folder that only this user can read; keys lie there.
        logs: Where job scripts and logs go.
        addresses: Where it may be reached.
    """

    entrance: Entrance
    keys: Path
    logs: Path
    addresses: tuple[str, ...]
    port: int

    def close(self) -> None:
        """Let nobody in any more; the keys are of no use then, and are taken away."""
        self.entrance.close()
        shutil.rmtree(self.keys, ignore_errors=True)


async def open_door(home: Path, plan: PilotPlan, meet: Meet) -> Door:
    """Make new keys, and listen.

    Raises:
        StudyError: No port can be had, or the folder cannot be written.
    """
    # A name of its own for each life of a controller: a job of an earlier one finds nothing and ends.
    keys = home / uuid.uuid4().hex[:12]
    only_here = plan.backend == SUBPROCESS
    addresses = ("127.0.0.1",) if only_here else own_addresses(plan.interface)
    listener = listen(plan.interface, plan.ports, only_here=only_here)
    port = listener.getsockname()[1]
    try:
        _make_home(home, keys)
        make_keys(keys)
        context = context_for(keys, server=True)
    except OSError as error:
        listener.close()
        raise StudyError(f"{home}: {error.strerror or error}") from error
    return Door(Entrance(listener, context, HELLO_S, meet), keys, home / _JOBS, addresses, port)


async def open_reception(study: Path, mark: str, plan: PilotPlan, meet: Meet) -> Reception:
    """Listen, and write down what a pilot has to know.

    Raises:
        StudyError: No port can be had, or the folder cannot be written.
    """
    home = pilots_folder(study)
    door = await open_door(home, plan, meet)
    settings = Settings(
        addresses=door.addresses,
        port=door.port,
        mark=mark,
        slots=plan.per_job,
        gpus=plan.gpus,
        cores=plan.cores,
        grace_s=plan.grace_s,
        signal_before_end_s=plan.signal_before_end_s,
        end_margin_s=plan.timing.end_margin_s,
        beat_s=plan.timing.beat_s,
        patience_s=plan.timing.patience_s,
    )
    path = door.keys / "settings.json"
    try:
        path.write_bytes(msgspec.json.encode(settings))
    except OSError as error:
        door.close()
        raise StudyError(f"{home}: {error.strerror or error}") from error
    return Reception(door, plan.job(path, door.logs), f"port {door.port} of {', '.join(door.addresses)}")


def _make_home(home: Path, keys: Path) -> None:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.chmod(0o700)
    for path in home.iterdir():
        if path.is_dir() and path.name != _JOBS:
            shutil.rmtree(path, ignore_errors=True)
    keys.mkdir(mode=0o700)
    (home / _JOBS).mkdir(exist_ok=True)
