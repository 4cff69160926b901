"""The controller: one event loop that joins proposers, slots, parser and store.

    proposer ──trial──▶ materialise ──request──▶ slot agent ──exit──▶ parse ──outcome──▶ store ──▶ proposer

It is the only writer of the study's database. A run is recorded before it starts, and its outcome before any
optimizer hears of it, so a controller that is killed at any instant loses nothing that ``resume`` cannot find.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from boxwright.errors import BoxwrightError, StudyError
from boxwright.execute.messages import Ended, Event, Exit, NoSlotLeft, RunEnded, SlotGone, SlotLost, SlotReady
from boxwright.execute.supervise import UNKILLABLE_S
from boxwright.propose.base import Proposal, Proposer, Told
from boxwright.propose.requests import BY_OPTIMIZER
from boxwright.store.database import Store
from boxwright.store.layout import run_folder
from boxwright.study.best import Best
from boxwright.study.bookkeeping import CarefulTable
from boxwright.study.costs import is_without_answer, outcome_cost, settles_trial
from boxwright.study.discarding import discard_after_run
from boxwright.study.executors import make_executor
from boxwright.study.first_failures import FirstFailures
from boxwright.study.goal import GIVEN_UP, Goal
from boxwright.study.kills import BY_PERSON, KillOrders
from boxwright.study.launching import Launcher, is_disk_trouble
from boxwright.study.places import Places
from boxwright.study.reading import read_run
from boxwright.study.setup import Setup
from boxwright.study.spent import Spent
from boxwright.study.state import mark_stopping
from boxwright.study.summary import Summary
from boxwright.study.tasks import Tasks
from boxwright.study.upcoming import UnderWay, Upcoming
from boxwright.study.watching import Log, Progress, Watcher
from boxwright.terms import Outcome, Slot, Status, Trial

MAX_LOST = 3
"""A trial whose slot agent vanishes so often under one controller is settled as LOST: it may be what kills it."""


class Controller:
    """Carries out one study until its proposers have nothing left, or until it is stopped."""

    def __init__(
        self, setup: Setup, store: Store, proposer: Proposer, table: CarefulTable, watcher: Watcher, log: Log
    ) -> None:
        self._setup = setup
        self._store = store
        self._proposer = proposer
        self._watcher = watcher
        self._log = log
        self._table = table
        self._launcher = Launcher(setup, store)
        self.executor = make_executor(setup, store, self._on_event, left=self._left, watcher=watcher, log=log)
        self._places = Places()
        self.upcoming = Upcoming(store, proposer, setup, is_wanted=self._is_wanted, reopen=self._reopen)
        """What runs next; who changes it calls ``wake``."""
        self._running: dict[int, UnderWay] = {}
        self._lost: Counter[int] = Counter()
        self._kills = KillOrders(store)
        self._cancelled: set[int] = set()
        self._tasks = Tasks(self._fail, self._check_done)
        self._settled = 0
        self._failed = 0
        self._best = Best(noisy=setup.scenario.gathers_runs, least_runs=max(1, len(setup.scenario.instances.rows)))
        self._stopping = False
        self._interrupted = False
        self._aborted = False
        self._at_goal = False
        self._reason = ""
        self._goal = Goal(setup.scenario, len(setup.slots))
        self._first_failures = FirstFailures(setup.scenario.limits.first_failures)
        self._spent = Spent(setup.scenario.limits)
        self._done = asyncio.Event()
        self._error: BaseException | None = None

    # ------------------------------------------------------------------------------------------ the life of it

    async def run(self) -> Summary:
        """Carry the study out.

        Returns:
            How it was left.

        Raises:
            StudyError: It cannot go on.
        """
        try:
            await self._take_up()
            await self.executor.start()
            self._check_done()
            if self._setup.scenario.limits.wallclock_s is not None:
                asyncio.get_running_loop().call_later(self._setup.scenario.limits.wallclock_s, self._out_of_time)
            await self._done.wait()
        finally:
            self._tasks.cancel()
            await self.executor.close(kill=self._error is not None, patience_s=self._patience_s)
            await self._proposer.close()
        if self._error is not None:
            raise self._error
        through = self.upcoming.created == self._settled and self.upcoming.is_all_proposed
        at_goal = self._at_goal and not self._interrupted
        if through and not (at_goal or self._interrupted) and (note := self.upcoming.text_of_shortage()):
            self._say_why(note)
        elif self._interrupted or (through and not at_goal):
            self._reason = ""
        interrupted = not (through or at_goal or self._aborted)
        return Summary(self._settled, self._failed, interrupted, self._aborted, self._reason)

    async def _take_up(self) -> None:
        """Tell the proposer all that is known, as it ended, adopt what is still running, queue what has no run."""
        finished = [Told(record.as_trial(), record.status, record.cost) for record in self._store.settled_runs()]
        created, self._settled = self._store.trial_counts()
        self._failed = self._store.failed_trials()
        if self._settled > self._failed:
            self._first_failures.switch_off()
        self._best.take_up(self._store)
        self._spent.take_up(self._store.runs(settling=True))
        unsettled = {trial.number: trial for trial in self._store.trials(unsettled=True)}
        adopted = list(self._store.runs(running=True))
        for record in adopted:
            trial = unsettled.get(record.trial) or self._store.trial(record.trial)
            self._running[record.run] = UnderWay(trial, adopted=True)
            self.executor.adopt(record.run, run_folder(self._store.study, record.run), record.slot)
            if reason := self._kills.take_up(record.run):
                self.executor.cancel(record.run, reason)
        under_way = {record.trial for record in adopted}
        self.upcoming.take_up(created, (trial for trial in unsettled.values() if trial.number not in under_way))
        self._table.rewrite(self._store.finished_runs())
        await self._proposer.start(finished, list(unsettled.values()))
        self._watcher.study_started(self._progress(), self._setup.slots)
        best = self._best.incumbent
        if best is not None and self._goal.reached_by(best):
            self._stop_at_goal(self._goal.text_again(best, self._store.study))
        elif (given_up := self._store.meta(GIVEN_UP)) and given_up == self._goal.mark(created):
            self.upcoming.propose_no_more()  # trials whose runs were lost or stopped get theirs still
            self._at_goal = True
            self._say_why(self._goal.text_given_up_again(self._store.study))
        elif note := self._spent.text(self._store.study):
            self._stop_at_limit(note)

    def _left(self) -> int | None:
        """Return how many runs are still to be made or under way; None where that is not known."""
        if self._stopping:
            return len(self._running)
        return None if self.upcoming.total is None else max(0, self.upcoming.total - self._settled)

    def _progress(self) -> Progress:
        return Progress(self._settled, self.upcoming.total, self._failed, self._best.incumbent)

    def extend(self, setup: Setup) -> None:
        """Go on with this set-up, which is the old one but for the number of runs."""
        self._setup, self._launcher = setup, Launcher(setup, self._store)
        self.upcoming.extend(setup.total, setup.budget)

    # ------------------------------------------------------------------------------------------ stopping

    def stop(self) -> None:
        """Start no new run; those under way go on to their end."""
        if not self._stopping:
            mark_stopping(self._store)
        self._stopping = True
        self.upcoming.close()
        self._watcher.stopping()
        self._check_done()

    def interrupt(self) -> None:
        """Stop the runs under way, too; a resumed study runs their trials again."""
        self._cancelled.update(self._running)
        for run in list(self._running):
            self.executor.cancel(run, "the study was interrupted")
        if not self._interrupted:
            self._interrupted = True
            asyncio.get_running_loop().call_later(self._patience_s, self.let_go)
        self.stop()

    def let_go(self) -> None:
        """Wait no longer for what does not end; runs that are left stay recorded as running, for ``resume``."""
        if self._running and not self._done.is_set():
            runs = ", ".join(map(str, self._running))
            self._watcher.note(f"not ended: run {runs}; no longer waited for, `boxwright resume` takes it up")
        self.stop()
        self._done.set()

    def kill(self, run: int, reason: str = BY_PERSON) -> bool:
        """Stop one run for good; return whether it was running.

        Raises:
            StudyError: The order cannot be recorded.
        """
        if run not in self._running:
            return False
        self._kills.give(run, reason)
        self._cancelled.add(run)
        self.executor.cancel(run, reason)
        return True

    def kill_trial(self, trial: int) -> None:
        """Stop the run of a trial that its optimizer does not want any more, if it is running.

        Raises:
            StudyError: The order cannot be recorded.
        """
        for run in [run for run, running in self._running.items() if running.trial.number == trial]:
            self.kill(run, BY_OPTIMIZER)

    def _reopen(self, trial: Trial) -> None:
        """Have a settled trial count as one that is still to be run."""
        self._settled -= 1
        self._failed -= self._store.reopen_trial(trial.number).is_failure

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        return self._done.is_set()

    @property
    def stopping(self) -> bool:
        """Whether no new run is started any more."""
        return self._stopping

    @property
    def interrupted(self) -> bool:
        """Whether the runs under way are being stopped."""
        return self._interrupted

    @property
    def _patience_s(self) -> float:
        """How long stopped runs are waited for: as long as a slot agent that is well takes at most."""
        return self._setup.scenario.limits.grace_s + UNKILLABLE_S

    def _out_of_time(self) -> None:
        self._stop_at_limit("limits.wallclock_s is over: no new runs, waiting for those under way")

    def _is_wanted(self, proposal: Proposal) -> bool:
        """Return whether a proposal is worth a run; the study ends with the last of too many that are not."""
        if self._stopping or not self._goal.given_up_with(proposal):
            return not self._stopping
        self._store.set_meta(GIVEN_UP, self._goal.mark(self.upcoming.created))  # holds if this process dies now
        self._stop_at_goal(self._goal.text_of_giving_up())
        return False

    def _stop_at_goal(self, note: str) -> None:
        self._at_goal = True
        self._stop_at_limit(note)

    def _stop_at_limit(self, note: str) -> None:
        if not self._stopping:
            self._say_why(note)
            self.stop()

    def _say_why(self, note: str) -> None:
        self._reason = note
        self._watcher.note(note)
        self._log(note)

    def _check_done(self) -> None:
        if not (self._running or self._tasks) and (self._stopping or self.upcoming.is_through):
            self._done.set()

    def _fail(self, error: BaseException) -> None:
        if self._error is None:
            self._error = error
        self._stopping = True
        self._done.set()

    # ------------------------------------------------------------------------------------------ events

    def _on_event(self, event: Event) -> None:
        match event:
            case SlotReady(slot):
                self._places.offer(slot)
                self._tasks.spawn(self._feed(slot.number))
            case RunEnded(slot, exit_):
                self._tasks.spawn(self._run_ended(slot, exit_))
            case SlotLost(slot, run, reason):
                self._tasks.spawn(self._slot_lost(slot, run, reason))
            case SlotGone(slot):
                self._places.take_away(slot)
            case NoSlotLeft(reason):
                self._fail(StudyError(f"no slot is left: {reason}"))

    # ------------------------------------------------------------------------------------------ starting runs

    async def _feed(self, number: int) -> None:
        """Give a free slot its next run, or keep it for later."""
        if not self._places.begin(number):
            return
        while self.executor.can_take(number) and (trial := await self.upcoming.next()) is not None:
            slot = self._places.get(number)
            if slot is None:  # it went while the proposer thought
                self.upcoming.put_back(trial)
                self.wake()
                break
            if await self._start(trial, slot):
                return
        self._places.rest(number)

    async def _start(self, trial: Trial, slot: Slot) -> bool:
        """Record a run of a trial, make its folder, hand it to the slot; return whether the slot is busy now."""
        run, attempt = self._store.start_run(trial.number, slot, time.time())
        self._running[run] = UnderWay(trial, adopted=False)
        self._proposer.running(trial)
        try:
            request = await self._launcher.prepare(run, attempt, trial, slot)
        except (BoxwrightError, OSError) as error:
            if is_disk_trouble(error):
                raise StudyError(f"{self._store.study}: {error}. Make room and resume the study.") from error
            self._settle(run, Outcome(Status.CRASHED, reason=f"could not be prepared: {error}"), None)
            return False
        if run in self._cancelled:  # while its inputs were being copied
            lost = Outcome(Status.LOST, reason="the study was interrupted")
            self._settle(run, self._kills.outcome(run) if self._kills.cover(run) else lost, None)
            return False
        if self._places.get(slot.number) is not slot:
            self._settle(run, Outcome(Status.LOST, reason="its slot was gone before it could begin"), None)
            return False
        self.executor.submit(slot.number, request)
        self._watcher.run_started(run, trial, slot)
        return True

    # ------------------------------------------------------------------------------------------ ending runs

    async def _run_ended(self, slot: int, exit_: Exit) -> None:
        running = self._running.get(exit_.run)
        if running is None:
            return
        outcome = await read_run(self._setup, self._store.study, exit_)
        if exit_.ended_by is Ended.CANCELLED and not self._kills.cover(exit_.run, exit_):
            outcome = Outcome(Status.LOST, reason=exit_.detail or "the study was interrupted")
        self._settle(exit_.run, outcome, exit_)
        await discard_after_run(self._setup.scenario, self._store.study, exit_, outcome, self._log)
        if not running.adopted:
            self._places.free(slot)
            await self._feed(slot)

    async def _slot_lost(self, slot: int, run: int | None, reason: str) -> None:
        running = None if run is None else self._running.get(run)
        if run is not None and running is not None:
            if not running.adopted:
                self._lost[running.trial.number] += 1
                self._places.free(slot)
            lost = Outcome(Status.LOST, reason=reason)
            self._settle(run, self._kills.outcome(run) if self._kills.cover(run) else lost, None)
        if run is None:
            self._places.take_away(slot)
            self._watcher.note(f"slot {slot} is given up: {reason}")

    def _settle(self, run: int, outcome: Outcome, exit_: Exit | None) -> None:
        """First the record, then the model."""
        running = self._running.pop(run)
        trial = running.trial
        retries = self._setup.scenario.study.retries
        crashed_before = self._store.crashes(trial.number) if outcome.status is Status.CRASHED and retries else 0
        settles = settles_trial(outcome, crashed_before, retries)
        if outcome.status is Status.LOST and self._lost[trial.number] >= MAX_LOST:
            settles = True
        # A database rebuilt from run folders may hold several runs of a trial; the first outcome counts.
        others = running.adopted and any(other.trial.number == trial.number for other in self._running.values())
        settled_before = running.adopted and self._store.is_settled(trial.number)
        settles = settles and not settled_before
        cost = outcome_cost(outcome, self._setup.scenario.study.objective)
        record = self._store.finish_run(run, outcome, cost=cost, exit_=exit_, settles=settles)
        self._table.append(record)
        if settles:
            self._settled += 1
            self._best.hear(record)
            self._spent.hear(record)
            self._failed += is_without_answer(outcome.status, cost)
            self._proposer.finished(Told(trial, outcome.status, cost))
        elif not self._stopping and not others and not settled_before:
            self.upcoming.put_back(trial)
            self.wake()
        self._watcher.run_ended(record, self._progress())
        self._log(f"run {run} (trial {trial.number}, slot {record.slot}): {record.status} {record.reason}".rstrip())
        if settles and self._first_failures.reached_by(record):
            self._stop_at_limit(self._first_failures.text(record, self._store.study))
        elif settles and (note := self._spent.text(self._store.study)):
            self._stop_at_limit(note)
        best = self._best.incumbent
        if settles and best is not None and self._goal.reached_by(best):
            self._stop_at_goal(self._goal.text(best))
        if outcome.status is Status.ABORT:
            self._aborted = True
            self._watcher.note(f"run {run} asked for the study to stop: {outcome.reason or 'ABORT'}")
            self.interrupt()  # SMAC v2 stops at once, too

    def wake(self) -> None:
        """Look for work for all slots that have none."""
        for number in self._places.idle:
            self._tasks.spawn(self._feed(number))
