"""Evaluations that external optimizers ask for, as proposals: the study runs them like any others."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol, TypeAlias

from boxwright.errors import StudyError
from boxwright.propose.base import ExhaustedError, Proposal, Told
from boxwright.propose.intake import Intake, RefusedError
from boxwright.space import Space
from boxwright.terms import Config, Status, Trial, Value, config_key

MOST_OPEN = 4096
"""So many evaluations may be open at a time: who asks for more has lost count."""

DETERMINISTIC_SEED = -1
"""What SMAC v2 and ParamILS write where the seed does not matter: the study's is taken."""

_FULL_CUTOFF = 0.99
_Key: TypeAlias = tuple[str, str | None, int]


class OverError(Exception):
    """The study ends, and this evaluation was not carried out."""


@dataclass(frozen=True, slots=True)
class Request:
    """What an optimizer wants to know.

    Attributes:
        texts: Parameters as texts of a command line; one that is not named takes its default.
        values: Parameters as values.
        instance: None where there is none.
        seed: For the command; None for the study's.
        cutoff_s: Seconds that the optimizer gives the run; None for no limit of its own.
        copy: Which copy of the optimizer asks; None for none that the study has started.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Value] = field(default_factory=dict)
    instance: str | None = None
    seed: int | None = None
    cutoff_s: float | None = None
    copy: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a trial; ``cost`` is what an optimizer minimises, None for a failure."""

    trial: int
    run: int
    status: Status
    quality: float | None
    cost: float | None
    metrics: Mapping[str, float]
    config: Config
    seed: int
    runtime_s: float
    additional: str = ""
    reason: str = ""


class Ledger(Protocol):
    """What is on disk about settled trials, and what is counted about requests."""

    def answer(self, config: Config, instance: str | None, seed: int) -> Answer | None:
        """Return what settled this trial; None if nothing has."""
        ...

    def count(self, name: str) -> None:
        """Count one more of these: ``refused``, ``outside`` the space and run all the same, ``answered``."""
        ...

    def report(self, trial: int | None, metrics: Mapping[str, float]) -> bool:
        """Attach metrics to the run of a trial that is under way; return False if none is, or it has no number yet.

        Raises:
            RefusedError: They are no metrics of this study, or cannot be written.
        """
        ...


@dataclass(slots=True, eq=False)
class _Case:
    """One trial that is wanted, queued or running.

    Attributes:
        waiters: Who wants its answer; a run that nobody wants any more is killed.
        trial: Its number; None until it has one.
        adopted: It was under way before anybody asked.
        reports: Metrics to be attached to its next run.
    """

    proposal: Proposal
    waiters: set[asyncio.Future[Answer]] = field(default_factory=set)
    trial: int | None = None
    adopted: bool = False
    reports: dict[str, float] = field(default_factory=dict)


