"""What a scenario asks of batch jobs, and what can be said of it before anything is submitted."""

from __future__ import annotations

from pathlib import Path

import msgspec

from boxwright.errors import ScenarioError, UserError
from boxwright.execute.slots import plan_slots
from boxwright.jobs.files import BATCH, job_folder
from boxwright.pilots.plan import PilotPlan
from boxwright.scenario import Scenario, parse_size
from boxwright.scenario.durations import parse_duration, parse_ports
from boxwright.scenario.slot_faults import longest_run_s
from boxwright.scenario.slots import Slots
from boxwright.schedulers.base import JobSpec
from boxwright.schedulers.naming import job_name
from boxwright.schedulers.script import our_command
from boxwright.terms import Slot


def planned_slots(settings: Slots) -> tuple[Slot, ...]:
    """Return the slots of this machine; or, of batch jobs, as many as are wanted: what they have, a job will tell.

    Raises:
        ScenarioError: This machine has not as much as is asked for.
    """
    if settings.backend == "local":
        return plan_slots(settings)
    threads = settings.cores or 1
    return tuple(Slot(number, threads=threads) for number in range(settings.count or settings.per_job))


def pilot_plan(scenario: Scenario, folder: Path, study_id: str) -> PilotPlan:
    """Return what is asked of the pilots of a study.

    Args:
        scenario: Found sound.
        folder: Where its relative paths start.
        study_id: Makes the name of the jobs the study's own.
    """
    slots, limits = scenario.slots, scenario.limits
    goes_on = slots.signal_before_end_s is not None  # such runs need no time until their cutoff
    return PilotPlan(
        backend=slots.backend,
        name=job_name(scenario.study.name or "boxwright", study_id),
        count=slots.count or slots.per_job,
        per_job=slots.per_job,
        gpus=slots.gpus,
        cores=slots.cores,
        memory_bytes=None if slots.memory is None else parse_size(slots.memory),
        walltime_s=None if slots.walltime is None else parse_duration(slots.walltime),
        queue=slots.queue,
        account=slots.account,
        setup=slots.setup,
        extra=slots.extra,
        job_script=None if slots.job_script is None else folder / slots.job_script,
        interface=slots.interface,
        ports=parse_ports(slots.ports),
        idle_s=slots.idle_s,
        signal_before_end_s=slots.signal_before_end_s,
        grace_s=limits.grace_s,
        longest_run_s=0.0 if goes_on else longest_run_s(scenario),
    )


def run_job(scenario: Scenario, folder: Path, study_id: str, home: Path) -> JobSpec:
    """Return the batch job of one run, for ``slots.per_run_job``.

    Args:
        scenario: Found sound.
        folder: Where its relative paths start.
        study_id: Makes the name of the jobs the study's own.
        home: Where its script and log go, and what it reads.
    """
    plan = pilot_plan(scenario, folder, study_id)
    command = our_command("boxwright.jobs.job", str(home / BATCH))
    return msgspec.structs.replace(plan.job(home, home), argv=command)


def job_script(scenario: Scenario, folder: Path, study: Path, study_id: str) -> str:
    """Return the job script of a pilot, or of a run, as it would be submitted.

    Raises:
        UserError: The template, or a setting, cannot be what is meant.
    """
    from boxwright.pilots.processes import open_backend
    from boxwright.pilots.reception import pilots_folder

    if scenario.slots.per_run_job:
        return open_backend(scenario.slots.backend).script(run_job(scenario, folder, study_id, job_folder(study, 1)))
    home = pilots_folder(study)
    plan = pilot_plan(scenario, folder, study_id)
    return open_backend(plan.backend).script(plan.job(home / "KEYS" / "settings.json", home / "jobs"))


def refuse_bad_jobs(scenario: Scenario, folder: Path, place: str) -> None:
    """Refuse what no scheduler would take, or what this machine lacks for it.

    Raises:
        ScenarioError: A package, a command of the scheduler or a network interface is missing, or the job's script
            cannot be made.
    """
    backend = scenario.slots.backend
    if backend == "local":
        return
    from boxwright.pilots.addresses import own_addresses
    from boxwright.pilots.processes import SUBPROCESS
    from boxwright.pilots.tls import refuse_missing_package
    from boxwright.schedulers.known import missing_programs

    if not scenario.slots.per_run_job:
        refuse_missing_package(place)
    try:
        job_script(scenario, folder, Path("/study"), "check")
    except UserError as error:
        raise ScenarioError(error.problem, place=error.place or place) from error
    if backend != SUBPROCESS and (missing := missing_programs(backend)):
        raise ScenarioError(
            f'slots.backend = "{backend}", but its command {missing[0]} is not on PATH. Start boxwright on a host '
            "that may submit jobs; `boxwright doctor` says what is found here.",
            place=place,
        )
    if scenario.slots.interface is not None:
        own_addresses(scenario.slots.interface)
