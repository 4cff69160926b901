"""Where the runs of a study are carried out: by this machine, by pilots in batch jobs, or in jobs of their own."""

from __future__ import annotations

import json
from collections.abc import Callable

from boxwright.errors import UserError
from boxwright.execute.local import LocalExecutor
from boxwright.execute.messages import Event
from boxwright.jobs.elsewhere import refuse_runs_of_elsewhere
from boxwright.jobs.executor import JobExecutor
from boxwright.jobs.underway import JobCounts
from boxwright.pilots.crew import PilotCounts
from boxwright.pilots.remote import RemoteExecutor
from boxwright.schedulers.known import open_scheduler
from boxwright.store.database import Store
from boxwright.store.layout import JOBS, PILOTS, process_mark
from boxwright.study.job_plan import pilot_plan, run_job
from boxwright.study.setup import Setup
from boxwright.study.watching import Watcher

Executor = LocalExecutor | RemoteExecutor | JobExecutor
MOST_SLOTS = 4096


def make_executor(
    setup: Setup,
    store: Store,
    on_event: Callable[[Event], None],
    *,
    left: Callable[[], int | None],
    watcher: Watcher,
    log: Callable[[str], None],
) -> Executor:
    """Return the executor that the scenario asks for; raises UserError if runs are under way elsewhere.

    Args:
        setup: Of the study.
        store: Of the study; hears how many pilots, or jobs, there are.
        on_event: Takes the executor's events.
        left: Returns how many runs are still to be made or under way; None where that is not known.
        watcher: Hears of pilots.
        log: Takes a line for the study's log.
    """
    mark = process_mark(store.study, store.meta("study_id"))
    store.set_meta(PILOTS, "")
    store.set_meta(JOBS, "")
    slots = setup.scenario.slots
    under_way = [(record.run, record.slot) for record in store.runs(running=True)]
    refuse_runs_of_elsewhere(store.study, under_way, slots.backend if slots.per_run_job else None)
    if slots.backend == "local":
        return LocalExecutor(store.study, mark, setup.slots, on_event)
    if setup.scenario.slots.per_run_job:
        spec = run_job(setup.scenario, setup.folder, store.meta("study_id"), store.study)
        scheduler = open_scheduler(setup.scenario.slots.backend)

        is_told = False

        def counted(counts: JobCounts) -> None:
            nonlocal is_told
            if counts.queued and not counts.running and not is_told:
                is_told = True
                watcher.note(f"jobs: {counts.queued} queued, none running yet")
            numbers = {"queued": counts.queued, "running": counts.running, "slots": counts.slots}
            store.set_meta(JOBS, json.dumps(numbers))

        return JobExecutor(
            store.study, setup.slots, scheduler, spec, on_event, say=log, warn=watcher.note, changed=counted
        )

    def changed(counts: PilotCounts) -> None:
        numbers = {"queued": counts.queued, "running": counts.running, "slots": len(counts.slots)}
        store.set_meta(PILOTS, json.dumps(numbers))
        watcher.slots_changed(counts.slots, f"pilots: {counts.queued} queued, {counts.running} running")

    plan = pilot_plan(setup.scenario, setup.folder, store.meta("study_id"))
    return RemoteExecutor(store.study, mark, plan, on_event, left=left, say=log, warn=watcher.note, changed=changed)


def change_slots(executor: Executor, words: str) -> tuple[int, str]:
    """Change how many slots a running study wants.

    Args:
        executor: Of the study.
        words: ``+8`` and ``-4`` change the number, ``12`` sets it.

    Returns:
        How many there are to be, and what was done, in words.

    Raises:
        UserError: It cannot be.
    """
    if isinstance(executor, LocalExecutor):
        raise UserError("the slots of one machine are cut when a study starts: resume it with --slots")
    digits = words[1:] if words[:1] in ("+", "-") else words
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 6:
        raise UserError(f'"{words}" is no number of slots. Write +8, -4 or 12')
    count = int(digits) if digits == words else executor.count + int(words)
    if not 1 <= count <= MOST_SLOTS:
        raise UserError(f"{count} slots are out of range: 1 to {MOST_SLOTS}")
    before, after = executor.count, executor.change_count(count)
    return after, f"have {after} slots instead of {before}"
