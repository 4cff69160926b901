"""What a person may want of a controller at work. Each order that is carried out is a line in ``study.log``."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from boxwright.errors import BoxwrightError, UserError, one_line
from boxwright.json_faults import NOT_JSON
from boxwright.propose import DesignProposer, Proposer
from boxwright.propose.base import CountsRuns
from boxwright.propose.trial_list import TrialListProposer
from boxwright.scenario.designs import TrialList
from boxwright.store.database import Store
from boxwright.store.records import RunRecord
from boxwright.study.changes import changed_scenario, check_size, keep_scenario
from boxwright.study.control import Answer, Order
from boxwright.study.controller import Controller
from boxwright.study.csv_copy import find_rows, keep_rows
from boxwright.study.executors import change_slots
from boxwright.study.setup import Setup, prepare
from boxwright.study.watching import Watcher


class Orders:
    """Carries out orders to one controller.

    Args:
        setup: What the controller began with.
        proposer: Who says what runs next.
        log: Takes a line for each order.
    """

    def __init__(
        self,
        controller: Controller,
        store: Store,
        setup: Setup,
        proposer: Proposer,
        watcher: Watcher,
        log: Callable[[str], None],
    ) -> None:
        self._controller = controller
        self._store = store
        self._setup = setup
        self._proposer = proposer
        self._watcher = watcher
        self._log = log

    def obey(self, line: bytes) -> Answer:
        """Carry out an order that came in as JSON, and say what became of it."""
        try:
            order = msgspec.json.decode(line, type=Order)
        except NOT_JSON as error:
            return Answer(False, one_line(f"not understood: {error}"))
        try:
            text = self._carry_out(order)
        except (BoxwrightError, OSError) as error:
            return Answer(False, str(error))
        if text:
            self._log(f"told to {text}")
        return Answer(True, text)

    def _carry_out(self, order: Order) -> str:  # noqa: PLR0911  one for each order
        """Do it; return in words what was done, empty for nothing.

        Raises:
            BoxwrightError, OSError: It cannot be done.
        """
        match order.do:
            case "ping":
                return ""
            case "kill":
                return self._kill(order.run)
            case "stop":
                return self._stop(now=order.now)
            case "pause" | "continue":
                return self._pause(paused=order.do == "pause")
            case "retry":
                return self._retry(order.run)
            case "again":
                return self._again(order.run)
            case "extend":
                return self._extend(order.runs)
            case "slots":
                return self._slots(order.slots)

    def _kill(self, run: int | None) -> str:
        if run is None or not self._controller.kill(run):
            raise UserError(f"run {run} is not running")
        return f"kill run {run}"

    def _stop(self, *, now: bool) -> str:
        if now:
            self._watcher.note("told to stop: the runs under way are being stopped")
            self._controller.interrupt()
            return "stop, the runs under way, too"
        self._watcher.note("told to stop: no new runs; waiting for those under way")
        self._controller.stop()
        return "stop: no new runs"

    def _slots(self, words: str) -> str:
        count, text = change_slots(self._controller.executor, words)
        self._watcher.note(f"told to {text}")
        loaded, changes = changed_scenario(self._store.study, [f"slots.count={count}"], runs=None)
        if changes:
            keep_scenario(self._store.study, loaded)  # for `resume`
        return text

    def _pause(self, *, paused: bool) -> str:
        self._refuse_if_stopping()
        self._controller.upcoming.paused = paused
        self._store.set_meta("paused", "1" if paused else "")
        text = "pause: no new runs until told to go on" if paused else "go on"
        self._watcher.note(f"told to {text}")
        self._controller.wake()
        return text

    def _retry(self, number: int | None) -> str:
        record = self._finished(number)
        if not record.status.is_failure or not record.settles:
            why = f"{record.status}" if record.settles else "not what its trial counts with"
            raise UserError(f"run {record.run} is {why}, so there is nothing to run again in its place")
        self._controller.upcoming.retry(record.as_trial())
        self._controller.wake()
        return f"retry: trial {record.trial}, whose run {record.run} was {record.status}, runs once more"

    def _again(self, number: int | None) -> str:
        record = self._finished(number)
        trial = self._controller.upcoming.run_again(record.as_trial(), record.run)
        self._keep_target()
        self._controller.wake()
        return f"run the configuration of run {record.run} again with seed {trial.seed}, as trial {trial.number}"

    def _finished(self, number: int | None) -> RunRecord:
        """Return a run that is over, while there still are runs to come.

        Raises:
            UserError: There is none of this number, it is running, or the study is at its end.
        """
        self._refuse_if_stopping()
        try:
            record = self._store.run(number or 0)
        except KeyError:
            raise UserError(f"no run {number}") from None
        if record.status == "RUNNING":
            raise UserError(f"run {record.run} is still running")
        return record

    def _extend(self, runs: int | None) -> str:
        """Carry the study on to so many runs, as ``resume --runs`` would."""
        self._refuse_if_stopping()
        old, study = self._setup, self._store.study
        kind = "design" if old.scenario.design is not None else "optimizer"
        loaded, changes = changed_scenario(
            study, [f"{kind}.runs={runs}"], runs=old.stages[-1] if old.stages else None
        )
        rows = find_rows(study)
        setup = prepare(
            loaded,
            space=old.space,
            stages=old.stages,
            rows=rows.path if rows else None,
            warm_start=old.warm_start,
            slots=old.slots,
        )
        check_size(setup, self._store)
        if old.total is not None and (setup.total or 0) <= old.total:
            raise UserError(setup.size_note or f"the study has {old.total} runs. Give a higher number.")
        keep_rows(rows)
        if changes:
            keep_scenario(study, loaded)
        self._store.set_meta("stages", ",".join(map(str, setup.stages)))
        if isinstance(setup.design, TrialList) and isinstance(self._proposer, TrialListProposer):
            self._proposer.extend(setup.trials(setup.design))
        elif setup.design is not None and isinstance(self._proposer, DesignProposer):
            assert not isinstance(setup.design, TrialList)
            self._proposer.extend(setup.sweeps(setup.design), self._store.trials())
        elif setup.scenario.optimizer is not None and isinstance(self._proposer, CountsRuns):
            self._proposer.extend(setup.scenario.optimizer.runs)
        self._setup = setup
        self._controller.extend(setup)
        self._keep_target()
        self._controller.wake()
        return f"make more runs: {setup.total if setup.total is not None else runs} in all"

    def _keep_target(self) -> None:
        total = self._controller.upcoming.total
        self._store.set_meta("target", "" if total is None else str(total))

    def _refuse_if_stopping(self) -> None:
        if self._controller.stopping or self._controller.is_over:
            raise UserError("the study is coming to its end. Take it up again with `boxwright resume`.")
