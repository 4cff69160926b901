"""SMAC seeds that share one model: every seed hears of every run, and each has runs of its own in flight."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw

from boxwright.errors import SpaceError, StudyError
from boxwright.propose.ahead import Ahead, Pace, Prepared
from boxwright.propose.base import ExhaustedError, Proposal, Told
from boxwright.propose.first import first_configs, with_first
from boxwright.propose.fitted import wants_forest
from boxwright.propose.initial import initial_design, refuse_unbounded
from boxwright.propose.kinds import hosted_kinds, seed_kinds
from boxwright.propose.knowledge import Knowledge, tell
from boxwright.propose.nursery_process import Nursery
from boxwright.propose.optimizer_seed import OptimizerSeed
from boxwright.propose.protocol import REPEAT, Exhausted, Init, Running, Settings
from boxwright.propose.protocol import Proposal as Answer
from boxwright.propose.shares import Shares
from boxwright.propose.turns import Turns
from boxwright.propose.warm import Warm
from boxwright.scenario.optimizer import Optimizer
from boxwright.space import Space, space_to_json
from boxwright.terms import Config, Trial, config_key

if TYPE_CHECKING:
    import numpy as np

MAX_COLLISIONS = 3
"""So many answers in a row that another seed was first with: then one is drawn at random."""

SHARES_EVERY = 10
"""After so many settled trials the log says how much each kind may propose."""

_DRAWS = 100


class SharedModel:
    """N optimizer seeds with one model between them; satisfies ``Proposer``.

    The initial design is one for all and is dealt out without any optimizer, so that the first runs start while
    the optimizer processes are still importing SMAC.

    Args:
        seeds: How many optimizer processes.
        log_dir: Where their stderr goes, as ``seed-1.log`` ….
        log: Takes one line for each proposal and for each process that is started again.
        noisy: Whether a configuration may run more than once, ``settings.max_config_calls`` times at most.
        study_seed: The number that the first run of each configuration is handed.
        warm: What is known before the study's first run.
        target: A cost that is good enough; with noise, what reaches it runs again at once, to be believed.

    Raises:
        SpaceError: The space has a parameter without bounds, which no model can search.
    """

    def __init__(
        self,
        space: Space,
        settings: Optimizer,
        seeds: int,
        log_dir: Path,
        log: Callable[[str], None],
        *,
        noisy: bool = False,
        study_seed: int = 0,
        warm: Warm | None = None,
        target: float | None = None,
    ) -> None:
        refuse_unbounded(space)
        self._space = space = replace(space, distributions={})  # a model takes every range as it is
        self._settings = settings
        self._log = log
        self._warm = warm or Warm()
        self._space_json = Raw(msgspec.json.format(space_to_json(space).encode(), indent=-1))  # on one line
        self._known = Knowledge(
            self._warm,
            noisy=noisy,
            max_config_calls=settings.max_config_calls,
            study_seed=study_seed,
            target=target,
        )
        self._noisy = noisy
        self._initial: deque[tuple[int, Config]] = deque()
        self._spare: deque[tuple[int, Answer]] = deque()
        self._failure: StudyError | None = None
        self._turns = Turns(seeds)
        self._pace = Pace()
        self._ahead = Ahead(settings.ahead, self._pace, prepare=self._prepare, is_due=self._is_ahead_due)
        self._log_dir = log_dir
        self._kinds = [kind.name for kind in seed_kinds(settings, seeds)]
        self._hosted = hosted_kinds(settings)
        self._shares = Shares([kind.name for kind in self._hosted] or self._kinds)
        self._models = {kind.model for kind in self._hosted or seed_kinds(settings, seeds)}
        self._nursery = Nursery(log_dir / "nursery.log", forest=self._wants_forest())
        self._seeds = [self._make_seed(number) for number in range(1, seeds + 1)]

    def _make_seed(self, number: int) -> OptimizerSeed:
        return OptimizerSeed(
            number,
            self._log_dir / f"seed-{number}.log",
            self._nursery,
            init=self._init,
            knowledge=self._known.messages,
            log=self._log,
            on_failure=self._fail,
            on_orphan=lambda answer: self._spare.append((number, answer)),
            on_readiness=lambda is_ready: self._turns.note(number, is_ready),
        )

    def _wants_forest(self) -> bool:
        return wants_forest(self._models, self._space, self._settings.runs + len(self._warm.keys))

    @property
    def pids(self) -> tuple[int | None, ...]:
        """The process ids of the seeds, in order; None for one that is being started again."""
        return tuple(seed.pid for seed in self._seeds)

    async def start(self, finished: Sequence[Told], running: Sequence[Trial]) -> None:
        """Take up a study: start the optimizer processes and tell them everything.

        Raises:
            StudyError: No process can be started.
        """
        for told in finished:
            self._remember(told)
        for trial in running:
            self._mark(trial.config, self._known.repeat(trial), trial.optimizer_seed, trial.origin)
        try:
            self._log_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StudyError(
                f"{self._log_dir}: no folder for the logs of the optimizers: {error.strerror}"
            ) from error
        await asyncio.gather(*(seed.start() for seed in self._seeds))
        design = self._warm.design(initial_design(self._space, self._settings, len(self._seeds)))
        design = with_first(first_configs(self._space, self._settings), design)
        missing = [
            (number, config) for number, config in enumerate(design, 1) if config_key(config) not in self._known.keys
        ]
        # A study that was extended has a larger design by rule, but is past the point of starting blindly.
        self._initial.extend(missing[: max(0, len(design) - len(self._known.keys))])

    def running(self, trial: Trial) -> None:
        """Hear that this trial starts now; the seeds know already if it was proposed here."""
        if not self._known.knows(trial):
            self._mark(trial.config, self._known.repeat(trial), trial.optimizer_seed, trial.origin)

    def finished(self, told: Told) -> None:
        """Hear how a trial ended, and tell all seeds at once."""
        self._remember(told)
        for seed in self._seeds:
            seed.hear(tell(told, seed.number))
        self._ahead.hear()
        if len(self._shares.kinds) > 1 and self._known.finished % SHARES_EVERY == 0:
            self._log(f"shares: {self._shares}")

    def know(self, told: Sequence[Told]) -> int:
        """Hear of further runs of elsewhere; return how many of them are in the model of every seed from now on.

        They are no runs of the study, and are not proposed any more. What the study has run itself it knows better.
        """
        new = [each for each in told if self._noisy or config_key(each.trial.config) not in self._known.keys]
        self._warm = Warm([*self._warm.told, *new], noisy=self._noisy)
        self._known.know(self._warm)
        for seed in self._seeds:
            for each in new:
                seed.hear(tell(each, seed.number))
        self._ahead.hear()
        return len(new)

    def extend(self, runs: int) -> None:
        """Go on to so many runs in all: what is made ahead, and what later seeds are forked from, go by it."""
        self._settings = msgspec.structs.replace(self._settings, runs=runs)
        if self._wants_forest():
            self._nursery.want_forest()
        self._ahead.make()

    async def next(self) -> Proposal:
        """Return what should run next, from the seed with the fewest runs of its own in flight.

        Raises:
            ExhaustedError: Every configuration of a finite space was tried or is running.
            StudyError: An optimizer process cannot be kept alive.
        """
        self._check()
        if (again := self._known.unconfirmed()) is not None:
            return self._accept(min(self._seeds, key=lambda seed: seed.load), again, REPEAT)
        while self._initial:
            number, config = self._initial.popleft()
            if config_key(config) not in self._known.keys:
                seed = min(self._seeds, key=lambda seed: seed.load)
                proposal = self._accept(seed, config, f"initial design {number}")
                self._ahead.make()
                return proposal
        async with self._turns.turn():
            self._check()
            while self._spare:
                number, answer = self._spare.popleft()
                spare = self._checked(self._seeds[number - 1], answer)
                if self._known.may_run(spare, answer.origin):
                    seed, origin = self._seeds[number - 1], self._origin(number, answer)
                    return self._accept(seed, spare, origin, answer.expected_improvement)
            proposal = await self._taken_ahead() or await self._fresh()
            self._ahead.make()
            return proposal

    async def _taken_ahead(self) -> Proposal | None:
        """Return what was made ahead and is free still, if that is better than to wait for a fresh proposal."""
        prepared = await self._ahead.take()
        return None if prepared is None else self._accepted(prepared.seed, prepared.answer)

    async def _fresh(self) -> Proposal:
        seed = self._next_seed()
        assert seed is not None  # there are as many askers as seeds, what is made ahead has one that waits for it
        seed.asked += 1
        try:
            return await self._ask(seed)
        finally:
            seed.asked -= 1

    async def _prepare(self) -> Prepared | None:
        seed = self._next_seed()
        if seed is None:
            return None
        seed.asked += 1
        try:
            self._check()
            answer = await seed.ask(ahead=True)
        except StudyError:
            return None  # who wants a proposal is told
        finally:
            seed.asked -= 1
        self._pace.asked(seed.answered_in_s)
        return Prepared(seed, answer) if isinstance(answer, Answer) else None

    def _is_ahead_due(self) -> bool:
        """Whether a model has something to go by, and there is a run left for what it proposes."""
        return not self._known.is_empty and not self._initial and self._known.proposed < self._settings.runs

    def _next_seed(self) -> OptimizerSeed | None:
        """Return the seed whose turn it is among those that nobody is asking.

        Where the seeds are of several kinds, it is one of the kind that is furthest behind its share.
        """
        free = [seed for seed in self._seeds if not seed.asked]
        kinds = {self._kinds[seed.number - 1] for seed in free}
        if len(kinds) > 1:
            kind = self._shares.next(kinds)
            free = [seed for seed in free if self._kinds[seed.number - 1] == kind]
        return min(free, key=lambda seed: seed.load, default=None)

    async def _ask(self, seed: OptimizerSeed) -> Proposal:
        collisions = 0
        while True:
            self._check()  # an ask that comes after a failure has nobody who ends it
            answer = await seed.ask()
            if isinstance(answer, Exhausted):
                if (known := self._warm.left(self._known.keys)) is not None:
                    return self._accept(seed, known, "warm start")
                if (again := self._known.least_run()) is None:
                    raise ExhaustedError
                return self._accept(seed, again, REPEAT)
            self._pace.asked(seed.answered_in_s)
            if (proposal := self._accepted(seed, answer)) is not None:
                return proposal
            # Another seed was first. This one has been told by now, and comes up with something else.
            collisions += 1
            if collisions >= MAX_COLLISIONS and (drawn := self._draw_free(seed, collisions)) is not None:
                return self._accept(seed, drawn, self._origin(seed.number, answer, drawn="random"))

    def _accepted(self, seed: OptimizerSeed, answer: Answer) -> Proposal | None:
        """Accept what a seed proposed; None where another seed was first."""
        config = self._checked(seed, answer)
        if not self._known.may_run(config, answer.origin):
            return None
        self._log(f"seed {seed.number}: {answer.own} own + {answer.shared} shared runs in the model")
        return self._accept(seed, config, self._origin(seed.number, answer), answer.expected_improvement)

    def _origin(self, number: int, answer: Answer, *, drawn: str | None = None) -> str:
        """Return the origin of what this seed proposed, or of what was drawn instead, with whose turn it was."""
        asked = self._shares.kind_of(answer.origin) if self._hosted else self._kinds[number - 1]
        return self._shares.origin(drawn or answer.origin, asked)

    def _checked(self, seed: OptimizerSeed, answer: Answer) -> Config:
        """Return the answer's configuration as one of this space, its parameters in the order of their files."""
        try:
            return self._space.check(answer.config)
        except SpaceError as error:
            raise StudyError(f"optimizer seed {seed.number} proposed what is not in the space: {error}") from error

    def _draw_free(self, seed: OptimizerSeed, collisions: int) -> Config | None:
        import numpy as np

        rng: np.random.Generator = np.random.default_rng(
            [self._settings.seed, seed.number, len(self._known.keys), collisions]
        )
        taken = self._known.keys | self._warm.keys
        for _ in range(_DRAWS):
            config = self._space.from_unit(rng.random(len(self._space.names)).tolist())
            if config is not None and config_key(config) not in taken:
                return config
        return None

    def _accept(
        self, seed: OptimizerSeed, config: Config, origin: str, expected_improvement: float | None = None
    ) -> Proposal:
        seed.proposals += 1
        repeat = self._known.next_repeat(config)
        self._mark(config, repeat, seed.number, origin)
        self._pace.began((config_key(config), repeat))
        return Proposal(config, origin, seed.number, repeat, expected_improvement)

    def _mark(self, config: Config, repeat: int, owner: int | None, origin: str) -> None:
        """Take this configuration as running, and let all seeds know before anything else is asked of them."""
        key = config_key(config)
        self._known.begin(config, repeat, owner, origin)
        self._shares.proposed(key, origin)
        for seed in self._seeds:
            if seed.number == owner:
                seed.in_flight.add((key, repeat))
            seed.hear(Running(config=dict(config), own=seed.number == owner, origin=origin))

    def _remember(self, told: Told) -> None:
        key, repeat = config_key(told.trial.config), self._known.repeat(told.trial)
        self._known.end(told)
        self._shares.told(key, told.cost, told.trial.origin)
        self._pace.ended((key, repeat))
        for seed in self._seeds:
            seed.in_flight.discard((key, repeat))

    def _init(self, number: int) -> Init:
        kind = seed_kinds(self._settings, len(self._seeds))[number - 1]
        settings = Settings(
            model=kind.model,
            acquisition=kind.acquisition,
            portfolio=self._hosted,
            challengers=self._settings.challengers,
            random_share=self._settings.random_share,
            noisy=self._noisy,
            max_config_calls=self._settings.max_config_calls,
        )
        # A process that takes up after others must not repeat their random numbers.
        random_seed = (self._settings.seed + number - 1 + 1_000_003 * self._known.proposed) % 2**31
        return Init(optimizer_seed=number, random_seed=random_seed, space=self._space_json, settings=settings)

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _fail(self, error: StudyError) -> None:
        self._failure = self._failure or error
        self._turns.end()
        for seed in self._seeds:
            seed.fail(self._failure)

    async def close(self) -> None:
        """End all optimizer processes."""
        await self._ahead.close()
        await asyncio.gather(*(seed.close() for seed in self._seeds))
        await self._nursery.close()
