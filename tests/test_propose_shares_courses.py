"""What a hopeless kind costs a study, over many simulated courses: a few turns, whatever the good kind looks like.

The landscapes are such as a study may meet: the good kind closes in on the optimum step by step, stays where it is,
explores for some turns first, is blurred by noise, or meets failures as often as chance does.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeAlias

import pytest

from boxwright.propose.shares import LEAST, Shares

Kind: TypeAlias = Callable[[float, int, random.Random], float | None]
"""Returns a cost, given the best so far and how many turns the kind has had; None for a failure."""

RUNS = 38
EXTRA = 6
INITIAL = 12


def chance(best: float, turns: int, rng: random.Random) -> float:
    """Draw a point in a space of five parameters: its cost is the distance from the optimum."""
    return 100.0 * math.pow(rng.random(), 0.2)


def closing_in(best: float, turns: int, rng: random.Random) -> float:
    return best * rng.uniform(0.7, 1.3)


def in_small_steps(best: float, turns: int, rng: random.Random) -> float:
    return best * rng.uniform(0.93, 1.05)


def at_the_bottom(best: float, turns: int, rng: random.Random) -> float:
    return max(best * rng.uniform(0.5, 1.2), rng.uniform(1, 2))


def late(best: float, turns: int, rng: random.Random) -> float:
    return chance(best, turns, rng) if turns < 3 else best * rng.uniform(0.7, 1.4)


def blurred(best: float, turns: int, rng: random.Random) -> float:
    return 20.0 + 40.0 / (1 + turns) + rng.gauss(0, 4)


def with_failures(best: float, turns: int, rng: random.Random) -> float | None:
    return None if rng.random() < 0.25 else closing_in(best, turns, rng)


def failing(best: float, turns: int, rng: random.Random) -> None:
    return None


def poor(best: float, turns: int, rng: random.Random) -> float:
    return 1000.0


def turns_of(kinds: dict[str, Kind], seed: int, slots: int = 1, runs: int = RUNS) -> Counter[str]:
    """Return how many turns each kind has had, with so many runs at a time that end in any order."""
    rng, shares, had = random.Random(seed), Shares(tuple(kinds)), Counter[str]()
    costs = [chance(0.0, 0, rng) for _ in range(INITIAL)]
    for number, cost in enumerate(costs):
        shares.told(f"initial {number}", cost, f"initial design {number}")
    best, under_way = min(costs), []
    for number in range(runs):
        kind = shares.next()
        shares.proposed(str(number), f"model {kind}")
        under_way.append((str(number), kinds[kind](best, had[kind], rng), f"model {kind}"))
        had[kind] += 1
        if len(under_way) == slots:
            told = under_way.pop(rng.randrange(slots))
            shares.told(*told)
            best = best if told[1] is None else min(best, told[1])
    return had


def turns_of_the_bad_one(good: Kind, hopeless: Kind) -> list[int]:
    orders: Sequence[dict[str, Kind]] = ({"good": good, "bad": hopeless}, {"bad": hopeless, "good": good})
    return sorted(turns_of(kinds, seed, slots)["bad"] for kinds in orders for slots in (1, 4) for seed in range(10))


@pytest.mark.parametrize("hopeless", [chance, failing, poor])
@pytest.mark.parametrize("good", [closing_in, in_small_steps, at_the_bottom, blurred])
def test_hopeless_kind_gets_few_turns_beyond_those_that_are_left_to_each(good: Kind, hopeless: Kind) -> None:
    had = turns_of_the_bad_one(good, hopeless)
    assert had[0] >= 1
    assert had[len(had) // 2] <= LEAST * RUNS + EXTRA / 2
    assert had[-1] <= LEAST * RUNS + EXTRA


@pytest.mark.parametrize("hopeless", [chance, failing, poor])
@pytest.mark.parametrize("good", [late, with_failures])
def test_it_gets_some_more_where_the_good_kind_looks_no_better_for_a_while(good: Kind, hopeless: Kind) -> None:
    had = turns_of_the_bad_one(good, hopeless)
    assert had[len(had) // 2] <= LEAST * RUNS + EXTRA
    assert had[-1] <= RUNS // 2


def test_each_of_many_hopeless_kinds_gets_few_turns() -> None:
    kinds: dict[str, Kind] = {"a": chance, "b": failing, "c": poor, "good": closing_in, "d": chance}
    for seed in range(5):
        had = turns_of(kinds, seed, runs=88)
        assert max(had[kind] for kind in "abcd") <= LEAST * 88 + EXTRA
        assert had["good"] > 60


def test_kind_that_becomes_the_better_one_gets_the_turns() -> None:
    def first(best: float, turns: int, rng: random.Random) -> float:
        return best * (rng.uniform(0.8, 1.2) if turns < 35 else rng.uniform(1.2, 3.0))

    for seed in range(10):
        shown = Counter[str]()

        def second(best: float, turns: int, rng: random.Random, shown: Counter[str] = shown) -> float:
            shown["second"] = turns + 1
            return best * rng.uniform(0.8, 1.2) if best < 40 else chance(best, turns, rng)

        had = turns_of({"first": first, "second": second}, seed, runs=138)
        assert had["second"] > 69, seed
