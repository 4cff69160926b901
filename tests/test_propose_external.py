"""What those who ask at the same time are answered: each under the cutoff of its own."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import pytest

from boxwright.propose.base import Proposal, Told
from boxwright.propose.external import External
from boxwright.propose.intake import RefusedError
from boxwright.propose.requests import BY_OPTIMIZER, Answer, Request
from boxwright.scenario.parameters import FloatParameter
from boxwright.space import Space, load_space
from boxwright.terms import Config, Status, Trial, config_key

PAR = 50.0


@dataclass
class Book:
    """Answers in memory; satisfies ``Ledger``."""

    answers: dict[tuple[str, str | None, int], Answer] = field(default_factory=dict)
    counted: Counter[str] = field(default_factory=Counter)
    looked_up: int = 0
    reported: list[Mapping[str, float]] = field(default_factory=list)

    def answer(self, config: Config, instance: str | None, seed: int) -> Answer | None:
        self.looked_up += 1
        return self.answers.get((config_key(config), instance, seed))

    def count(self, name: str) -> None:
        self.counted[name] += 1

    def report(self, trial: int | None, metrics: Mapping[str, float]) -> bool:
        self.reported.append(metrics)
        return trial is not None


class World:
    """A study without slots: runs end when the test says so."""

    def __init__(
        self,
        space: Space,
        *,
        limit_s: float | None = 10.0,
        instances: tuple[str, ...] = (),
        repeated: Literal["answer", "run"] = "answer",
    ) -> None:
        async def nothing() -> None: ...

        self.book = Book()
        self.killed: list[int] = []
        self.numbers = 0
        self.limit_s = limit_s
        self.external = External(
            space,
            self.book,
            limit_s=limit_s,
            timeout_cost=PAR,
            instances=instances,
            study_seed=0,
            unknown="refuse",
            repeated=repeated,
            begin=nothing,
            end=nothing,
        )
        self.external.attach(self.killed.append)

    def ask(self, cutoff_s: float | None, instance: str | None = None) -> asyncio.Future[Answer]:
        return self.external.ask(Request(values={"x": 0.5}, cutoff_s=cutoff_s, instance=instance))

    async def begin(self) -> tuple[Proposal, Trial]:
        """Start what is asked for next."""
        proposal = await asyncio.wait_for(self.external.next(), 5)
        self.numbers += 1
        cutoff_s = self.limit_s if proposal.cutoff_s is None else proposal.cutoff_s
        trial = Trial(self.numbers, proposal.config, proposal.instance, proposal.seed or 0, cutoff_s=cutoff_s)
        self.external.running(trial)
        return proposal, trial

    def end(self, trial: Trial, status: Status, runtime_s: float, reason: str = "") -> None:
        cost = runtime_s if status is Status.SUCCESS else None
        answer = Answer(
            trial=trial.number,
            run=trial.number,
            status=status,
            quality=cost,
            cost=cost,
            metrics={},
            config=trial.config,
            seed=trial.seed,
            runtime_s=runtime_s,
            reason=reason,
            cutoff_s=trial.cutoff_s,
        )
        self.book.answers[config_key(trial.config), trial.instance, trial.seed] = answer
        self.external.finished(Told(trial, status, cost))


@pytest.fixture
def space() -> Space:
    return load_space({"x": FloatParameter(lower=0.0, upper=1.0)}, place="t", folder=Path())


def play(scene: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(10):
            await scene()

    asyncio.run(whole())


def test_who_gives_a_running_one_more_time_has_it_run_again_when_that_was_too_short(space: Space) -> None:
    async def scene() -> None:
        world = World(space)
        short = world.ask(1.0)
        proposal, trial = await world.begin()
        assert (proposal.cutoff_s, proposal.again) == (1.0, False)
        long, full = world.ask(5.0), world.ask(None)
        world.end(trial, Status.TIMEOUT, 1.0)
        assert short.result().status is Status.TIMEOUT
        assert not long.done()
        proposal, trial = await world.begin()
        assert (proposal.cutoff_s, proposal.again) == (None, True)  # as long as the scenario allows
        world.end(trial, Status.SUCCESS, 4.0)
        assert (await long).runtime_s == (await full).runtime_s == 4.0

    play(scene)


def test_who_gives_a_running_one_less_time_hears_of_a_timeout_with_its_score(space: Space) -> None:
    async def scene() -> None:
        world = World(space)
        long = world.ask(5.0)
        _, trial = await world.begin()
        short = world.ask(1.0)
        world.end(trial, Status.SUCCESS, 4.0)
        assert (await long).status is Status.SUCCESS
        told = await short
        assert (told.status, told.cost, told.runtime_s) == (Status.TIMEOUT, PAR, 1.0)
        assert world.book.counted["answered"] == 1

    play(scene)


def test_one_that_waits_takes_the_highest_cutoff_that_is_asked_for(space: Space) -> None:
    async def scene() -> None:
        world = World(space)
        asked = [world.ask(1.0), world.ask(7.0), world.ask(3.0)]
        proposal, trial = await world.begin()
        assert proposal.cutoff_s == 7.0
        world.end(trial, Status.TIMEOUT, 7.0)
        assert {(await each).status for each in asked} == {Status.TIMEOUT}

    play(scene)


def test_timeout_that_a_run_reports_by_itself_answers_all_and_is_not_run_for_ever(space: Space) -> None:
    async def scene() -> None:
        world = World(space, limit_s=None)
        asked = [world.ask(None), world.ask(8.0)]
        _, trial = await world.begin()
        world.end(trial, Status.TIMEOUT, 2.0)
        asked += [world.ask(None), world.ask(8.0)]  # it had as much time, whatever it says of it
        assert {(await each).status for each in asked} == {Status.TIMEOUT}

    play(scene)


def test_timeout_below_the_cutoff_it_had_answers_no_call_with_a_higher_one(space: Space) -> None:
    async def scene() -> None:
        world = World(space)
        asked = world.ask(4.0)
        _, trial = await world.begin()
        world.end(trial, Status.TIMEOUT, 2.0)
        assert (await asked).status is (await world.ask(4.0)).status is Status.TIMEOUT
        world.ask(5.0)
        assert (await world.begin())[0].again

    play(scene)


def test_success_counts_for_the_call_it_was_for_however_long_it_says_that_it_took(space: Space) -> None:
    async def scene() -> None:
        world = World(space)
        asked = [world.ask(None), world.ask(10.0)]
        _, trial = await world.begin()
        world.end(trial, Status.SUCCESS, 35.0)  # the CPU time of four cores
        asked += [world.ask(None), world.ask(10.0)]
        assert [(await each).cost for each in asked] == [35.0] * 4
        assert (await world.ask(9.0)).status is Status.TIMEOUT

    play(scene)


def test_request_that_waits_while_a_person_has_its_trial_run_again_is_answered_by_that_run(space: Space) -> None:
    async def scene() -> None:
        world = World(space)
        first = world.ask(1.0)
        _, trial = await world.begin()
        world.end(trial, Status.TIMEOUT, 1.0)
        await first
        waits = world.ask(5.0)
        retried = replace(trial, cutoff_s=10.0)
        world.external.running(retried)
        world.end(retried, Status.SUCCESS, 3.0)
        assert (await waits).cost == 3.0
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(world.external.next(), 0.01)

    play(scene)


def test_repeats_run_with_the_next_seeds_and_each_is_found_at_once(space: Space) -> None:
    async def scene() -> None:
        world = World(space, repeated="run")
        for number in range(100):
            world.ask(None)
            proposal, trial = await world.begin()
            assert proposal.seed == number
            world.end(trial, Status.SUCCESS, 1.0)
        assert world.book.looked_up < 500

    play(scene)


def test_metrics_of_a_request_that_waits_are_bounded_as_those_of_one_run(space: Space) -> None:
    async def scene() -> None:
        world = World(space)
        waits = world.ask(None)
        for name in ("one", "two"):
            world.external.report(waits, {name: 1.0})
        assert world.book.reported == [{"one": 1.0}, {"one": 1.0, "two": 1.0}]

    play(scene)


@pytest.mark.parametrize("is_left_alone", [True, False])
def test_who_comes_while_a_run_is_being_killed_gets_a_new_one(space: Space, is_left_alone: bool) -> None:
    async def scene() -> None:
        world = World(space)
        first = world.ask(5.0)
        _, trial = await world.begin()
        first.cancel()
        await asyncio.sleep(0)
        assert world.killed == [trial.number]
        late = None if is_left_alone else world.ask(5.0)
        world.end(trial, Status.KILLED, 1.0, BY_OPTIMIZER)
        if late is None:
            late = world.ask(5.0)
        assert not late.done()
        _, trial = await world.begin()
        world.end(trial, Status.SUCCESS, 2.0)
        assert (await late).status is Status.SUCCESS

    play(scene)


def test_run_that_a_person_has_killed_is_told_as_killed(space: Space) -> None:
    async def scene() -> None:
        world = World(space)
        asked = world.ask(5.0)
        _, trial = await world.begin()
        world.end(trial, Status.KILLED, 1.0, "killed by a person")
        assert (await asked).status is Status.KILLED

    play(scene)


def test_run_that_stopped_its_study_is_told_so_and_runs_again_when_the_study_goes_on(space: Space) -> None:
    async def scene() -> None:
        world = World(space)
        asked = [world.ask(5.0), world.ask(5.0)]
        _, trial = await world.begin()
        world.end(trial, Status.ABORT, 1.0)
        assert {(await each).status for each in asked} == {Status.ABORT}
        again = world.ask(5.0)
        proposal, trial = await world.begin()
        assert proposal.again
        world.end(trial, Status.SUCCESS, 1.0)
        assert (await again).status is Status.SUCCESS

    play(scene)


def test_instance_that_the_scenario_has_not_is_refused(space: Space) -> None:
    async def scene() -> None:
        world = World(space, instances=("easy", "hard"))
        with pytest.raises(RefusedError, match=r'no instance "esy"\. Did you mean "easy"\?'):
            world.ask(None, "esy")
        with pytest.raises(RefusedError, match=r"name an instance\. Known: easy, hard\."):
            world.ask(None)
        world.ask(None, "hard")
        assert (await world.begin())[0].instance == "hard"
        assert world.book.counted == {"refused": 2}

    play(scene)
