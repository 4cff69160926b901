"""Evaluations that external optimizers ask for, as proposals: the study runs them like any others."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from boxwright.errors import nearest
from boxwright.propose.base import ExhaustedError, Proposal, Told
from boxwright.propose.intake import Intake, RefusedError
from boxwright.propose.requests import BY_OPTIMIZER, Answer, Ledger, OverError, Request
from boxwright.scenario.layers import shorten
from boxwright.space import Space
from boxwright.terms import Config, Status, Trial, config_key

MOST_OPEN = 4096
"""So many evaluations may be open at a time: who asks for more has lost count."""

DETERMINISTIC_SEED = -1
"""What SMAC v2 and ParamILS write where the seed does not matter: the study's is taken."""

_FULL_CUTOFF = 0.99
_LONGEST_REASON = 1000
_Key: TypeAlias = tuple[str, str | None, int]


@dataclass(slots=True, eq=False)
class _Case:
    """One trial that is wanted, queued or running.

    Attributes:
        cutoff_s: Seconds that its run is given; None for no limit.
        waiters: Who wants its answer, and under which cutoff; a run that nobody wants any more is killed.
        trial: Its number; None until it has one.
        adopted: It was under way before anybody asked, with a cutoff that is not known.
        reports: Metrics to be attached to its next run.
    """

    proposal: Proposal
    cutoff_s: float | None
    waiters: dict[asyncio.Future[Answer], float | None] = field(default_factory=dict)
    trial: int | None = None
    adopted: bool = False
    reports: dict[str, float] = field(default_factory=dict)


