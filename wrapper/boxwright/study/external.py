"""Joins an external optimizer's copies with what they ask for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from boxwright.errors import StudyError
from boxwright.propose.asktell import AskTell
from boxwright.propose.external import External
from boxwright.store.database import Store
from boxwright.store.layout import optimizer_folder, process_mark
from boxwright.study.copies import Copies
from boxwright.study.kept_seeds import KeptSeeds
from boxwright.study.ledger import StoreLedger
from boxwright.study.setup import Setup


def make_external(setup: Setup, store: Store, note: Callable[[str], None], log: Callable[[str], None]) -> External:
    """Return the proposer of a study whose optimizer is a command."""
    optimizer = setup.scenario.optimizer
    assert optimizer is not None
    mark = process_mark(store.study, store.meta("study_id"))
    copies = Copies(setup, store.study, optimizer_folder(store.study), mark, note, log)
    external = External(
        setup.space,
        StoreLedger(store, setup.scenario.study.objective.metric),
        limit_s=setup.scenario.limits.cutoff_s,
        study_seed=setup.scenario.study.seed,
        unknown=optimizer.unknown,
        repeated=optimizer.repeated,
        begin=lambda: copies.start(_Heard(external)),
        end=copies.close,
        log=log,
    )
    return external


def make_ask_tell(setup: Setup, store: Store, log: Callable[[str], None]) -> AskTell:
    """Return the proposer of a study whose optimizer is a command that is asked and told."""
    optimizer = setup.scenario.optimizer
    assert optimizer is not None
    mark = process_mark(store.study, store.meta("study_id"))
    folders = [optimizer_folder(store.study) / str(number) for number in range(1, optimizer.copies + 1)]
    kept = [KeptSeeds(setup, store.study, number, folder, mark) for number, folder in enumerate(folders, 1)]

    async def end() -> None:
        await asyncio.gather(*(each.close() for each in kept))

    return AskTell(
        setup.space,
        optimizer,
        kept,
        [folder / "stderr.log" for folder in folders],
        log,
        StoreLedger(store, setup.scenario.study.objective.metric).count,
        study_seed=setup.scenario.study.seed,
        end=end,
    )


class _Heard:
    def __init__(self, external: External) -> None:
        self._external = external

    def settled(self, copy: int) -> int:
        return self._external.settled[copy]

    def finish(self, failure: StudyError | None) -> None:
        self._external.finish(failure)
