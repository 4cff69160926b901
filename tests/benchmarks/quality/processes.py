"""Work in processes of their own, one thread each.

``ProcessPoolExecutor(max_tasks_per_child=…)`` would replace its processes as well, but on Python 3.11 it stops for
good once all of them have done their share (CPython issue 115634), and one process that dies takes the rest along.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from queue import SimpleQueue
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_CALLS_PER_PROCESS = 20
"""Libraries keep memory; a new process now and then costs less than running out of it."""


def single_threaded() -> None:
    """Let the processes started from now on compute on one thread each: they must not disturb each other."""
    os.environ.update(dict.fromkeys(_THREADS, "1"))


def quiet() -> None:
    """Let libraries keep their warnings to themselves: thousands of them say nothing that the figures do not."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)


class _Process(Generic[Item, Answer]):
    """One process at a time, replaced after some calls and when it has died."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._calls = 0

    def call(self, function: Callable[[Item], Answer], item: Item) -> Answer:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), quiet)
            self._calls = 0
        self._calls += 1
        future: Future[Answer] = self._pool.submit(function, item)
        try:
            return future.result()
        finally:
            # A process that has died leaves a pool that is of no further use.
            if future.exception() is not None or self._calls >= _CALLS_PER_PROCESS:
                self.close()

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()
        self._pool = None


def each(
    function: Callable[[Item], Answer], items: Iterable[Item], jobs: int
) -> Iterator[tuple[Item, Future[Answer]]]:
    """Yield each item with its settled future, in the order in which they are done.

    The future of a call whose process died holds ``BrokenProcessPool``.
    """
    processes: list[_Process[Item, Answer]] = [_Process() for _ in range(jobs)]
    idle: SimpleQueue[_Process[Item, Answer]] = SimpleQueue()
    for process in processes:
        idle.put(process)

    def call(item: Item) -> Answer:
        process = idle.get()
        try:
            return process.call(function, item)
        finally:
            idle.put(process)

    threads = ThreadPoolExecutor(jobs)
    try:
        futures = {threads.submit(call, item): item for item in items}
        for future in as_completed(futures):
            yield futures[future], future
    finally:
        threads.shutdown(cancel_futures=True)
        for process in processes:
            process.close()
