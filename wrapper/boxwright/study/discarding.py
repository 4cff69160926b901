"""Deletes what a run leaves and nobody wants, once its outcome is on disk.

Not before: the answer may stand in a file that is discarded, and a controller that is killed in between must find it
again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from boxwright.execute.exits import read_exit
from boxwright.execute.messages import Ended, Exit
from boxwright.materialise import discard_outputs
from boxwright.scenario import Scenario
from boxwright.store.database import Store
from boxwright.store.layout import run_folder
from boxwright.study.reading import NOT_COLLECTED
from boxwright.terms import Outcome

_LATEST_RUNS = 1000
"""A slot gets no new run before the old one's files are gone, so what a killed controller left is among the last."""


async def discard_after_run(
    scenario: Scenario, study: Path, exit_: Exit, outcome: Outcome, note: Callable[[str], None]
) -> None:
    """Delete what is to be discarded of a run whose outcome is recorded; a refusal is no more than a note."""
    patterns = scenario.outputs.discard
    if not patterns or exit_.ended_by is not Ended.EXITED or outcome.reason.startswith(NOT_COLLECTED):
        return
    try:
        await asyncio.to_thread(discard_outputs, patterns, run_folder(study, exit_.run))
    except OSError as error:
        note(f"run {exit_.run}: outputs.discard: {error}")


def discard_left_over(scenario: Scenario, store: Store, log: Callable[[str], None]) -> None:
    """Delete what a killed controller had no time to discard of the runs that ended last."""
    patterns = scenario.outputs.discard
    if not patterns:
        return
    for record in store.latest_ended(_LATEST_RUNS):
        folder = run_folder(store.study, record.run)
        exit_ = read_exit(folder, record.run)
        if exit_ is None or exit_.ended_by is not Ended.EXITED or record.reason.startswith(NOT_COLLECTED):
            continue
        try:
            discard_outputs(patterns, folder)
        except OSError as error:
            log(f"run {record.run}: outputs.discard: {error}")
