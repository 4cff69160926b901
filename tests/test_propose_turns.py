"""Turns: who waits for whom before an optimizer seed is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from boxwright.propose.turns import Turns
from support import PATIENCE_S

pytestmark = pytest.mark.usefixtures("short_turns")

TURN_S = 0.02
SEVERAL_TURNS_S = 0.1


@pytest.fixture
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boxwright.propose.turns.TURN_S", TURN_S)


def in_turns(work: Callable[[Turns, asyncio.Event, asyncio.Task[None]], Awaitable[None]]) -> None:
    """Let one ask have its turn until the event is set, and a second one wait for its own."""

    async def main() -> None:
        turns, answer, had = Turns(2), asyncio.Event(), asyncio.Event()

        async def ask(until: asyncio.Event | None) -> None:
            async with turns.turn():
                had.set()
                if until is not None:
                    await until.wait()

        first = asyncio.create_task(ask(answer))
        await had.wait()
        second = asyncio.create_task(ask(None))
        async with asyncio.timeout(PATIENCE_S):
            await work(turns, answer, second)
            answer.set()
            await asyncio.gather(first, second)

    asyncio.run(main())


def test_ask_waits_for_the_answer_before_it_for_so_long_only() -> None:
    async def work(turns: Turns, answer: asyncio.Event, second: asyncio.Task[None]) -> None:
        turns.note(1, True)
        turns.note(2, True)
        turns.note(1, False)  # one that can answer is left
        await second
        assert not answer.is_set()

    in_turns(work)


def test_time_in_which_no_seed_can_answer_does_not_count() -> None:
    async def work(turns: Turns, answer: asyncio.Event, second: asyncio.Task[None]) -> None:
        turns.note(1, True)
        turns.note(1, False)
        await asyncio.wait({second}, timeout=SEVERAL_TURNS_S)
        assert not second.done()
        turns.note(1, True)
        await second
        assert not answer.is_set()

    in_turns(work)


def test_nobody_waits_for_seeds_that_have_been_given_up() -> None:
    async def work(turns: Turns, answer: asyncio.Event, second: asyncio.Task[None]) -> None:
        turns.end()
        turns.note(1, False)
        await second
        assert not answer.is_set()

    in_turns(work)
