"""Each configuration runs on all instances, and whoever proposed it hears of it once, with the mean."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from boxwright.propose.base import ExhaustedError, Proposal, Told
from boxwright.propose.on_instances import OnInstances, Row
from boxwright.terms import Status, Trial

ROWS: tuple[Row, ...] = (("a", None), ("b", None), ("c", None))


class Listening:
    """A proposer of three configurations that keeps what it hears."""

    def __init__(self) -> None:
        self.left = [1, 2, 3]
        self.told: list[Told] = []
        self.heard_running: list[Trial] = []

        self.runs = 0

    def extend(self, runs: int) -> None:
        self.runs = runs

    async def start(self, finished: Sequence[Told], running: Sequence[Trial]) -> None:
        self.told += finished
        self.heard_running += running

    async def next(self) -> Proposal:
        await asyncio.sleep(0)
        if not self.left:
            raise ExhaustedError
        return Proposal({"x": self.left.pop(0)}, "model", 1, 0)

    def running(self, trial: Trial) -> None:
        self.heard_running.append(trial)

    def finished(self, told: Told) -> None:
        self.told.append(told)

    async def close(self) -> None:
        """Nothing is held."""


def trial(number: int, x: int, instance: str, seed: int = 0) -> Trial:
    return Trial(number, {"x": x}, instance=instance, seed=seed, optimizer_seed=1, origin="model")


def success(number: int, x: int, instance: str, cost: float | None, seed: int = 0) -> Told:
    status = Status.CRASHED if cost is None else Status.SUCCESS
    return Told(trial(number, x, instance, seed), status, cost)


def proposals(proposer: OnInstances, number: int) -> list[tuple[object, str | None, int | None]]:
    async def ask() -> list[Proposal]:
        return await asyncio.gather(*(proposer.next() for _ in range(number)))

    return [(each.config["x"], each.instance, each.seed) for each in asyncio.run(ask())]


def test_a_configuration_is_completed_before_the_next_one_is_asked_for() -> None:
    proposer = OnInstances(Listening(), ROWS, study_seed=0)
    assert proposals(proposer, 4) == [(1, "a", None), (1, "b", None), (1, "c", None), (2, "a", None)]


def test_the_mean_is_told_when_the_last_instance_is_over() -> None:
    inner = Listening()
    proposer = OnInstances(inner, ROWS, study_seed=0)
    for number, (name, cost) in enumerate([("b", 2.0), ("a", 1.0), ("c", 6.0)], 1):
        assert not inner.told
        proposer.running(trial(number, 1, name))
        proposer.finished(success(number, 1, name, cost))
    (told,) = inner.told
    assert told.cost == pytest.approx(3.0)
    assert (told.status, told.trial.instance) == (Status.SUCCESS, None)
    assert len(inner.heard_running) == 1


@pytest.mark.parametrize("retried_at", [2, 4], ids=["before the last instance is over", "afterwards"])
def test_of_a_trial_that_ran_once_more_the_latest_outcome_counts(retried_at: int) -> None:
    inner = Listening()
    proposer = OnInstances(inner, ROWS, study_seed=0)
    ends = [success(1, 1, "a", None), success(2, 1, "b", 2.0), success(3, 1, "c", 6.0)]
    ends.insert(retried_at - 1, success(1, 1, "a", 1.0))
    for told in ends:
        proposer.running(told.trial)
        proposer.finished(told)
    assert inner.told[-1].status is Status.SUCCESS
    assert inner.told[-1].cost == pytest.approx(3.0)
    assert [told.trial.number for told in inner.told] == [1] * len(inner.told)


def test_a_configuration_without_a_value_on_one_instance_has_none() -> None:
    inner = Listening()
    proposer = OnInstances(inner, ROWS, study_seed=0)
    for number, (name, cost) in enumerate([("a", 1.0), ("b", None), ("c", 2.0)], 1):
        proposer.finished(success(number, 1, name, cost))
    (told,) = inner.told
    assert (told.cost, told.status) == (None, Status.CRASHED)


def test_a_study_that_is_taken_up_completes_what_was_begun_and_tells_nothing_twice() -> None:
    inner = Listening()
    proposer = OnInstances(inner, ROWS, study_seed=0)
    done = [success(n, 1, name, 1.0) for n, name in enumerate("abc", 1)]
    part = [success(4, 2, "a", 5.0)]
    asyncio.run(proposer.start([*done, *part], [trial(5, 2, "b")]))
    assert [told.trial.config["x"] for told in inner.told] == [1]
    assert [each.config["x"] for each in inner.heard_running] == [2]
    assert proposals(proposer, 1) == [(2, "c", None)]
    proposer.finished(success(5, 2, "b", 7.0))
    proposer.finished(success(6, 2, "c", 9.0))
    assert [told.cost for told in inner.told] == [pytest.approx(1.0), pytest.approx(7.0)]


def test_repeats_of_a_configuration_are_told_apart_by_their_seeds() -> None:
    inner = Listening()
    proposer = OnInstances(inner, ROWS[:2], study_seed=10)
    for number, (name, seed, cost) in enumerate([("a", 10, 1.0), ("a", 11, 5.0), ("b", 11, 7.0), ("b", 10, 3.0)], 1):
        proposer.finished(success(number, 1, name, cost, seed))
    assert [(told.trial.seed, told.cost) for told in inner.told] == [(11, 6.0), (10, 2.0)]


def test_instances_with_seeds_of_their_own_are_run_with_these() -> None:
    inner = Listening()
    proposer = OnInstances(inner, (("a", 3), ("a", 4)), study_seed=1)
    assert proposals(proposer, 2) == [(1, "a", 3), (1, "a", 4)]
    proposer.finished(success(1, 1, "a", 2.0, 3))
    proposer.finished(success(2, 1, "a", 4.0, 4))
    assert [(told.trial.seed, told.cost) for told in inner.told] == [(1, 3.0)]


@pytest.mark.parametrize(("runs", "whole"), [(9, 3), (11, 3), (2, 1)])
def test_the_inner_one_hears_of_more_runs_as_whole_configurations(runs: int, whole: int) -> None:
    inner = Listening()
    OnInstances(inner, ROWS, study_seed=0).extend(runs)
    assert inner.runs == whole


def test_nothing_is_left_when_the_inner_one_has_nothing() -> None:
    proposer = OnInstances(Listening(), ROWS[:1], study_seed=0)
    assert len(proposals(proposer, 3)) == 3
    with pytest.raises(ExhaustedError):
        proposals(proposer, 1)
