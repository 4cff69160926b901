"""Proposals made ahead: when, how old, and by which processes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal, cast

import pytest

from boxwright.propose.ahead import WAIT_SHARE, Ahead, Pace, Prepared
from boxwright.propose.optimizer_seed import OptimizerSeed
from boxwright.propose.protocol import Proposal
from boxwright.scenario.optimizer import Optimizer
from boxwright.terms import config_key
from propose_support import PLANE, Bench, bench, make_space, plane_cost
from support import PATIENCE_S


class Workshop:
    """Proposals made ahead without a process: each is numbered, and done when it is let."""

    def __init__(self, when: bool | Literal["auto"], ask_s: float, run_s: float) -> None:
        self.now_s = 0.0
        self.made = 0
        self.is_due = True
        self.let = asyncio.Event()
        self.let.set()
        pace = Pace(lambda: self.now_s)
        pace.began("run")
        self.now_s += run_s
        pace.ended("run")
        pace.asked(ask_s)
        self.ahead = Ahead(when, pace, prepare=self._prepare, is_due=lambda: self.is_due)

    async def _prepare(self) -> Prepared:
        self.made += 1
        number = self.made
        await self.let.wait()
        return Prepared(cast("OptimizerSeed", None), Proposal(id=number, config={}, origin="model"))

    async def taken(self) -> int | None:
        prepared = await self.ahead.take()
        return None if prepared is None else prepared.answer.id


def in_workshop(
    when: bool | Literal["auto"], ask_s: float, run_s: float, work: Callable[[Workshop], Awaitable[None]]
) -> None:
    async def main() -> None:
        workshop = Workshop(when, ask_s, run_s)
        await work(workshop)
        await workshop.ahead.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("when", "share", "expected"),
    [
        ("auto", 1.1 * WAIT_SHARE, 1),
        ("auto", 0.9 * WAIT_SHARE, None),
        (True, 0.9 * WAIT_SHARE, 1),
        (False, 1.1 * WAIT_SHARE, None),
    ],
)
def test_proposal_is_made_ahead_only_where_waiting_costs_more_than_its_share_of_a_run(
    when: bool | Literal["auto"], share: float, expected: int | None
) -> None:
    async def work(workshop: Workshop) -> None:
        workshop.ahead.make()
        assert await workshop.taken() == expected
        assert workshop.made == (expected or 0)

    in_workshop(when, 60 * share, 60, work)


def test_proposal_made_ahead_is_made_once_and_taken_once() -> None:
    async def work(workshop: Workshop) -> None:
        workshop.let.clear()
        workshop.ahead.make()
        workshop.ahead.make()
        takers = [asyncio.create_task(workshop.taken()) for _ in range(2)]
        await asyncio.wait({takers[1]}, timeout=PATIENCE_S)
        assert takers[1].done()  # it asks for a fresh one instead of waiting for what another one gets
        workshop.let.set()
        assert await asyncio.gather(*takers) == [1, None]
        assert workshop.made == 1

    in_workshop(True, 1, 1, work)


def test_proposal_made_ahead_is_there_for_the_next_one_when_its_taker_has_gone() -> None:
    async def work(workshop: Workshop) -> None:
        workshop.let.clear()
        workshop.ahead.make()
        taker = asyncio.create_task(workshop.taken())
        await asyncio.sleep(0)
        taker.cancel()
        await asyncio.gather(taker, return_exceptions=True)
        workshop.let.set()
        assert await workshop.taken() == 1

    in_workshop(True, 1, 1, work)


def test_who_waits_for_a_proposal_that_is_out_of_date_and_made_anew_waits_for_the_new_one() -> None:
    async def work(workshop: Workshop) -> None:
        workshop.let.clear()
        workshop.ahead.make()
        taker = asyncio.create_task(workshop.taken())
        await asyncio.sleep(0)
        workshop.ahead.hear()
        making = workshop.ahead._making
        assert making is not None
        making.add_done_callback(lambda _: workshop.ahead.make())  # another asker, before the taker has heard
        workshop.let.set()
        assert await taker == 2

    in_workshop(True, 1, 1, work)


def test_proposal_made_ahead_is_made_anew_when_news_comes_and_nobody_takes_it() -> None:
    async def work(workshop: Workshop) -> None:
        workshop.ahead.make()
        await asyncio.sleep(0)
        workshop.ahead.hear()
        async with asyncio.timeout(PATIENCE_S):
            while workshop.made < 2:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0)
        assert await workshop.taken() == 2

    in_workshop(True, 1, 1, work)


def test_proposal_made_ahead_is_handed_out_with_one_result_missing_before_it_is_made_anew() -> None:
    async def work(workshop: Workshop) -> None:
        workshop.ahead.make()
        await asyncio.sleep(0)
        workshop.ahead.hear()
        assert await workshop.taken() == 1

    in_workshop(True, 1, 1, work)


def test_proposal_is_not_made_ahead_without_a_run_for_it() -> None:
    async def work(workshop: Workshop) -> None:
        workshop.is_due = False
        workshop.ahead.make()
        assert await workshop.taken() is None

    in_workshop(True, 1, 1, work)


async def prepared(made: Bench) -> None:
    """Wait until a proposal lies ready."""
    async with asyncio.timeout(60):
        while made.model._ahead._prepared is None:
            await asyncio.sleep(0.01)


async def ran(made: Bench, count: int) -> None:
    """Have so many trials run, one after the other."""
    for _ in range(count):
        trial = await made.begin()
        made.end(trial, plane_cost(trial.config))


def test_shared_model_hands_out_a_proposal_while_its_optimizer_is_stopped(tmp_path: Path) -> None:
    async def study() -> Bench:
        settings = Optimizer(runs=6, initial=3, ahead=True)
        async with bench(tmp_path, make_space(PLANE), settings, seeds=1) as made:
            await ran(made, 3)
            trial = await made.begin()
            await prepared(made)
            made.end(trial, plane_cost(trial.config))
            pid = made.model.pids[0]
            assert pid is not None
            os.kill(pid, signal.SIGSTOP)
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await made.begin()
            finally:
                os.kill(pid, signal.SIGCONT)
            await made.begin()
            assert made.model._ahead._making is None  # all six runs have been handed out
            return made

    made = asyncio.run(study())
    # The initial runs are known to the first ask; the next one was made while its run went on.
    assert made.counts[1] == (1, 3, 0)
    assert len({config_key(trial.config) for trial in made.trials}) == 6


def test_shared_model_makes_proposals_ahead_again_once_there_are_to_be_more_runs(tmp_path: Path) -> None:
    async def study() -> None:
        settings = Optimizer(runs=4, initial=3, ahead=True)
        async with bench(tmp_path, make_space(PLANE), settings, seeds=1) as made:
            await ran(made, 4)
            assert (made.model._ahead._making, made.model._ahead._prepared) == (None, None)
            made.model.extend(6)
            await prepared(made)
            await made.begin()
            await prepared(made)
            await made.begin()
            assert (made.model._ahead._making, made.model._ahead._prepared) == (None, None)

    asyncio.run(study())


def test_shared_model_runs_nothing_twice_when_seeds_that_propose_ahead_are_killed(tmp_path: Path) -> None:
    async def study() -> Bench:
        settings = Optimizer(runs=16, initial=4, ahead=True)
        async with bench(tmp_path, make_space(PLANE), settings, seeds=2) as made:
            await made.run(6, slots=2, cost_of=plane_cost)
            running = await made.begin()
            await prepared(made)
            for pid in made.model.pids:
                assert pid is not None
                os.kill(pid, signal.SIGKILL)
            made.end(running, plane_cost(running.config))
            await made.run(16, slots=2, cost_of=plane_cost)
            return made

    made = asyncio.run(study())
    assert len({config_key(trial.config) for trial in made.trials}) == len(made.trials) == 16


def test_who_comes_while_a_proposal_is_made_anew_waits_for_it() -> None:
    async def work(workshop: Workshop) -> None:
        workshop.ahead.make()
        await asyncio.sleep(0.01)
        workshop.let.clear()
        workshop.ahead.hear()
        while workshop.made < 2:
            await asyncio.sleep(0.01)
        taker = asyncio.create_task(workshop.taken())
        await asyncio.sleep(0.01)
        assert not taker.done()
        workshop.let.set()
        assert await taker == 2

    in_workshop(True, 1.0, 1.0, work)


def test_news_that_comes_while_a_proposal_is_made_has_it_made_anew() -> None:
    async def work(workshop: Workshop) -> None:
        workshop.let.clear()
        workshop.ahead.make()
        await asyncio.sleep(0.01)
        workshop.ahead.hear()
        workshop.let.set()
        while workshop.made < 2:
            await asyncio.sleep(0.01)
        assert await workshop.taken() == 2

    in_workshop(True, 1.0, 1.0, work)