class External:
    """Queues what optimizers ask for, and answers once it is settled; satisfies ``Proposer``.

    Args:
        ledger: Answers what has run before.
        limit_s: The scenario's cutoff.
        study_seed: The number for commands whose optimizer gives none.
        unknown: What becomes of a configuration that is not in the space.
        repeated: What becomes of one that has run.
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
        study_seed: int,
        unknown: Literal["refuse", "accept"],
        repeated: Literal["answer", "run"],
        begin: Callable[[], Awaitable[None]],
        end: Callable[[], Awaitable[None]],
        log: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._intake = Intake(space, unknown, ledger.count)
        self._ledger = ledger
        self._limit_s = limit_s
        self._study_seed = study_seed
        self._repeated = repeated
        self._begin = begin
        self._end = end
        self._log = log
        self._cases: dict[_Key, _Case] = {}
        self._wanted: dict[asyncio.Future[Answer], _Case] = {}
        self._queue: deque[_Case] = deque()
        self._news = asyncio.Event()
        self._over = False
        self._failure: StudyError | None = None
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
        if sum(len(case.waiters) for case in self._cases.values()) >= MOST_OPEN:
            raise RefusedError(f"{MOST_OPEN} evaluations are open already")
        try:
            config = self._intake.config(request.texts, request.values)
        except RefusedError as error:
            self._log(f"refused: {error}")  # not every optimizer can be told why
            raise
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        seed = self._study_seed if request.seed in (None, DETERMINISTIC_SEED) else request.seed
        assert seed is not None
        while True:
            key = (config_key(config), request.instance, seed)
            known = self._ledger.answer(config, request.instance, seed)
            is_open = key in self._cases
            if self._repeated == "answer" or not (known or is_open):
                break
            seed += 1
        cutoff_s = min((s for s in (request.cutoff_s, self._limit_s) if s is not None), default=None)
        if not is_open and known is not None and (kept := _kept(known, cutoff_s)) is not None:
            self._ledger.count("answered")
            answer.set_result(kept)
            return answer
        if is_open:
            self._ledger.count("answered")
            case = self._cases[key]
        else:
            origin = "evaluation" if request.copy is None else f"optimizer {request.copy}"
            own_cutoff_s = None if cutoff_s == self._limit_s else cutoff_s
            proposal = Proposal(
                config,
                origin,
                request.copy,
                instance=request.instance,
                seed=seed,
                cutoff_s=own_cutoff_s,
                again=known is not None,
            )
            case = self._cases[key] = _Case(proposal)
            self._queue.append(case)
            self._news.set()
        case.waiters.add(answer)
        self._wanted[answer] = case
        answer.add_done_callback(lambda _: self._let_go(key, case, answer))
        return answer

    def _let_go(self, key: _Key, case: _Case, answer: asyncio.Future[Answer]) -> None:
        case.waiters.discard(answer)
        self._wanted.pop(answer, None)
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
        if not self._ledger.report(case.trial, metrics):
            case.reports.update(metrics)

    def finish(self, failure: StudyError | None = None) -> None:
        """Hear that no optimizer is left that the study has started."""
        self._failure = failure
        self._over = True
        self._news.set()

    # ------------------------------------------------------------------------------------------ the study

    async def start(self, finished: Sequence[Told], running: Sequence[Trial]) -> None:
        """Take up a study; what is settled is on disk."""
        for trial in running:
            proposal = Proposal(trial.config, trial.origin, trial.optimizer_seed)
            self._cases[_key(trial)] = _Case(proposal, trial=trial.number, adopted=True)
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
        """Answer whoever wanted this trial; it is on disk."""
        self.settled[told.trial.optimizer_seed] += 1
        case = self._cases.pop(_key(told.trial), None)
        if case is None or not case.waiters:
            return
        answer = self._ledger.answer(told.trial.config, told.trial.instance, told.trial.seed)
        assert answer is not None
        for waiter in list(case.waiters):
            if not waiter.done():
                waiter.set_result(answer)

    async def close(self) -> None:
        """Tell all who wait that the study is over, and stop the optimizers."""
        self._over = True
        self._news.set()
        for case in self._cases.values():
            for waiter in list(case.waiters):
                if not waiter.done():
                    waiter.set_exception(OverError("the study is over"))
        await self._end()


def _key(trial: Trial) -> _Key:
    return (config_key(trial.config), trial.instance, trial.seed)


def _kept(answer: Answer, cutoff_s: float | None) -> Answer | None:
    """Return what a stored answer comes to under this cutoff; None if it says nothing about it."""
    if answer.status is Status.KILLED:
        return None
    if answer.status is Status.TIMEOUT:
        return answer if cutoff_s is None or answer.runtime_s >= _FULL_CUTOFF * cutoff_s else None
    if answer.status is Status.SUCCESS and cutoff_s is not None and answer.runtime_s > cutoff_s:
        return replace(answer, status=Status.TIMEOUT, quality=None, cost=None, runtime_s=cutoff_s)
    return answer
