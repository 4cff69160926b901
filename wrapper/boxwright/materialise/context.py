"""What one run is about, and the names that templates may use for it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from boxwright.gallery import gallery_root
from boxwright.scenario.model import Scenario
from boxwright.terms import Slot, Trial


@dataclass(frozen=True, slots=True)
class RunContext:
    """One run that is about to be planned.

    Attributes:
        run: Its number.
        folder: Its own folder; need not exist yet.
        study: The study's folder.
        mark: Tells this study's processes from those of others.
        attempt: 1 for the first run of the trial.
    """

    run: int
    trial: Trial
    slot: Slot
    folder: Path
    study: Path
    mark: str
    attempt: int = 1


OWN_NAMES = (
    "config",
    "seed",
    "instance",
    "budget",
    "cutoff_s",
    "run",
    "trial",
    "slot",
    "gpus",
    "gpu",
    "threads",
    "run_folder",
    "study_folder",
    "scenario_dir",
    "gallery",
    "python",
)
"""Names that templates know beside the parameters. A parameter of the same name hides ours."""


def constant_values(scenario: Scenario, scenario_folder: Path) -> dict[str, object]:
    """Return the names that mean the same in every run of a study."""
    values: dict[str, object] = {
        "scenario_dir": str(scenario_folder),
        "gallery": str(gallery_root()),
        "python": sys.executable,
    }
    if scenario.limits.cutoff_s is not None:
        values["cutoff_s"] = scenario.limits.cutoff_s
    return values


def template_values(context: RunContext, constants: Mapping[str, object]) -> dict[str, object]:
    """Return all names of one run; what does not exist (no instance, no budget, no cutoff) has no name either."""
    trial, slot = context.trial, context.slot
    values: dict[str, object] = {
        **constants,
        "config": trial.config,
        "seed": trial.seed,
        "run": context.run,
        "trial": trial.number,
        "slot": slot.number,
        "gpus": list(slot.gpus),
        "gpu": ",".join(slot.gpus),
        "threads": slot.threads,
        "run_folder": str(context.folder),
        "study_folder": str(context.study),
    }
    if trial.cutoff_s is not None:
        values["cutoff_s"] = trial.cutoff_s
    if trial.instance is not None:
        values["instance"] = trial.instance
    if trial.budget is not None:
        values["budget"] = trial.budget
    values.update(trial.config)
    return values
