"""How much each kind of optimizer may propose: what has earned little gets few turns."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from boxwright.propose.base import Told
from boxwright.propose.model_seed import ModelSeed
from boxwright.propose.protocol import Init, Proposal, Running, Settings, Tell
from boxwright.propose.shares import INITIAL, LATEST, TURNS, Shares
from boxwright.scenario.kinds import SeedKind
from boxwright.scenario.optimizer import Optimizer
from boxwright.space import space_to_json
from boxwright.terms import Status, Value, config_key
from propose_support import PLANE, Bench, bench, make_space, plane_cost

KINDS = (SeedKind(model="gp"), SeedKind(model="random"))
Course = list[tuple[str, float | None, str]]


def good(best: float, rng: random.Random) -> float:
    return best * rng.uniform(0.8, 1.6)


def chance(best: float, rng: random.Random) -> float:
    return rng.uniform(0, 100)


def failing(best: float, rng: random.Random) -> None:
    return None


def course(
    kinds: dict[str, Callable[[float, random.Random], float | None]], seed: int, runs: int = 38
) -> tuple[Shares, Course]:
    """Return what comes of kinds whose costs are drawn like this, after twelve runs of an initial design."""
    rng, shares = random.Random(seed), Shares(list(kinds))
    done: Course = [(f"initial {n}", rng.uniform(0, 100), f"initial design {n}") for n in range(12)]
    for key, cost, origin in done:
        shares.told(key, cost, origin)
    for number in range(runs):
        kind = shares.next()
        best = min(cost for _, cost, _ in done if cost is not None)
        done.append((str(number), kinds[kind](best, rng), kind if kind == "random" else f"model {kind}"))
        shares.proposed(str(number), done[-1][2])
        shares.told(*done[-1])
    return shares, done


def turns(done: Course) -> Counter[str]:
    return Counter(origin.removeprefix("model ") for _, _, origin in done[12:])


@pytest.mark.parametrize("bad", [chance, failing])
def test_bad_kind_costs_no_more_than_a_few_runs(bad: Callable[[float, random.Random], float | None]) -> None:
    had = [turns(course({"gp": good, "random": bad}, seed)[1])["random"] for seed in range(20)]
    assert 1 <= sorted(had)[10] <= 4
    assert max(had) <= 8


def test_good_kind_gets_most_turns_though_it_stands_last() -> None:
    had = [turns(course({"cma": chance, "random": chance, "tpe": good}, seed)[1]) for seed in range(20)]
    assert sum(counts["tpe"] > 19 for counts in had) >= 15


def test_shares_are_equal_while_nothing_is_known_and_while_the_best_is_no_better_than_chance() -> None:
    rng, shares = random.Random(1), Shares(["gp", "random"])
    assert shares.shares() == {"gp": 0.5, "random": 0.5}
    for number in range(12):
        shares.told(f"initial {number}", rng.uniform(0, 100), f"initial design {number}")
    for number, cost in enumerate([99.0, 98.0, 97.0]):
        shares.told(f"gp {number}", cost, "model gp")
        shares.told(f"random {number}", 50.0 + cost / 10, "random")
    assert shares.shares()["gp"] > 0.4


def test_kind_that_turns_bad_loses_its_turns_to_one_that_does_not() -> None:
    shares = Shares(["gp", "tpe"])
    for number in range(20):
        shares.told(f"gp {number}", 100.0 - number, "model gp")
    for number in range(3):
        shares.told(f"first {number}", 300.0, "model tpe")
    assert shares.shares()["gp"] > 0.8
    for number in range(20):
        shares.told(f"late {number}", 200.0, "model gp")
        shares.told(f"tpe {number}", 50.0 - number, "model tpe")
    assert shares.shares()["tpe"] > 0.8


def test_shares_go_by_the_order_of_costs_alone() -> None:
    _, done = course({"gp": good, "random": chance}, 3)
    plain, bent = Shares(["gp", "random"]), Shares(["gp", "random"])
    for key, cost, origin in done:
        plain.told(key, cost, origin)
        bent.told(key, None if cost is None else 1e6 + cost**7, origin)
    assert plain.shares() == bent.shares()


def test_shares_are_the_same_when_a_study_is_taken_up_again() -> None:
    shares, done = course({"gp": good, "tpe": good, "random": chance}, 4)
    again = Shares(["gp", "tpe", "random"])
    for told in done:
        again.told(*told)
    assert again.shares() == shares.shares()
    assert again.next() == shares.next()
    assert sum(shares.shares().values()) == pytest.approx(1.0)


def told_in_order(course: Course) -> Shares:
    shares = Shares(["gp", "tpe"])
    for told in course:
        shares.told(*told)
    return shares


def state(shares: Shares) -> tuple[dict[str, float], list[str]]:
    return shares.shares(), [shares.next(), *shares.order()]


def test_of_a_run_that_was_retried_the_latest_outcome_counts_as_after_a_resume() -> None:
    design: Course = [(f"d{number}", 9.0 + number, f"{INITIAL} {number}") for number in range(12)]
    models: Course = [(f"g{number}", float(abs(number - 1)), "model gp") for number in range(LATEST + 1)]
    others: Course = [(f"t{number}", 5.0 + number, "model tpe") for number in range(4)]
    for retried in (design[3], models[0], models[5], others[0]):
        again = (retried[0], 7.5, retried[2])
        live = told_in_order([*design, *models, *others, again])
        assert state(live) == state(told_in_order([*(t for t in (*design, *models, *others) if t != retried), again]))
        if retried not in design:
            assert state(live) != state(told_in_order([*design, *models, *others]))


def test_no_more_than_the_latest_runs_and_turns_count() -> None:
    first: Course = [("first", -1e9, "model gp")]
    models: Course = [(f"g{number}", float(number), "model gp") for number in range(LATEST)]
    others: Course = [(f"t{number}", number - 0.5, "model tpe") for number in range(TURNS)]
    assert state(told_in_order([*first, *models, *others])) == state(told_in_order([*models, *others]))
    few = state(told_in_order([*first, *models[1:], *others]))
    assert few != state(told_in_order([*models[1:], *others]))


def test_turn_of_a_run_that_was_retried_is_the_one_that_ended_last() -> None:
    kinds = [*["gp"] * 4, *["tpe"] * 4, *["gp", "tpe"] * 8]
    course: Course = [(f"t{number}", 1.0, f"model {kind}") for number, kind in enumerate(kinds)]
    assert told_in_order(course).next() == "gp", "of the last 20 turns tpe had 12"
    assert told_in_order([*course, *course[:4]]).next() == "tpe", "of the last 20 turns gp had 12"


def test_shares_and_turns_go_by_what_runs_and_by_the_order_of_ends_not_of_proposals() -> None:
    rng, live = random.Random(2), Shares(["gp", "tpe", "random"])
    kinds = {"gp": good, "tpe": good, "random": chance}
    under_way: dict[str, str] = {}
    ended: Course = []
    for number in range(60):
        kind = live.next()
        origin = kind if kind == "random" else f"model {kind}"
        live.proposed(str(number), origin)
        under_way[str(number)] = origin
        while len(under_way) > 7:
            key = rng.choice(list(under_way))
            origin = under_way.pop(key)
            ended.append((key, kinds[origin.removeprefix("model ")](20.0, rng), origin))
            live.told(*ended[-1])
    again = Shares(["gp", "tpe", "random"])
    for told in ended:
        again.told(*told)
    for key, origin in reversed(under_way.items()):
        again.proposed(key, origin)
    assert again.shares() == live.shares()
    for number in range(30):
        assert again.next() == live.next()
        for shares in (again, live):
            shares.proposed(f"later {number}", f"model {live.next()}")


def test_turn_goes_only_to_kinds_that_can_be_asked() -> None:
    shares = Shares(["gp", "tpe", "random"])
    assert shares.next() == "gp"
    assert shares.next({"random", "tpe"}) == "tpe"
    shares.proposed("x", "model tpe")
    shares.proposed("x", "model tpe")
    assert shares.next({"random", "tpe"}) == "random"


@pytest.mark.parametrize(
    ("kinds", "origin", "kind"),
    [
        (["auto", "tpe"], "model gp", "auto"),
        (["auto", "gp ts"], "model gp ts", "gp ts"),
        (["gp", "rf"], "model rf", "rf"),
        (["gp", "random"], "random", "random"),
        (["gp", "tpe"], "random", None),
        (["gp", "auto"], "initial design 3", None),
        (["gp", "auto"], "repeat", None),
        (["gp", "tpe"], "random for tpe", "tpe"),
        (["gp", "tpe", "random"], "random for tpe", "tpe"),
        (["gp", "gp ts"], "model gp for gp ts", "gp ts"),
        (["auto", "gp"], "model gp for auto", "auto"),
        (["gp", "random"], "random for tpe", "random"),
    ],
)
def test_proposal_counts_for_the_kind_that_made_it(kinds: Sequence[str], origin: str, kind: str | None) -> None:
    assert Shares(kinds).kind_of(origin) == kind


@pytest.mark.parametrize(
    ("kinds", "found", "asked", "origin"),
    [
        (["gp", "tpe"], "model tpe", "tpe", "model tpe"),
        (["gp", "tpe"], "random", "tpe", "random for tpe"),
        (["gp", "random"], "random", "random", "random"),
        (["gp", "random"], "random", "gp", "random for gp"),
        (["auto", "tpe"], "model rf", "auto", "model rf"),
        (["auto", "rf"], "model rf", "auto", "model rf for auto"),
        (["gp", "tpe"], "repeat", "tpe", "repeat"),
        (["gp"], "random", "gp", "random"),
        (["gp", "tpe"], "random", None, "random"),
    ],
)
def test_origin_says_whose_turn_it_was_where_another_kind_or_chance_stood_in(
    kinds: Sequence[str], found: str, asked: str | None, origin: str
) -> None:
    assert Shares(kinds).origin(found, asked) == origin


def test_kind_that_earned_most_stands_in_for_one_that_finds_nothing() -> None:
    shares, _ = course({"random": chance, "tpe": chance, "gp": good}, 3)
    first, *others = shares.order()
    assert first == shares.next()
    assert others == sorted(others, key=lambda kind: -shares.shares()[kind])
    assert {first, *others} == {"random", "tpe", "gp"}


def failed(seed: ModelSeed, runs: int) -> list[tuple[dict[str, Value], str]]:
    """Return what a seed proposes while each of its runs fails."""
    done = []
    for number in range(1, runs + 1):
        answer = seed.ask(number)
        assert isinstance(answer, Proposal)
        done.append((answer.config, answer.origin))
        hear_failure(seed, number, *done[-1])
    return done


def hear_failure(seed: ModelSeed, number: int, config: dict[str, Value], origin: str) -> None:
    seed.running(Running(config=config, origin=origin))
    seed.tell(Tell(trial=number, config=config, status=Status.CRASHED, cost=None, own=True, origin=origin))


def test_kinds_of_a_portfolio_have_their_turns_while_no_run_succeeds_and_after_a_resume_too() -> None:
    def make() -> ModelSeed:
        space = msgspec.Raw(msgspec.json.format(space_to_json(make_space(PLANE)).encode(), indent=-1))
        kinds = (SeedKind(model="gp"), SeedKind(model="parzen"))
        return ModelSeed(Init(optimizer_seed=1, random_seed=1, space=space, settings=Settings(portfolio=kinds)))

    seed = make()
    done = failed(seed, 20)
    assert Counter(origin for _, origin in done) == {"random for gp": 10, "random for parzen": 10}
    resumed = make()
    for number, (config, origin) in enumerate(done, 1):
        hear_failure(resumed, number, config, origin)
    assert [origin for _, origin in failed(resumed, 6)] == [origin for _, origin in failed(seed, 6)]


@pytest.mark.parametrize(
    "settings",
    [
        Optimizer(runs=14, initial=4, challengers=50, ahead=False, seeds=KINDS),
        Optimizer(runs=14, initial=4, challengers=50, ahead=False, portfolio=KINDS),
    ],
    ids=["seeds", "portfolio"],
)
def test_shared_model_gives_turns_as_they_are_earned_and_after_a_resume_too(
    tmp_path: Path, settings: Optimizer
) -> None:
    async def study() -> tuple[Bench, str]:
        async with bench(tmp_path, make_space(PLANE), settings, seeds=2) as made:
            await made.run(14, slots=1, cost_of=plane_cost)
        told = [Told(trial, Status.SUCCESS, plane_cost(trial.config)) for trial in made.trials]
        async with bench(tmp_path, make_space(PLANE), settings, seeds=2, finished=told) as again:
            return made, str(again.model._shares)

    made, resumed = asyncio.run(study())
    assert {trial.origin for trial in made.trials[4:]} == {"model gp", "random"}
    assert len({config_key(trial.config) for trial in made.trials}) == 14
    said = [line for line in made.lines if line.startswith("shares: ")]
    assert len(said) == 1
    assert sorted(said[0].removeprefix("shares: ").replace(",", "").split()[::2]) == ["gp", "random"]
    assert resumed == str(made.model._shares)


@pytest.mark.parametrize("chosen", ["seeds", "portfolio"])
def test_shared_model_asks_each_kind_while_no_run_succeeds_and_after_a_resume_too(
    tmp_path: Path, chosen: str
) -> None:
    kinds = (SeedKind(model="gp"), SeedKind(model="parzen"))
    settings = msgspec.structs.replace(Optimizer(runs=20, initial=2, ahead=False), **{chosen: kinds})

    async def study() -> tuple[Bench, str, str]:
        async with bench(tmp_path, make_space(PLANE), settings, seeds=2) as made:
            await made.run(14, slots=1, cost_of=lambda _: None)
        told = [Told(trial, Status.CRASHED, None) for trial in made.trials]
        async with bench(tmp_path, make_space(PLANE), settings, seeds=2, finished=told) as again:
            following = made.model._shares.next()
            return made, f"random for {following}", (await again.begin()).origin

    made, expected, resumed = asyncio.run(study())
    assert Counter(trial.origin for trial in made.trials[2:]) == {"random for gp": 6, "random for parzen": 6}
    assert resumed == expected
