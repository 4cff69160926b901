"""``submit``: puts the controller of a study into the queue, as a batch job of its own."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from boxwright.errors import BoxwrightError, UserError

if TYPE_CHECKING:
    from boxwright.scenario import LoadedScenario, Scenario
    from boxwright.schedulers.base import JobSpec


@dataclass(frozen=True, slots=True)
class Wish:
    """What the job of a controller is to have; None for what the scenario says, or else the scheduler.

    Attributes:
        scheduler: As ``slots.backend`` names it.
        walltime: As ``slots.walltime``.
        memory: As ``slots.memory``.
        extra: Further options of the scheduler, as ``slots.extra``.
    """

    scheduler: str | None = None
    queue: str | None = None
    account: str | None = None
    walltime: str | None = None
    cores: int | None = None
    gpus: int | None = None
    memory: str | None = None
    extra: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Submitted:
    """A controller in the queue.

    Attributes:
        job: Its id.
        study: The folder that there will be.
        logs: Where its job script and its talk lie.
    """

    job: str
    study: Path
    logs: Path


def submit(
    scenario: str | Path,
    *,
    study: str | Path | None = None,
    settings: Sequence[str] = (),
    wish: Wish | None = None,
) -> Submitted:
    """Put the controller of a new study into the queue; or that of an old one, which then resumes.

    Args:
        scenario: A scenario file, a folder that holds ``scenario.toml``, or a study.
        study: The folder to make; ``studies/<name>`` if None.
        settings: ``key=value`` texts that go before what the scenario says.
        wish: What the job is to have.

    Raises:
        UserError: The scenario, the folder or this machine is not as it should be; nothing was queued.
        SchedulerError: The scheduler refuses the job.
    """
    from boxwright.commands.queued import ControllerJob, keep_job, refuse_missing_commands, refuse_queued
    from boxwright.scenario import load_scenario
    from boxwright.schedulers.known import open_scheduler
    from boxwright.store.creating import check_new_study
    from boxwright.store.layout import is_study
    from boxwright.study.control import is_running
    from boxwright.study.setup import planned_folder, prepare

    source = Path(scenario).absolute()
    wish = wish or Wish()
    verb: tuple[str, ...]
    if is_study(source):
        if is_running(source):
            raise UserError(f"its controller is at work: boxwright status -f {source}", place=str(source))
        loaded, folder, verb = load_scenario(source / "scenario.toml", settings), source, ("resume", str(source))
    else:
        loaded = load_scenario(source, settings)
        folder = Path(study or planned_folder(loaded.scenario)).absolute()
        check_new_study(folder)
        verb = ("run", str(source), "--study", str(folder))
        prepare(_without_slots(loaded) if loaded.scenario.slots.backend == "local" else loaded)
    backend = _scheduler(wish, loaded.scenario)
    refuse_missing_commands(backend)
    refuse_queued(folder)
    sets = [word for text in settings for word in ("--set", text)]
    spec = _spec(wish, loaded, folder, (*verb, *sets))
    was_there = spec.folder.exists()
    try:
        (job,) = asyncio.run(open_scheduler(backend).submit(spec))
    except BoxwrightError:
        if not was_there:
            shutil.rmtree(spec.folder, ignore_errors=True)
        raise
    keep_job(folder, ControllerJob(backend=backend, job=job, name=spec.name, resumes=verb[0] == "resume"))
    return Submitted(job, folder, spec.folder)


def _without_slots(loaded: LoadedScenario) -> LoadedScenario:
    """Return the scenario for a machine that need not have what its slots ask for: they will be the job's."""
    from boxwright.scenario.slots import Slots

    return replace(loaded, scenario=msgspec.structs.replace(loaded.scenario, slots=Slots()))


def _scheduler(wish: Wish, scenario: Scenario) -> str:
    from boxwright.schedulers.finding import find_schedulers

    if wish.scheduler is not None:
        return wish.scheduler
    if scenario.slots.backend not in ("local", "subprocess"):
        return scenario.slots.backend
    found = list(find_schedulers())
    if len(found) == 1:
        return found[0]
    which = f"There are several: {', '.join(found)}" if found else "None is found here"
    raise UserError(f"to which scheduler? {which}. Name it with --scheduler.", place="submit")


def _spec(wish: Wish, loaded: LoadedScenario, study: Path, words: Sequence[str]) -> JobSpec:
    from boxwright.commands.queued import job_folder
    from boxwright.scenario import parse_size
    from boxwright.scenario.durations import parse_duration
    from boxwright.schedulers.base import JobSpec
    from boxwright.schedulers.naming import clean_name
    from boxwright.schedulers.script import our_command

    slots = loaded.scenario.slots
    is_whole_study = slots.backend == "local"  # its runs are carried out in this very job
    count = (slots.count or 1) if is_whole_study else 0
    walltime = wish.walltime or (slots.walltime if is_whole_study else None)
    try:
        walltime_s = None if walltime is None else parse_duration(walltime)
        if wish.memory is not None:
            memory_bytes: int | None = parse_size(wish.memory)
        else:
            memory_bytes = None if slots.memory is None or not count else count * parse_size(slots.memory)
    except ValueError as error:
        raise UserError(str(error), place="submit") from error
    own_script = loaded.folder / slots.job_script if is_whole_study and slots.job_script else None
    return JobSpec(
        name=clean_name(f"bw-{study.name}"),
        argv=our_command("boxwright", *words),
        folder=job_folder(study),
        cores=wish.cores or max(1, (slots.cores or 1) * count),
        gpus=slots.gpus * count if wish.gpus is None else wish.gpus,
        memory_bytes=memory_bytes,
        walltime_s=walltime_s,
        queue=wish.queue or slots.queue,
        account=wish.account or slots.account,
        setup=slots.setup,
        extra=(*(slots.extra if is_whole_study else ()), *wish.extra),
        job_script=own_script,
    )


def submit_command(scenario: str, *, study: str | None, settings: Sequence[str], wish: Wish) -> int:
    """Do ``boxwright submit``."""
    done = submit(scenario, study=study, settings=settings, wish=wish)
    sys.stdout.write(f"job: {done.job}\nstudy: {done.study}\n")
    sys.stderr.write(f"follow it with: boxwright status -f {done.study}\nit talks in: {done.logs}\n")
    return 0
