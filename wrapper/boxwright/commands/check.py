"""``check``: says what a study would do, file by file, and does nothing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from boxwright.materialise import Plan
    from boxwright.study.setup import Setup
    from boxwright.terms import Config


@dataclass(frozen=True, slots=True)
class Check:
    """What a study would be, and what its first run would be."""

    setup: Setup
    plan: Plan


def check(scenario: str | Path, *, settings: Sequence[str] = ()) -> Check:
    """Check a scenario against its space, its files and this machine, and plan its first run.

    Raises:
        UserError: Something is wrong, at a known place.
    """
    from boxwright.materialise import RunContext
    from boxwright.scenario import load_scenario
    from boxwright.store.layout import run_folder
    from boxwright.study.setup import planned_folder, prepare
    from boxwright.terms import Trial

    loaded = load_scenario(Path(scenario), settings)
    setup = prepare(loaded)
    config = _first_config(setup)
    study = planned_folder(loaded.scenario)
    rows = setup.scenario.instances.rows
    instance, seed = rows[0] if rows else (setup.scenario.example_instance, None)
    seed = setup.scenario.study.seed if seed is None else seed
    trial = Trial(1, config, instance=instance, seed=seed, origin="check")
    folder = run_folder(study.absolute(), 1)
    context = RunContext(
        run=1, trial=trial, slot=setup.slots[0], folder=folder, study=study.absolute(), mark="check", attempt=1
    )
    return Check(setup, setup.materialiser.plan(context))


def _first_config(setup: Setup) -> Config:
    """Return what runs first: the scenario's own choice, else the best of earlier runs, else the default."""
    from boxwright.propose.first import first_configs

    optimizer = setup.scenario.optimizer
    if optimizer is None:
        return next(setup.configs())
    if optimizer.first:
        return first_configs(setup.space, optimizer)[0]
    warm = setup.warm_start.told(setup.scenario.study.objective.direction, noisy=setup.scenario.is_noisy)
    return warm.best or setup.space.default()


def check_command(scenario: str, *, settings: Sequence[str]) -> int:
    """Do ``boxwright check``."""
    from boxwright.errors import one_line
    from boxwright.materialise import describe_plan
    from boxwright.parse.sources import answer_sources
    from boxwright.propose.kinds import hosted_kinds, seed_count, seed_kinds
    from boxwright.report.words import counted, value_text

    found = check(scenario, settings=settings)
    setup = found.setup
    write = sys.stdout.write
    if setup.scenario.optimizer is not None:
        optimizer = setup.scenario.optimizer
        seeds = seed_count(optimizer, len(setup.slots))
        named = dict.fromkeys(each.name for each in hosted_kinds(optimizer) or seed_kinds(optimizer, seeds))
        kinds = "" if list(named) == ["auto"] else f" ({', '.join(named)})"
        kind = f"SMAC{kinds}, {counted(seeds, 'seed')}{' that share a model' if seeds > 1 else ''}"
        if optimizer.command is not None:
            copies = "copy" if optimizer.copies == 1 else "copies"
            kind = f"an optimizer of your own, {optimizer.copies} {copies}"
    else:
        assert setup.scenario.design is not None
        replicates = setup.scenario.design.replicates
        kind = f"{setup.scenario.design.__struct_config__.tag} design"
        kind += f", {replicates} replicates" if replicates > 1 else ""
    trials = "an unknown number of trials" if setup.total is None else counted(setup.total, "trial")
    objective = setup.scenario.study.objective
    write(f"{setup.place}: sound. {trials}, {kind}; ")
    write(f"{objective.direction} {objective.metric}; {counted(len(setup.slots), 'slot')}\n")
    sources = answer_sources(
        setup.scenario.parse, objective.metric, has_postprocess=setup.scenario.postprocess is not None
    )
    write(f"answer: {one_line(', or '.join(sources))}\n")
    write(
        "default: " + " ".join(f"{name}={value_text(value)}" for name, value in setup.space.default().items()) + "\n"
    )
    for note in setup.warm_start.notes:
        write(f"{one_line(note)}\n")
    if setup.scenario.slots.backend != "local":
        write(f"\nEach job would be:\n{_job_script(setup)}")
    else:
        for slot in setup.slots:
            cores = ",".join(map(str, slot.cores)) or "not pinned"
            write(f"slot {slot.number}: GPUs {','.join(slot.gpus) or 'none'}; cores {cores}\n")
    write(f"\nThe first run would be:\n{describe_plan(found.plan)}")
    for warning in setup.warnings:
        sys.stderr.write(f"warning: {warning}\n")
    return 0


def _job_script(setup: Setup) -> str:
    """Return the script of a job, indented; nothing is submitted."""
    from boxwright.errors import one_line
    from boxwright.study.job_plan import job_script
    from boxwright.study.setup import planned_folder

    text = job_script(setup.scenario, setup.folder, planned_folder(setup.scenario).absolute(), "check")
    return "".join(f"  | {one_line(line)}\n" for line in text.splitlines())