class External:
    """Queues what optimizers ask for, and answers once it is settled; satisfies ``Proposer``.

    Args:
        ledger: Answers what has run before.
        limit_s: The scenario's cutoff.
        timeout_cost: What a run counts as that has found nothing within it; None where it counts as a failure.
        instances: Names that may be asked for; none for any.
        study_seed: The number for commands whose optimizer gives none.
        unknown: What becomes of a configuration that is not in the space.
        repeated: What becomes of one that has run.
        most_open: So many evaluations may be open at a time.
        begin: Starts the optimizers.
        end: Stops them.
        log: Takes lines for ``study.log``.
    """

    def __init__(
        self,
        space: Space,
        ledger: Ledger,
        *,
        limit_s: float | None,
        timeout_cost: float | None = None,
        instances: Collection[str] = (),
        study_seed: int,
        unknown: Literal["refuse", "accept"],
        repeated: Literal["answer", "run"],
        most_open: int = MOST_OPEN,
        begin: Callable[[], Awaitable[None]],
        end: Callable[[], Awaitable[None]],
        log: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._intake = Intake(space, unknown, ledger.count)
        self._ledger = ledger
        self._count = ledger.count
        self._limit_s = limit_s
        self._timeout_cost = timeout_cost
        self._instances = dict.fromkeys(instances)
        self._unknown = unknown
        self._study_seed = study_seed
        self._repeated = repeated
        self._most_open = most_open
        self._begin = begin
        self._end = end
        self._log = log
        self._cases: dict[_Key, _Case] = {}
        self._wanted: dict[asyncio.Future[Answer], _Case] = {}
        self._seeds: dict[_Key, int] = {}
        """By what was asked for, the seed of its latest repeat: those before it are taken."""
        self._queue: deque[_Case] = deque()
        self._news = asyncio.Event()
        self._over = False
        self._failure: Exception | None = None
        self._kill: Callable[[int], None] = lambda _: None
        self.settled: Counter[int | None] = Counter()
        """By copy, how many of its runs were settled."""

    def attach(self, kill: Callable[[int], None]) -> None:
        """Take what stops the run of a trial that nobody wants any more."""
        self._kill = kill

    # ------------------------------------------------------------------------------------------ optimizers

    def ask(self, request: Request) -> asyncio.Future[Answer]:
        """Return what will be the answer; cancelling it withdraws the request.

        Raises:
            RefusedError: It is not carried out.
            OverError: The study ends.
        """
        if self._over:
            raise OverError("the study is over")
        if len(self._wanted) >= self._most_open:
            raise RefusedError(f"{self._most_open} evaluations are open already")
        try:
            instance = self._instance(request.instance)
            config = self._intake.config(request.texts, request.values)
        except RefusedError as error:
            self._log(f"refused: {shorten(str(error), _LONGEST_REASON)}")  # not every optimizer can be told why
            raise
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        seed = self._study_seed if request.seed in (None, DETERMINISTIC_SEED) else request.seed
        assert seed is not None
        key = (config_key(config), instance, seed)
        if self._repeated == "run":
            key = self._repeat(key, config)
        known, case = self._ledger.answer(config, instance, key[2]), self._cases.get(key)
        cutoff_s = min((s for s in (request.cutoff_s, self._limit_s) if s is not None), default=None)
        if case is None and known is not None and (kept := self._kept(known, cutoff_s, known.cutoff_s)) is not None:
            self._count("answered")
            answer.set_result(kept)
            return answer
        if case is not None:
            self._count("answered")
            if case in self._queue and _is_more(cutoff_s, case.cutoff_s):
                self._give(case, cutoff_s)
            case.waiters[answer] = cutoff_s
            self._wanted[answer] = case
        else:
            origin = "evaluation" if request.copy is None else f"optimizer {request.copy}"
            proposal = Proposal(config, origin, request.copy, instance=instance, seed=key[2], again=known is not None)
            self._open(key, proposal, {answer: cutoff_s})
        answer.add_done_callback(lambda _: self._let_go(key, answer))
        return answer

    def _instance(self, name: str | None) -> str | None:
        """Return what a configuration is to be run on.

        Raises:
            RefusedError: The scenario has no such instance.
        """
        if not self._instances or name in self._instances or (name is not None and self._unknown == "accept"):
            return name
        self._count("refused")
        if name is None:
            raise RefusedError(f"name an instance. {nearest('', self._instances)}")
        raise RefusedError(f'no instance "{name}". {nearest(name, self._instances)}')

    def _repeat(self, asked: _Key, config: Config) -> _Key:
        """Return what a repeat runs as: with the first seed from the one that was asked for that is not taken yet."""
        text, instance, seed = asked
        seed = self._seeds.get(asked, seed)
        while (text, instance, seed) in self._cases or self._ledger.answer(config, instance, seed) is not None:
            seed += 1
        self._seeds[asked] = seed
        return text, instance, seed

    def _open(self, key: _Key, proposal: Proposal, waiters: dict[asyncio.Future[Answer], float | None]) -> None:
        case = self._cases[key] = _Case(proposal, None, waiters)
        cutoffs = list(waiters.values())
        self._give(case, None if None in cutoffs else max(s for s in cutoffs if s is not None))
        self._wanted.update(dict.fromkeys(waiters, case))
        self._queue.append(case)
        self._news.set()

    def _give(self, case: _Case, cutoff_s: float | None) -> None:
        """Give a case that waits this cutoff."""
        case.cutoff_s = cutoff_s
        case.proposal = replace(case.proposal, cutoff_s=None if cutoff_s == self._limit_s else cutoff_s)

    def _let_go(self, key: _Key, answer: asyncio.Future[Answer]) -> None:
        case = self._wanted.pop(answer)
        case.waiters.pop(answer, None)
        if not answer.cancelled() or case.waiters or self._over:
            return
        if case.trial is not None:
            self._kill(case.trial)
        elif case in self._queue:
            self._queue.remove(case)
            del self._cases[key]

    def report(self, answer: asyncio.Future[Answer], metrics: Mapping[str, float]) -> None:
        """Attach metrics to the run of a request that is open, or to its next one if none is under way.

        Raises:
            RefusedError: They are no metrics of this study, or cannot be written.
        """
        case = self._wanted[answer]
        if not self._ledger.report(case.trial, {**case.reports, **metrics}):
            case.reports.update(metrics)

    def finish(self, failure: Exception | None = None) -> None:
        """Hear that no optimizer is left that the study has started."""
        self._failure = failure
        self._over = True
        self._news.set()

    # ------------------------------------------------------------------------------------------ the study

    async def start(self, finished: Sequence[Told], running: Sequence[Trial]) -> None:
        """Take up a study; what is settled is on disk."""
        for trial in running:
            proposal = Proposal(trial.config, trial.origin, trial.optimizer_seed, instance=trial.instance)
            self._cases[_key(trial)] = _Case(proposal, self._limit_s, trial=trial.number, adopted=True)
        await self._begin()

    async def next(self) -> Proposal:
        """Return what was asked for first.

        Raises:
            ExhaustedError: No optimizer is left.
            StudyError: None of them came to an end by itself.
        """
        while not self._queue:
            if self._failure is not None:
                raise self._failure
            if self._over:
                raise ExhaustedError
            self._news.clear()
            await self._news.wait()
        return self._queue.popleft().proposal

    def running(self, trial: Trial) -> None:
        """Hear that this trial starts now; whoever wanted it may have withdrawn in between."""
        case = self._cases.get(_key(trial))
        if case is not None:
            case.trial = trial.number
            if case.reports:
                with contextlib.suppress(RefusedError):  # the disk is full: the run itself is told so
                    self._ledger.report(trial.number, case.reports)
                case.reports.clear()
            if not case.waiters and not case.adopted:
                self._kill(trial.number)

    def finished(self, told: Told) -> None:
        """Answer whoever wanted this trial; it is on disk.

        Who came while its run was being killed, or gives it more time than it had, has it run again.
        """
        self.settled[told.trial.optimizer_seed] += 1
        case = self._cases.pop(_key(told.trial), None)
        if case is None:
            return
        if case in self._queue:  # a person had its trial run again meanwhile
            self._queue.remove(case)
        if not case.waiters:
            return
        answer = self._ledger.answer(told.trial.config, told.trial.instance, told.trial.seed)
        assert answer is not None
        given_s = answer.cutoff_s if case.adopted else case.cutoff_s
        again: dict[asyncio.Future[Answer], float | None] = {}
        for waiter, cutoff_s in list(case.waiters.items()):
            if waiter.done():
                continue
            kept = self._kept(answer, cutoff_s, given_s)
            if kept is None and (answer.status is Status.TIMEOUT or answer.reason.startswith(BY_OPTIMIZER)):
                again[waiter] = cutoff_s
            else:
                waiter.set_result(kept or answer)
        if again:
            self._open(_key(told.trial), replace(case.proposal, seed=told.trial.seed, again=True), again)

    async def close(self) -> None:
        """Tell all who wait that the study is over, and stop the optimizers."""
        self._over = True
        self._news.set()
        for case in self._cases.values():
            for waiter in list(case.waiters):
                if not waiter.done():
                    waiter.set_exception(OverError("the study is over"))
        await self._end()

    def _kept(self, answer: Answer, cutoff_s: float | None, given_s: float | None) -> Answer | None:
        """Return what an answer comes to under this cutoff, from a run that had that one; None if it says nothing."""
        if answer.status in (Status.KILLED, Status.ABORT):  # an ABORT is about its study, which has stopped for it
            return None
        if answer.status is Status.TIMEOUT:
            took_it = cutoff_s is not None and answer.runtime_s >= _FULL_CUTOFF * cutoff_s
            return answer if took_it or not _is_more(cutoff_s, given_s) else None
        # A run that says SUCCESS has kept the cutoff that it had, whatever it counts as its runtime.
        is_late = answer.status is Status.SUCCESS and _is_more(given_s, cutoff_s)
        if is_late and cutoff_s is not None and answer.runtime_s > cutoff_s:
            cost = self._timeout_cost
            return replace(answer, status=Status.TIMEOUT, quality=cost, cost=cost, runtime_s=cutoff_s)
        return answer


def _key(trial: Trial) -> _Key:
    return (config_key(trial.config), trial.instance, trial.seed)


def _is_more(cutoff_s: float | None, other_s: float | None) -> bool:
    return other_s is not None and (cutoff_s is None or cutoff_s > other_s)
