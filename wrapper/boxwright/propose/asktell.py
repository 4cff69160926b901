"""External optimizers that are asked and told in JSON lines, each copy of them on stdin and stdout."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec
from msgspec import Raw

from boxwright.errors import StudyError, one_line
from boxwright.propose.base import ExhaustedError, Proposal, Told
from boxwright.propose.intake import Intake, RefusedError
from boxwright.propose.knowledge import tell
from boxwright.propose.optimizer_seed import OptimizerSeed
from boxwright.propose.protocol import Exhausted, Init, Running, Tell
from boxwright.propose.protocol import Proposal as Answer
from boxwright.propose.seed_process import Breeder
from boxwright.scenario.layers import shorten
from boxwright.scenario.optimizer import Optimizer
from boxwright.space import Space, space_to_json
from boxwright.terms import AGAIN, Config, Status, Trial, config_key

MOST_IN_VAIN = 1000
"""After so many proposals in a row that were refused, or had run, a copy counts as having no more to say."""

READY_S = 10.0
"""After so long a person is told of a copy that has not said that it is ready: it may wait for more input."""

_LONGEST_ORIGIN = 200


class AskTell:
    """N copies of an optimizer that speak ``propose.protocol``; satisfies ``Proposer``.

    All of them are told of every run; ``own`` says whose proposal it was.

    Args:
        breeders: What starts each copy, in order.
        log_paths: Where the stderr of each goes.
        log: Takes lines for ``study.log``.
        note: Takes lines for the person.
        warm: Runs of elsewhere that the copies know from the start.
        count: Counts what was ``refused``, run though ``outside`` the space, or ``answered`` by an earlier run.
        end: Stops what the copies have started.
    """

    def __init__(
        self,
        space: Space,
        settings: Optimizer,
        breeders: Sequence[Breeder],
        log_paths: Sequence[Path],
        log: Callable[[str], None],
        note: Callable[[str], None],
        count: Callable[[str], None],
        *,
        study_seed: int,
        warm: Sequence[Told] = (),
        end: Callable[[], Awaitable[None]],
    ) -> None:
        self._intake = Intake(space, settings.unknown, count)
        self._space = Raw(msgspec.json.format(space_to_json(space).encode(), indent=-1))  # on one line
        self._settings = settings
        self._count = count
        self._study_seed = study_seed
        self._warm = tuple(warm)
        self._end = end
        self._finished: dict[tuple[str, int], Told] = {}
        self._running: dict[tuple[str, int], tuple[Running, int | None, asyncio.Future[None]]] = {}
        self._repeats: dict[str, int] = {}
        self._failure: StudyError | None = None
        self._exhausted: set[int] = set()
        self._log = log
        self._note = note
        self._readiness: dict[int, bool] = {}
        self._watch: asyncio.Task[None] | None = None
        self._turns = asyncio.Semaphore(len(breeders))
        self._freed = asyncio.Event()
        self._copies = [
            OptimizerSeed(
                number,
                log_path,
                breeder,
                init=self._init,
                knowledge=self._knowledge,
                log=log,
                on_failure=self._fail,
                on_orphan=lambda _: None,
                on_readiness=partial(self._readiness.__setitem__, number),
                max_faults=settings.restarts + 1,
            )
            for number, (breeder, log_path) in enumerate(zip(breeders, log_paths, strict=True), 1)
        ]

    async def start(self, finished: Sequence[Told], running: Sequence[Trial]) -> None:
        """Take up a study: start the copies and tell them everything.

        Raises:
            StudyError: No process can be started.
        """
        for told in finished:
            self._finished[self._key(told.trial)] = told
        for trial in running:
            self._mark(trial.config, self._repeat(trial), trial.optimizer_seed, trial.origin)
        await asyncio.gather(*(copy.start() for copy in self._copies))
        self._watch = asyncio.create_task(self._watch_for_ready())

    async def next(self) -> Proposal:
        """Return what should run next, from the copy with the fewest runs of its own in flight.

        Raises:
            ExhaustedError: No copy has anything left to propose.
            StudyError: A copy cannot be kept alive.
        """
        async with self._turns:
            while True:
                copy = await self._free_copy()
                copy.asked += 1
                try:
                    proposal = await self._ask(copy)
                    if proposal is not None:
                        return proposal
                    self._exhausted.add(copy.number)
                finally:
                    copy.asked -= 1
                    self._freed.set()

    async def _free_copy(self) -> OptimizerSeed:
        """Return the copy whose turn it is; wait for one where all that are not exhausted are being asked."""
        while True:
            if self._failure is not None:
                raise self._failure
            left = [copy for copy in self._copies if copy.number not in self._exhausted]
            if not left:
                raise ExhaustedError
            if free := [copy for copy in left if not copy.asked]:
                return min(free, key=lambda copy: copy.load)
            self._freed.clear()
            await self._freed.wait()

    async def _ask(self, copy: OptimizerSeed) -> Proposal | None:
        """Return what a copy proposes; None if it has nothing left."""
        for _ in range(MOST_IN_VAIN):
            answer = await copy.ask()
            if isinstance(answer, Exhausted):
                return None
            try:
                config = self._intake.config({}, answer.config)
            except RefusedError as error:
                refused = Tell(
                    trial=0, config=answer.config, status=Status.CRASHED, cost=None, own=True, origin=str(error)
                )
                copy.hear(refused)
                continue
            key, repeat = config_key(config), 0
            if self._settings.repeated == "run":
                repeat = self._repeats.get(key, 0)  # those before it are taken
                while (key, repeat) in self._finished or (key, repeat) in self._running:
                    repeat += 1
                self._repeats[key] = repeat
            elif (key, 0) in self._running:
                self._count("answered")
                await asyncio.wait({self._running[key, 0][2]})  # it is told then
                continue
            elif (key, 0) in self._finished:
                self._count("answered")
                copy.hear(tell(self._finished[key, 0], copy.number))
                continue
            return self._accept(copy, config, repeat, answer)
        vain = f"{MOST_IN_VAIN} proposals in a row were refused or had run"
        self._tell_person(f"optimizer {copy.number}: {vain}; it is not asked any more")
        return None

    def _accept(self, copy: OptimizerSeed, config: Config, repeat: int, answer: Answer) -> Proposal:
        copy.proposals += 1
        origin = shorten(one_line(answer.origin), _LONGEST_ORIGIN)
        if not origin or origin.startswith(AGAIN):  # which is a person's word
            origin = f"optimizer {copy.number}"
        self._mark(config, repeat, copy.number, origin)
        copy.in_flight.add((config_key(config), repeat))
        return Proposal(config, origin, copy.number, repeat)

    def running(self, trial: Trial) -> None:
        """Hear that this trial starts now; the copies know already if it was proposed here."""
        if self._key(trial) not in self._running:
            self._mark(trial.config, self._repeat(trial), trial.optimizer_seed, trial.origin)

    def finished(self, told: Told) -> None:
        """Hear how a trial ended, and tell all copies at once."""
        key = self._key(told.trial)
        self._finished[key] = told
        for copy in self._copies:
            copy.in_flight.discard(key)
            copy.hear(tell(told, copy.number))
        if (run := self._running.pop(key, None)) is not None:
            run[2].set_result(None)

    async def _watch_for_ready(self) -> None:
        await asyncio.sleep(READY_S)
        for copy in self._copies:
            if copy.number not in self._readiness:
                self._tell_person(f'optimizer {copy.number} has not answered "init" with "ready" for {READY_S:g} s')

    def _tell_person(self, text: str) -> None:
        self._note(text)
        self._log(text)

    async def close(self) -> None:
        """End all copies, with everything that they have started."""
        if self._watch is not None:
            self._watch.cancel()
        await asyncio.gather(*(copy.close() for copy in self._copies))
        await self._end()

    def _mark(self, config: Config, repeat: int, owner: int | None, origin: str) -> None:
        message = Running(config=dict(config), origin=origin)
        self._running[config_key(config), repeat] = (message, owner, asyncio.get_running_loop().create_future())
        for copy in self._copies:
            copy.hear(msgspec.structs.replace(message, own=copy.number == owner))

    def _repeat(self, trial: Trial) -> int:
        return trial.seed - self._study_seed

    def _key(self, trial: Trial) -> tuple[str, int]:
        return (config_key(trial.config), self._repeat(trial))

    def _init(self, number: int) -> Init:
        # A process that takes up after another one must not repeat its random numbers.
        proposed = len(self._finished) + len(self._running)
        random_seed = (self._settings.seed + number - 1 + 1_000_003 * proposed) % 2**31
        return Init(optimizer_seed=number, random_seed=random_seed, space=self._space)

    def _knowledge(self, number: int) -> list[Running | Tell]:
        settled: list[Running | Tell] = [tell(told, number) for told in (*self._warm, *self._finished.values())]
        running = [msgspec.structs.replace(run, own=owner == number) for run, owner, _ in self._running.values()]
        return settled + running

    def _fail(self, error: StudyError) -> None:
        self._failure = self._failure or error
        self._freed.set()
        for copy in self._copies:
            copy.fail(self._failure)
