"""What takes long to find out is found out seldom."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import RLock
from typing import Generic, TypeVar

T = TypeVar("T")
_REST = 20


class Kept(Generic[T]):
    """One thing about a study, found out anew once the study has changed, but not all the time.

    What took a second rests for twenty: a study that changes each second is not slowed by whoever watches it.
    """

    def __init__(self) -> None:
        self._value: T | None = None
        self._generation = -1
        self._not_before = 0.0
        self._lock = RLock()

    def get(self, generation: int, find_out: Callable[[], T]) -> T:
        """Return it.

        Args:
            generation: Another number than the last time means that the study has changed.
            find_out: Finds it out.
        """
        with self._lock:
            began = time.monotonic()
            if self._value is None or (self._generation != generation and began >= self._not_before):
                self._value = find_out()
                self._generation = generation
                now = time.monotonic()
                self._not_before = now + _REST * (now - began)
            return self._value
