"""SMAC seeds that share one model, with real optimizer processes."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxwright.errors import SpaceError
from boxwright.propose.base import ExhaustedError
from boxwright.propose.shared import SharedModel
from boxwright.scenario.optimizer import Optimizer
from boxwright.terms import Config, Trial, config_key
from propose_support import PLANE, Bench, bench, make_space, plane_cost

MIXED = """
lr = { type = "float", lower = 1e-6, upper = 1, log = true }
units = { type = "int", lower = 1, upper = 512, log = true }
opt = { type = "categorical", choices = ["sgd", "größer"] }
size = { type = "ordinal", sequence = ["s", "m", "l"] }
flag = { type = "categorical", choices = [true, false] }
k = { type = "constant", value = 7 }
momentum = { type = "float", lower = 0, upper = 1, when = "opt == sgd" }
forbidden = ["{opt=größer, size=l}"]
"""


@pytest.fixture(autouse=True)
def smac_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    yield
    assert list(temporary.iterdir()) == []


def test_shared_model_hears_of_every_other_seeds_run(tmp_path: Path) -> None:
    async def study() -> Bench:
        async with bench(tmp_path, make_space(PLANE), Optimizer(runs=22, initial=6, ahead=False), seeds=4) as made:
            await made.run(22, slots=8, cost_of=plane_cost)
            return made

    made = asyncio.run(study())
    keys = {config_key(trial.config) for trial in made.trials}
    assert len(keys) == len(made.trials) == 22
    assert {trial.optimizer_seed for trial in made.trials} == {1, 2, 3, 4}
    assert [trial.origin for trial in made.trials[:6]] == [f"initial design {n}" for n in range(1, 7)]
    assert {trial.origin for trial in made.trials[6:]} == {"model gp"}
    assert any(trial.origin == "model gp" for trial in made.trials)
    assert len(made.counts) == 16
    for number in (1, 2, 3, 4):
        own, shared = next((o, s) for seed, o, s in reversed(made.counts) if seed == number)
        assert own >= 1
        assert shared >= 6
        assert own + shared <= 22
    assert not set(made.lines) - {f"seed {s}: {o} own + {n} shared runs in the model" for s, o, n in made.counts}


def test_shared_model_gives_each_seed_a_run_of_its_own_where_there_are_as_many_slots(tmp_path: Path) -> None:
    async def study() -> None:
        async with bench(tmp_path, make_space(PLANE), Optimizer(runs=12, initial=4, ahead=False), seeds=3) as made:
            open_trials = [await made.begin() for _ in range(3)]
            for _ in range(5):
                assert made.in_flight == Counter({1: 1, 2: 1, 3: 1})
                trial = open_trials.pop(1)
                made.end(trial, plane_cost(trial.config))
                open_trials.append(await made.begin())
                assert open_trials[-1].optimizer_seed == trial.optimizer_seed

    asyncio.run(study())


def test_shared_model_proposes_the_default_first_without_waiting_for_any_process(tmp_path: Path) -> None:
    async def study() -> list[Trial]:
        space = make_space(PLANE)
        async with bench(tmp_path, space, Optimizer(runs=40), seeds=2) as made:
            async with asyncio.timeout(0.5):
                for _ in range(10):
                    await made.begin()
            assert made.trials[0].config == space.default()
            return made.trials

    trials = asyncio.run(study())
    assert len({config_key(trial.config) for trial in trials}) == 10
    assert [trial.optimizer_seed for trial in trials] == [1, 2] * 5


def test_shared_model_answers_before_anything_has_finished(tmp_path: Path) -> None:
    async def study() -> list[Trial]:
        async with bench(tmp_path, make_space(PLANE), Optimizer(runs=9, initial=1), seeds=2) as made:
            return [await made.begin() for _ in range(4)]

    trials = asyncio.run(study())
    assert [trial.origin for trial in trials] == ["initial design 1", "random", "random", "random"]
    assert len({config_key(trial.config) for trial in trials}) == 4


def test_shared_model_copes_with_conditions_and_failures_in_a_mixed_space(tmp_path: Path) -> None:
    def cost(config: Config) -> float | None:
        if config["flag"]:
            return None
        return (math.log10(float(config["lr"])) + 3) ** 2 + float(config.get("momentum", 0.5))

    space = make_space(MIXED)

    async def study() -> Bench:
        async with bench(tmp_path, space, Optimizer(runs=14, initial=6, ahead=False), seeds=2) as made:
            await made.run(14, slots=2, cost_of=cost)
            return made

    made = asyncio.run(study())
    assert len({config_key(trial.config) for trial in made.trials}) == 14
    for trial in made.trials:
        assert space.check(trial.config) == trial.config
        assert list(trial.config) == [name for name in space.names if name in trial.config]
        assert all(type(value) in (bool, int, float, str) for value in trial.config.values())
    assert max(own + shared for _, own, shared in made.counts) >= 12  # failures are in the model, too


@pytest.mark.parametrize("ahead", [True, False])
def test_shared_model_tries_each_configuration_of_a_finite_space_once_and_then_is_through(
    tmp_path: Path, ahead: bool
) -> None:
    space = make_space(
        "a = { type = 'int', lower = 1, upper = 3 }\nb = { type = 'categorical', choices = [1, 2, 3, 4] }"
    )

    async def study() -> list[Trial]:
        async with bench(tmp_path, space, Optimizer(runs=100, initial=4, ahead=ahead), seeds=3) as made:
            for _ in range(4):
                trials = await asyncio.gather(*(made.begin() for _ in range(3)))
                for trial in trials:
                    made.end(trial, float(trial.config["a"]) * float(trial.config["b"]))
            answers = await asyncio.gather(*(made.model.next() for _ in range(3)), return_exceptions=True)
            assert all(isinstance(answer, ExhaustedError) for answer in answers)
            return made.trials

    trials = asyncio.run(study())
    assert {(trial.config["a"], trial.config["b"]) for trial in trials} == {
        (a, b) for a in (1, 2, 3) for b in (1, 2, 3, 4)
    }


def test_shared_model_refuses_a_distribution_without_bounds(tmp_path: Path) -> None:
    space = make_space('x = { type = "normal", mu = 0, sigma = 1 }')
    with pytest.raises(SpaceError, match=r"^space\.x: a bound is missing, .* Add lower and upper\.$"):
        SharedModel(space, Optimizer(runs=3), 1, tmp_path, print)


def test_shared_model_searches_bounded_distributions_over_their_whole_range(tmp_path: Path) -> None:
    space = make_space('x = { type = "normal", mu = 0, sigma = 0.001, lower = -1, upper = 1 }')

    async def study() -> list[Trial]:
        async with bench(tmp_path, space, Optimizer(runs=10, initial=10), seeds=1) as made:
            return [await made.begin() for _ in range(10)]

    assert max(abs(float(trial.config["x"])) for trial in asyncio.run(study())) > 0.5
