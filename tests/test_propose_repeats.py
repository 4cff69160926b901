"""Repeats in a noisy study: which number each gets, how many there are, and what becomes of them at a resume."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from boxwright.propose.base import ExhaustedError, Proposal, Told
from boxwright.propose.model_seed import ModelSeed
from boxwright.propose.protocol import Init, Running, Settings, Tell
from boxwright.propose.protocol import Proposal as Answer
from boxwright.scenario.optimizer import Optimizer
from boxwright.space import space_to_json
from boxwright.terms import Status, Trial, Value, config_key
from propose_support import PLANE, bench, make_space, put_stubborn_seeds

THREE = "a = { type = 'int', lower = 1, upper = 3 }"


@pytest.fixture
def fake_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that puts stubborn seeds in place of ours."""
    return lambda origin: put_stubborn_seeds(tmp_path / "site", monkeypatch, origin)


def trials_of(proposals: list[Proposal], study_seed: int = 0) -> list[Trial]:
    return [
        Trial(number, p.config, seed=study_seed + p.repeat, optimizer_seed=p.optimizer_seed, origin=p.origin)
        for number, p in enumerate(proposals, 1)
    ]


def test_two_seeds_that_repeat_one_configuration_at_the_same_time_get_a_number_each(
    tmp_path: Path, fake_seeds: Callable[[str], None]
) -> None:
    fake_seeds("repeat")

    async def study() -> list[Proposal]:
        async with bench(tmp_path, make_space(PLANE), Optimizer(runs=9, initial=1), 2, noisy=True) as made:
            first = await made.model.next()
            return [first, *await asyncio.gather(made.model.next(), made.model.next())]

    proposals = asyncio.run(study())
    assert len({config_key(proposal.config) for proposal in proposals}) == 1
    assert sorted(proposal.repeat for proposal in proposals) == [0, 1, 2]
    assert [proposal.origin for proposal in proposals] == ["initial design 1", "repeat", "repeat"]
    assert {proposal.optimizer_seed for proposal in proposals[1:]} == {1, 2}


def test_a_configuration_is_not_repeated_more_often_than_the_scenario_says(
    tmp_path: Path, fake_seeds: Callable[[str], None]
) -> None:
    fake_seeds("repeat")

    async def study() -> list[Proposal]:
        async with bench(tmp_path, make_space(PLANE), Optimizer(runs=9, initial=1), 1, noisy=True) as made:
            return [await made.model.next() for _ in range(4)]

    *repeats, other = asyncio.run(study())
    assert [proposal.repeat for proposal in repeats] == [0, 1, 2]
    assert (other.origin, other.repeat) == ("random", 0)
    assert other.config != repeats[0].config


def test_what_was_meant_to_be_new_is_no_repeat(tmp_path: Path, fake_seeds: Callable[[str], None]) -> None:
    fake_seeds("model")

    async def study() -> list[Proposal]:
        async with bench(tmp_path, make_space(PLANE), Optimizer(runs=9, initial=1), 1, noisy=True) as made:
            return [await made.model.next() for _ in range(2)]

    first, second = asyncio.run(study())
    assert first.config != second.config
    assert (second.origin, second.repeat) == ("random", 0)


def test_space_that_is_used_up_is_gone_on_with_until_every_configuration_has_had_its_repeats(
    tmp_path: Path, fake_seeds: Callable[[str], None]
) -> None:
    fake_seeds("nothing left")

    async def study() -> list[Proposal]:
        settings = Optimizer(runs=99, initial=3, max_config_calls=2)
        async with bench(tmp_path, make_space(THREE), settings, 1, noisy=True) as made:
            proposals = [await made.model.next() for _ in range(3)]
            for trial in trials_of(proposals):
                made.model.finished(Told(trial, Status.SUCCESS, float(trial.config["a"])))
            proposals += [await made.model.next() for _ in range(3)]
            with pytest.raises(ExhaustedError):
                await made.model.next()
            return proposals

    proposals = asyncio.run(study())
    assert {proposal.config["a"] for proposal in proposals[:3]} == {1, 2, 3}
    assert [(p.config["a"], p.repeat) for p in proposals[3:]] == [(1, 1), (2, 1), (3, 1)]  # the best first


@pytest.mark.parametrize("model", ["parzen", "rf"])
@pytest.mark.slow
def test_what_reaches_the_target_runs_again_at_once_and_as_often_as_the_most_whatever_the_model(
    tmp_path: Path, model: Literal["parzen", "rf"]
) -> None:
    def ended(x: float, repeat: int, cost: float | None, number: int) -> Told:
        status = Status.CRASHED if cost is None else Status.SUCCESS
        return Told(Trial(number, {"x": x, "y": 1.0}, seed=repeat), status, cost)

    async def study() -> list[tuple[float, int, str]]:
        settings = Optimizer(runs=30, initial=1, model=model, max_config_calls=3)
        finished = [ended(1.0, repeat, 5.0, repeat) for repeat in range(3)]
        # Of the first the mean is too high, the second has failed once; the others are as good as asked for.
        finished += [ended(2.0, 0, 1.0, 4), ended(2.0, 1, 9.0, 5), ended(3.0, 0, 0.0, 6), ended(3.0, 1, None, 7)]
        finished += [ended(4.0, 0, 1.5, 8), ended(5.0, 0, 1.0, 9), ended(5.0, 1, 1.2, 10)]
        async with bench(tmp_path, make_space(PLANE), settings, 1, finished, noisy=True, target=2.0) as made:
            proposals = [await made.model.next() for _ in range(3)]
            return [(float(p.config["x"]), p.repeat, p.origin) for p in proposals]

    *repeats, other = asyncio.run(study())
    assert repeats == [(5.0, 2, "repeat"), (4.0, 1, "repeat")]
    assert other[1:] != (1, "repeat")


def test_resumed_study_gives_a_repeat_the_lowest_number_that_no_trial_has(
    tmp_path: Path, fake_seeds: Callable[[str], None]
) -> None:
    fake_seeds("repeat")
    left = [Trial(1, {"x": 1.0, "y": 2.0}, seed=7), Trial(2, {"x": 1.0, "y": 2.0}, seed=9)]

    async def study() -> Proposal:
        finished = [Told(left[0], Status.SUCCESS, 1.0)]
        settings = Optimizer(runs=9, initial=1)
        async with bench(
            tmp_path, make_space(PLANE), settings, 1, finished, left[1:], noisy=True, study_seed=7
        ) as made:
            return await made.model.next()

    proposal = asyncio.run(study())
    assert (proposal.config, proposal.repeat) == (left[0].config, 1)


def test_seed_counts_repeats_as_runs() -> None:
    space = msgspec.Raw(msgspec.json.format(space_to_json(make_space(PLANE)).encode(), indent=-1))
    seed = ModelSeed(Init(optimizer_seed=1, random_seed=5, space=space, settings=Settings(noisy=True)))
    for trial, (x, own) in enumerate([(1.0, True), (2.0, False), (1.0, False)], 1):
        config: dict[str, Value] = {"x": x, "y": 3.0}
        seed.running(Running(config=config, own=own))
        seed.tell(Tell(trial=trial, config=config, status=Status.SUCCESS, cost=x + trial, own=own))
    answer = seed.ask(1)
    assert isinstance(answer, Answer)
    assert (answer.own, answer.shared) == (1, 2)
