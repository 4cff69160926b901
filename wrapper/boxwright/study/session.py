"""Starts a new study or takes an old one up, and carries it out: the whole way from scenario to summary."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from boxwright.errors import BoxwrightError, StudyError, UserError
from boxwright.parse.searching import close_searchers
from boxwright.propose.base import Proposer
from boxwright.propose.unasked import Unasked
from boxwright.scenario import load_scenario
from boxwright.space import space_from_json, space_to_json
from boxwright.store.connecting import has_no_study
from boxwright.store.creating import check_new_study, create_study
from boxwright.store.database import Store
from boxwright.store.layout import DATABASE, SCENARIO, SPACE, WARM_RUNS, is_study
from boxwright.store.recovery import recover_runs, restore_database
from boxwright.study.bookkeeping import CarefulTable, open_table, study_log
from boxwright.study.changes import changed_scenario, check_size, keep_scenario
from boxwright.study.control import control_server, controller_lock
from boxwright.study.controller import Controller
from boxwright.study.csv_copy import find_rows, keep_rows, kept_rows
from boxwright.study.discarding import discard_left_over
from boxwright.study.external import make_ask_tell, make_external
from boxwright.study.goal import GIVEN_UP
from boxwright.study.orders import Orders
from boxwright.study.publishing import publishing
from boxwright.study.setup import Setup, make_proposer, planned_folder, prepare
from boxwright.study.smac2_files import refuse_others_files
from boxwright.study.state import mark_stopping
from boxwright.study.summary import Summary
from boxwright.study.warm_start import kept_warm_start
from boxwright.study.watching import SafeWatcher, Watcher
from boxwright.terms import Status


def new_study(
    scenario: Path, *, study: Path | None, overrides: Sequence[str], watcher: Watcher, opened: Callable[[Path], None]
) -> Summary:
    """Carry a scenario out in a new study folder.

    Args:
        scenario: A scenario file, or a folder that holds ``scenario.toml``.
        study: The folder to make; ``studies/<name>`` if None.
        overrides: ``key=value`` texts that go before what the scenario says.
        watcher: Hears what goes on.
        opened: Called with the study folder once it is there.

    Returns:
        How it was left.

    Raises:
        UserError: The scenario, the folder or this machine is not as it should be; nothing was written.
        StudyError: The study cannot go on.
    """
    watcher = SafeWatcher(watcher)
    _refuse_study(scenario)
    loaded = load_scenario(scenario, overrides)
    folder = (study or planned_folder(loaded.scenario)).absolute()
    check_new_study(folder)
    setup = prepare(loaded)
    refuse_others_files(setup, folder)
    meta = {"stages": ",".join(map(str, setup.stages))}
    copies = {**kept_rows(setup.scenario, setup.folder), WARM_RUNS: setup.warm_start.as_lines()}
    space_text = space_to_json(setup.space)
    with (
        create_study(folder, scenario_text=setup.text, space_text=space_text, meta=meta, copies=copies) as store,
        controller_lock(folder),
    ):
        opened(folder)  # whoever hears of it finds somebody at work on it
        notes = [*(f"warning: {text}" for text in setup.warnings), *setup.warm_start.notes]
        for note in notes:
            watcher.note(note)
        return _carry_out(setup, store, watcher, notes)


def _refuse_study(scenario: Path) -> None:
    """Refuse a study where a scenario is wanted: what it was made from would be run once more, from the start."""
    folder = scenario if scenario.is_dir() else scenario.parent
    if is_study(folder) and (folder / DATABASE).exists():
        raise UserError(
            f"is a study, made from a scenario. Go on with it: boxwright resume {folder}. "
            "For a new one, copy its scenario.toml elsewhere.",
            place=str(scenario),
        )


def resume_study(
    folder: Path, *, overrides: Sequence[str], watcher: Watcher, retry: Sequence[Status] = ()
) -> Summary:
    """Take a study up where it was left: adopt what is still running, and go on.

    Args:
        folder: The study folder.
        overrides: ``key=value`` texts, e.g. ``design.runs=100`` to extend it.
        watcher: Hears what goes on.
        retry: Trials that such a run has settled are run once more.

    Returns:
        How it was left.

    Raises:
        UserError: It is no study, or somebody else is at work on it.
        StudyError: The study cannot go on.
    """
    watcher = SafeWatcher(watcher)
    folder = folder.absolute()
    if not is_study(folder):
        raise UserError(f"is no study: it holds no {SCENARIO} and {SPACE}.", place=str(folder))
    with controller_lock(folder):
        space = space_from_json((folder / SPACE).read_text(encoding="utf-8"))
        if has_no_study(folder / DATABASE):
            restore_database(folder)
        with Store(folder, write=True) as store:
            recover_runs(store)
            stages = tuple(int(stage) for stage in store.meta("stages").split(",") if stage)
            loaded, changes = changed_scenario(folder, overrides, runs=stages[-1] if stages else None)
            rows = find_rows(folder)
            warm_start = kept_warm_start(folder, loaded.scenario, space)
            rows_path = rows.path if rows else None
            setup = prepare(loaded, space=space, stages=stages, rows=rows_path, warm_start=warm_start)
            check_size(setup, store)
            keep_rows(rows)
            if changes:
                keep_scenario(folder, loaded)
            store.set_meta("stages", ",".join(map(str, setup.stages)))
            notes = ["; ".join(change.text for change in changes)] if changes else []
            if rows and rows.note:
                watcher.note(rows.note)
            if setup.size_note:
                watcher.note(setup.size_note)
            if retry:
                notes.append(_reopen(store, retry))
                watcher.note(notes[-1])
            return _carry_out(setup, store, watcher, notes)


def _reopen(store: Store, statuses: Sequence[Status]) -> str:
    """Let trials be run once more; return in one line how many."""
    number = store.reopen_trials(statuses)
    if number:
        store.set_meta(GIVEN_UP, "")  # what they come to may change what is promised
    trials = f"{number} trial{'' if number == 1 else 's'}"
    return f"{trials} with the outcome {' or '.join(statuses)}: {'run again' if number else 'nothing to run again'}"


def _carry_out(setup: Setup, store: Store, watcher: Watcher, notes: Sequence[str]) -> Summary:
    with study_log(store.study, watcher.note) as log:
        for note in notes:
            log(note)
        discard_left_over(setup.scenario, store, log)
        try:
            with open_table(setup, store.study, watcher.note) as table:
                return asyncio.run(_session(setup, store, table, watcher, log))
        finally:
            close_searchers()


async def _session(
    setup: Setup, store: Store, table: CarefulTable, watcher: Watcher, log: Callable[[str], None]
) -> Summary:
    optimizer, external = setup.scenario.optimizer, None
    proposer: Proposer
    if optimizer is None or optimizer.command is None:
        proposer = make_proposer(setup, store.study, log)
    elif optimizer.protocol == "ask-tell":
        proposer = make_ask_tell(setup, store, watcher.note, log)
    else:
        proposer = external = make_external(setup, store, watcher.note, log)
    # No proposer hears of runs that a person wants beside those that it has proposed.
    controller = Controller(setup, store, Unasked(proposer), table, watcher, log)
    orders = Orders(controller, store, setup, proposer, watcher, log)
    if external is not None:
        external.attach(controller.kill_trial)
    log(f"slots: {len(setup.slots)}, trials: {setup.total or '?'}")
    # For `status`: until it is through, a study whose controller is gone counts as interrupted.
    store.set_meta("target", "" if setup.total is None else str(setup.total + store.trials_again()))
    store.set_meta("left", "")
    store.set_meta("paused", "")
    mark_stopping(store, stopping=False)
    store.set_noisy(setup.scenario.gathers_runs)
    store.set_least_runs(max(1, len(setup.scenario.instances.rows)))
    store.set_meta("reason", "")
    with _signals(controller, watcher):
        async with (
            publishing(setup.scenario.publish, store.study, _teller(watcher, log)),
            control_server(store.study, orders.obey, external),
        ):
            try:
                summary = await controller.run()
            except StudyError as error:
                with contextlib.suppress(BoxwrightError):  # it may be the disk
                    store.set_meta("reason", str(error))
                log(f"left: {error}")
                raise
    store.set_meta("left", summary.left)
    store.set_meta("reason", summary.reason)
    log(f"left with {summary.settled} trials settled, {summary.failed} without an answer")
    return summary


def _teller(watcher: Watcher, log: Callable[[str], None]) -> Callable[[str], None]:
    def tell(text: str) -> None:
        watcher.note(text)
        log(text)

    return tell


@contextmanager
def _signals(controller: Controller, watcher: Watcher) -> Iterator[None]:
    """Ctrl-C once: no new runs, wait. Twice, or TERM: stop the runs and leave a study that resumes.

    Three times, or after Ctrl-C upon TERM: do not even wait until they are stopped.
    A terminal that is closed leaves the runs alone: they go on without it, and `boxwright resume` takes them up.
    """
    loop = asyncio.get_running_loop()

    def on_interrupt() -> None:
        if controller.interrupted:
            controller.let_go()
        elif controller.stopping:
            watcher.note("stopping the runs under way; continue later with `boxwright resume`")
            controller.interrupt()
        else:
            watcher.note("no new runs; waiting for those under way (Ctrl-C again stops them)")
            controller.stop()

    handlers = {
        signal.SIGINT: on_interrupt,
        signal.SIGTERM: controller.interrupt,
        signal.SIGHUP: controller.let_go,
    }
    # nohup, and & in a script, have a signal ignored: the person wants the study to go on through it.
    heard = [number for number in handlers if signal.getsignal(number) is not signal.SIG_IGN]
    with contextlib.suppress(ValueError, RuntimeError):  # not in the main thread: the caller handles signals
        for number in heard:
            loop.add_signal_handler(number, handlers[number])
    try:
        yield
    finally:
        with contextlib.suppress(ValueError, RuntimeError):
            for number in heard:
                loop.remove_signal_handler(number)
