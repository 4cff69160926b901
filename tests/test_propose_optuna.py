"""Optuna's samplers as kinds of optimizer seeds: they hear of every run, and propose what is in the space."""

from __future__ import annotations

import math
import statistics
from typing import Literal

import msgspec
import numpy as np
import pytest

from boxwright.propose.model_seed import ModelSeed
from boxwright.propose.protocol import Exhausted, Init, Running, Settings, Tell
from boxwright.propose.sampling import draw
from boxwright.scenario.kinds import Model, SeedKind
from boxwright.space import space_to_json
from boxwright.terms import Config, Status, config_key
from propose_support import make_space

pytest.importorskip("optuna", reason="the extra boxwright[optuna] is not installed")
pytest.importorskip("cmaes")

from boxwright.propose.search.optuna_kinds import OptunaSearch

SQUARE = """
x = { type = "float", lower = 0, upper = 1 }
y = { type = "float", lower = 0, upper = 1 }
"""

ODD = """
forbidden = ["{k=2, n=3}"]
k = { type = "categorical", choices = [2, true, "b", 1.5] }
o = { type = "ordinal", sequence = ["low", "middle", "high"] }
n = { type = "int", lower = 1, upper = 4, log = true }
c = { type = "constant", value = 7 }
r = { type = "float", lower = 1e-6, upper = 1, log = true, when = "o in {high}" }
"""


def cost(config: Config) -> float | None:
    if config["k"] == "b":
        return None
    return float(config["n"]) + 3 * (config["o"] != "high") - math.log10(float(config.get("r", 1.0)))


@pytest.mark.parametrize("model", ["tpe", "cma"])
def test_kind_proposes_what_is_in_an_odd_space_and_is_neither_taken_nor_forbidden(
    model: Literal["tpe", "cma"],
) -> None:
    space = make_space(ODD)
    search = OptunaSearch(space, 1, model)
    foreign: list[Config] = [
        {"k": 2, "o": "low", "n": 1, "c": 7},
        {"k": True, "o": "high", "n": 3, "c": 7, "r": 0.01},
        {"k": "b", "o": "middle", "n": 4, "c": 7},
    ]
    seen = set()
    for number, config in enumerate(foreign):
        search.tell(config, cost(config), -1 - number)
        seen.add(config_key(config))
    for number in range(25):
        found = search.ask()
        if found is None:
            continue
        config, origin = found
        assert origin == f"model {model}"
        assert space.check(config) == config
        assert config_key(config) not in seen
        seen.add(config_key(config))
        search.running(config)
        if number % 5:
            search.tell(config, cost(config), number)
    assert len(seen) > 12


