"""Joins an external optimizer's copies with what they ask for."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable
from pathlib import Path

from boxwright.pilots.copy_jobs import CopyJobs
from boxwright.propose.asktell import AskTell
from boxwright.propose.base import Proposer
from boxwright.propose.external import MOST_OPEN, External
from boxwright.propose.on_instances import OnInstances
from boxwright.store.database import Store
from boxwright.store.layout import optimizer_folder, process_mark
from boxwright.study.control import socket_path
from boxwright.study.copies import Copies
from boxwright.study.job_plan import pilot_plan
from boxwright.study.kept_seeds import KeptSeeds
from boxwright.study.ledger import StoreLedger
from boxwright.study.setup import Setup

_OTHER_FILES = 512
"""What a study may have open beside the lines of its optimizers: slots, logs, folders that are being made."""


def make_external(setup: Setup, store: Store, note: Callable[[str], None], log: Callable[[str], None]) -> External:
    """Return the proposer of a study whose optimizer is a command."""
    optimizer = setup.scenario.optimizer
    assert optimizer is not None
    mark = process_mark(store.study, store.meta("study_id"))
    home, jobs = optimizer_folder(store.study), None
    if optimizer.where == "job" and setup.scenario.slots.backend != "local":
        plan = pilot_plan(setup.scenario, setup.folder, store.meta("study_id"))
        jobs = CopyJobs(home / "jobs", plan, lambda: _reach(store.study), log)
    copies = Copies(setup, store.study, home, mark, note, log, jobs)
    cutoff_s, par = setup.scenario.limits.cutoff_s, setup.scenario.study.objective.par
    external = External(
        setup.space,
        StoreLedger(store, setup.scenario.study.objective.metric),
        limit_s=cutoff_s,
        timeout_cost=None if par is None or cutoff_s is None else par * cutoff_s,
        instances=setup.scenario.instances.names,
        study_seed=setup.scenario.study.seed,
        unknown=optimizer.unknown,
        repeated=optimizer.repeated,
        most_open=_most_open(),
        begin=lambda: copies.start(_Heard(external)),
        end=copies.close,
        log=log,
    )
    return external


async def _reach(study: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    with socket_path(study) as path:
        return await asyncio.open_unix_connection(path)


def make_ask_tell(setup: Setup, store: Store, note: Callable[[str], None], log: Callable[[str], None]) -> Proposer:
    """Return the proposer of a study whose optimizer is a command that is asked and told."""
    optimizer = setup.scenario.optimizer
    assert optimizer is not None
    mark = process_mark(store.study, store.meta("study_id"))
    folders = [optimizer_folder(store.study) / str(number) for number in range(1, optimizer.copies + 1)]
    kept = [KeptSeeds(setup, store.study, number, folder, mark) for number, folder in enumerate(folders, 1)]

    async def end() -> None:
        await asyncio.gather(*(each.close() for each in kept))

    ask_tell = AskTell(
        setup.space,
        optimizer,
        kept,
        [folder / "stderr.log" for folder in folders],
        log,
        note,
        StoreLedger(store, setup.scenario.study.objective.metric).count,
        study_seed=setup.scenario.study.seed,
        warm=setup.warm_start.told(setup.scenario.study.objective.direction, noisy=setup.scenario.is_noisy).told,
        end=end,
    )
    rows = setup.scenario.instances.rows
    return OnInstances(ask_tell, rows, study_seed=setup.scenario.study.seed) if rows else ask_tell


def _most_open() -> int:
    """Return how many evaluations may be open, each with a connection; what the study itself opens is left for it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_OPEN + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return MOST_OPEN if soft == resource.RLIM_INFINITY else max(1, min(MOST_OPEN, soft - _OTHER_FILES))


class _Heard:
    def __init__(self, external: External) -> None:
        self._external = external

    def settled(self, copy: int) -> int:
        return self._external.settled[copy]

    def finish(self, failure: Exception | None) -> None:
        self._external.finish(failure)
