"""When a seed that dies again and again is given up, by a clock that tests can move."""

from __future__ import annotations

from boxwright.propose.deaths import MAX_FAULTS, MAX_KILLED_S, PAUSE_S, Deaths
from boxwright.propose.nursery_process import Cause


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_seed_is_given_up_after_so_many_deaths_of_its_own_doing_without_an_answer() -> None:
    deaths = Deaths(Clock())
    for _ in range(MAX_FAULTS - 1):
        deaths.died(Cause.FAULT, was_idle=True)
    deaths.answered()
    for _ in range(MAX_FAULTS - 1):
        deaths.died(Cause.FAULT, was_idle=False)
        assert not deaths.are_too_many
    deaths.died(Cause.FAULT, was_idle=False)
    assert deaths.are_too_many
    assert deaths.number == MAX_FAULTS


def test_seed_that_is_killed_is_given_up_only_when_that_has_gone_on_for_long() -> None:
    clock = Clock()
    deaths = Deaths(clock)
    for _ in range(100):
        deaths.died(Cause.KILLED, was_idle=False)
    clock.now_s = MAX_KILLED_S - 1
    deaths.died(Cause.KILLED, was_idle=False)
    assert not deaths.are_too_many
    clock.now_s = MAX_KILLED_S
    deaths.died(Cause.KILLED, was_idle=False)
    assert deaths.are_too_many


def test_two_kills_far_apart_are_no_reason_to_give_a_seed_up() -> None:
    clock = Clock()
    deaths = Deaths(clock)
    for clock.now_s in (0, 2 * MAX_KILLED_S):
        deaths.died(Cause.KILLED, was_idle=False)
    assert not deaths.are_too_many


def test_kills_of_a_seed_that_nobody_asks_say_nothing_against_it() -> None:
    clock = Clock()
    deaths = Deaths(clock)
    for hour in range(100):
        clock.now_s = hour * 3600.0
        deaths.died(Cause.KILLED, was_idle=True)
        assert not deaths.are_too_many


def test_seed_that_dies_again_is_started_after_a_pause_that_grows_and_then_no_longer() -> None:
    deaths = Deaths(Clock())
    pauses_s = []
    for _ in range(6):
        deaths.died(Cause.KILLED, was_idle=False)
        pauses_s.append(deaths.pause_s)
    assert pauses_s == [0, PAUSE_S, 2 * PAUSE_S, 4 * PAUSE_S, 4 * PAUSE_S, 4 * PAUSE_S]
