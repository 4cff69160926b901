"""Reads what a run left: its answer, and the files that are to be kept."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

from boxwright.execute.messages import Ended, Exit
from boxwright.materialise import collect_outputs
from boxwright.parse import read_outcome
from boxwright.store.layout import output_folder, run_folder
from boxwright.study.costs import scored
from boxwright.study.setup import Setup
from boxwright.terms import Outcome, Status

NOT_COLLECTED = "outputs could not be collected"
"""How the reason of such a run begins; nothing of it is discarded then."""

_SMALL_LOG_BYTES = 64 * 1024


async def read_run(setup: Setup, study: Path, exit_: Exit) -> Outcome:
    """Return what a run came to, once its files were read and its outputs collected."""
    folder = run_folder(study, exit_.run)
    if _is_quick(setup, folder):
        outcome = _read(setup, study, exit_)
    else:
        outcome = await asyncio.to_thread(_read, setup, study, exit_)
    return scored(outcome, setup.scenario.study.objective, setup.scenario.limits)


def _is_quick(setup: Setup, folder: Path) -> bool:
    """Return whether the reading takes less time than handing it to a thread."""
    outputs, parse = setup.scenario.outputs, setup.scenario.parse
    if outputs.collect or outputs.require or parse.json or parse.regex:
        return False
    try:
        return (folder / "stdout.log").stat().st_size < _SMALL_LOG_BYTES
    except OSError:
        return True


def _read(setup: Setup, study: Path, exit_: Exit) -> Outcome:
    scenario = setup.scenario
    folder = run_folder(study, exit_.run)
    outcome = read_outcome(
        scenario.parse,
        scenario.study.objective,
        exit_,
        folder,
        has_postprocess=scenario.postprocess is not None,
        exit_code_matters=scenario.command.exit_code,
        cutoff_s=scenario.limits.cutoff_s,
    )
    outputs = scenario.outputs
    if exit_.ended_by is not Ended.EXITED or not (outputs.collect or outputs.require):
        return outcome
    try:
        collected = collect_outputs(outputs, folder, output_folder(study, exit_.run))
    except OSError as error:
        return _crashed(outcome, f"{NOT_COLLECTED}: {error}")
    if collected.missing and outcome.status is Status.SUCCESS:
        return _crashed(outcome, f"outputs.require: no file matches {', '.join(map(repr, collected.missing))}")
    return outcome


def _crashed(outcome: Outcome, reason: str) -> Outcome:
    return dataclasses.replace(outcome, status=Status.CRASHED, quality=None, reason=reason)