@pytest.mark.parametrize("model", ["tpe", "cma"])
def test_kind_goes_where_the_runs_of_others_were_good(model: Literal["tpe", "cma"]) -> None:
    near = []
    for seed in range(3):
        search = OptunaSearch(make_space(SQUARE), seed, model)
        for number in range(40):
            x, y = number % 8 / 7, number // 8 / 4
            config: Config = {"x": x, "y": y}
            search.running(config)
            search.tell(config, (x - 0.85) ** 2 + (y - 0.25) ** 2, number)
        for _ in range(8):
            found = search.ask()
            assert found is not None
            near.append(math.dist((float(found[0]["x"]), float(found[0]["y"])), (0.85, 0.25)))
    assert sorted(near)[len(near) // 2] < 0.3


@pytest.mark.parametrize("runs", [1, 4, 12, 30])
@pytest.mark.parametrize("choices", ["", 'c = { type = "categorical", choices = ["a", "b"] }'])
@pytest.mark.parametrize("when", ["", ', when = "x > 0.2"'])
def test_strategy_goes_on_from_however_many_runs_of_others_and_from_whatever_space(
    runs: int, choices: str, when: str
) -> None:
    plane = SQUARE.replace("upper = 1 }\n", f"upper = 1{when} }}\n").replace(when, "", 1)
    space = make_space(f"{plane}{choices}")
    search = OptunaSearch(space, 1, "cma")
    rng = np.random.default_rng(3)
    configs = []
    for number in range(runs + 25):
        own = search.ask() if number >= runs or number % 3 == 2 else None
        config = draw(space, rng) if own is None else own[0]
        search.running(config)
        search.tell(config, None if number % 5 == 4 else (float(config["x"]) - 0.85) ** 2, number)
        configs.append(config)
    assert len({config_key(config) for config in configs}) == runs + 25
    latest = [float(config["x"]) for config in configs[-10:]]
    assert abs(statistics.median(latest) - 0.85) < 0.3


def test_strategy_begins_anew_where_another_kind_found_a_better_run() -> None:
    search = OptunaSearch(make_space(SQUARE), 1, "cma")
    for number in range(12):
        search.tell({"x": 0.1 + number / 100, "y": 0.9 - number / 90}, 5.0 + number, number)
    assert search.ask() is not None
    for number, (x, y) in enumerate(((0.7, 0.2), (0.72, 0.22), (0.68, 0.18)), 12):
        search.tell({"x": x, "y": y}, 1.0 + x, number)
    proposed = [search.ask() for _ in range(9)]
    right = [found for found in proposed if found is not None and float(found[0]["x"]) > 0.4]
    assert len(right) >= 6


@pytest.mark.parametrize("model", ["tpe", "cma"])
def test_what_was_proposed_and_released_may_be_proposed_again(model: Literal["tpe", "cma"]) -> None:
    search = OptunaSearch(make_space("a = { type = 'int', lower = 1, upper = 2 }"), 1, model)
    first = search.ask()
    assert first is not None
    search.release(first[0])
    proposed = {config_key(found[0]) for found in (search.ask(), search.ask()) if found is not None}
    assert config_key(first[0]) in proposed
    assert search.ask() is None


@pytest.mark.parametrize("model", ["tpe", "cma"])
def test_of_a_trial_that_ran_once_more_the_latest_outcome_counts(model: Literal["tpe", "cma"]) -> None:
    search = OptunaSearch(make_space(SQUARE), 1, model)
    configs: list[Config] = [{"x": number / 12, "y": 1 - number / 12} for number in range(12)]
    for number, config in enumerate(configs):
        search.tell(config, None if number == 5 else 1.0 + number, number)
    search.tell(configs[5], 0.5, 5)
    assert search.ask() is not None
    known = [trial for trial in search._study.trials if trial.state.is_finished()]
    assert len(known) == 12
    assert search._study.best_value == 0.5


def test_strategy_goes_the_same_way_whether_its_proposals_are_made_ahead_or_not() -> None:
    def way(*, ahead: bool) -> list[Config]:
        search, configs = OptunaSearch(make_space(SQUARE), 1, "cma"), []
        for number in range(60):
            found = search.ask()
            assert found is not None
            if ahead:
                search.release(found[0])
            search.running(found[0])
            search.tell(found[0], 100.0 - number, number)  # each is better than those before it
            configs.append(found[0])
        return configs

    assert way(ahead=True) == way(ahead=False)


def test_strategy_goes_on_where_what_it_made_ahead_never_runs() -> None:
    search = OptunaSearch(make_space(SQUARE), 1, "cma")
    latest = []
    for _ in range(60):
        for runs in (False, True):
            found = search.ask()
            assert found is not None
            search.release(found[0])
            if runs:
                search.running(found[0])
                latest.append((float(found[0]["x"]) - 0.85) ** 2 + (float(found[0]["y"]) - 0.25) ** 2)
                search.tell(found[0], latest[-1], len(latest))
    assert statistics.median(latest[-15:]) < 0.3 * statistics.median(latest[:15])


MODELS: tuple[Model, ...] = ("gp", "tpe", "cma", "random")
PORTFOLIO = tuple(SeedKind(model=model) for model in MODELS)


def course() -> list[tuple[str, Config]]:
    space = make_space(ODD)
    settings = Settings(portfolio=PORTFOLIO, challengers=50)
    text = msgspec.Raw(msgspec.json.format(space_to_json(space).encode(), indent=-1))
    seed = ModelSeed(Init(optimizer_seed=1, random_seed=3, space=text, settings=settings))
    done: list[tuple[str, Config]] = []
    for number in range(1, 15):
        answer = seed.ask(number)
        assert not isinstance(answer, Exhausted)
        config, origin = answer.config, answer.origin
        done.append((origin, config))
        seed.running(Running(config=config, origin=origin))
        value = cost(config)
        status = Status.CRASHED if value is None else Status.SUCCESS
        seed.tell(Tell(trial=number, config=config, status=status, cost=value, own=True, origin=origin))
    return done


def test_portfolio_asks_each_of_its_kinds_and_goes_the_same_way_again() -> None:
    done = course()
    assert {origin for origin, _ in done} >= {"model gp", "model tpe", "model cma", "random"}
    assert done == course()


@pytest.mark.parametrize(
    ("models", "origins"),
    [
        (("tpe", "gp"), {"model gp for tpe", "model gp"}),
        (("tpe", "random"), {"random for tpe", "random"}),
        (("tpe", "cma"), {"random for tpe", "random for cma"}),
    ],
)
def test_kind_that_finds_nothing_has_no_more_turns_than_its_share(
    monkeypatch: pytest.MonkeyPatch, models: tuple[Model, ...], origins: set[str]
) -> None:
    monkeypatch.setattr(OptunaSearch, "ask", lambda _: None)
    space = make_space(SQUARE)
    text = msgspec.Raw(msgspec.json.format(space_to_json(space).encode(), indent=-1))
    settings = Settings(portfolio=tuple(SeedKind(model=model) for model in models), challengers=50)
    seed = ModelSeed(Init(optimizer_seed=1, random_seed=3, space=text, settings=settings))
    seed.tell(Tell(trial=1, config={"x": 0.5, "y": 0.5}, status=Status.SUCCESS, cost=9.0, origin="initial design 1"))
    done = []
    for number in range(2, 26):
        answer = seed.ask(number)
        assert not isinstance(answer, Exhausted)
        config, origin = answer.config, answer.origin
        done.append(origin)
        seed.running(Running(config=config, origin=origin))
        # The costs of all are alike, so that all earn the same.
        value = 1.0 + (number // 2 * 7) % 5
        seed.tell(Tell(trial=number, config=config, status=Status.SUCCESS, cost=value, origin=origin))
    assert set(done) == origins
    assert min(done.count(origin) for origin in origins) >= 8
