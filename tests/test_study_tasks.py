"""The work of a controller that nobody waits for: what goes wrong is told, what is stopped leaves nothing."""

from __future__ import annotations

import asyncio
import gc
import warnings

from boxwright.study.tasks import Tasks


def test_what_goes_wrong_is_told_and_the_end_of_each_too() -> None:
    failures: list[BaseException] = []
    ends: list[int] = []

    async def work(number: int) -> None:
        if number == 1:
            raise ValueError(number)

    async def scene() -> None:
        tasks = Tasks(failures.append, lambda: ends.append(len(ends)))
        for number in range(3):
            tasks.spawn(work(number))
        assert tasks
        while tasks:
            await asyncio.sleep(0)

    asyncio.run(scene())
    assert [repr(failure) for failure in failures] == ["ValueError(1)"]
    assert ends == [0, 1, 2]


def test_work_that_is_stopped_before_its_first_step_ends_in_silence() -> None:
    begun: list[str] = []
    failures: list[BaseException] = []

    async def work() -> None:
        begun.append("work")

    async def scene() -> None:
        tasks = Tasks(failures.append, lambda: None)
        tasks.spawn(work())
        tasks.cancel()
        while tasks:
            await asyncio.sleep(0)

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        asyncio.run(scene())
        gc.collect()
    assert (begun, failures, [str(warning.message) for warning in told]) == ([], [], [])
