"""What takes long to find out is found out seldom."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import RLock, Thread
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
        self._worker: Thread | None = None
        self._fault: Exception | None = None

    def get(self, generation: int, find_out: Callable[[], T]) -> T:
        """Return it.

        Args:
            generation: Another number than the last time means that the study has changed.
            find_out: Finds it out.
        """
        with self._lock:
            if self._is_due(generation):
                self._find_out(generation, find_out)
            assert self._value is not None
            return self._value

    def soon(self, generation: int, find_out: Callable[[], T]) -> tuple[T | None, bool]:
        """Return what is known at once, None for nothing, and whether something newer is being found out.

        Args:
            generation: As for ``get``.
            find_out: Finds it out, in a thread of its own.

        Raises:
            Exception: What it raised the last time.
        """
        with self._lock:
            fault, self._fault = self._fault, None
            if fault is not None:
                raise fault
            is_coming = self._worker is not None and self._worker.is_alive()
            if not is_coming and self._is_due(generation):
                self._worker = Thread(target=self._work, args=(generation, find_out), daemon=True)
                self._worker.start()
                is_coming = True
            return self._value, is_coming

    def _is_due(self, generation: int) -> bool:
        return self._value is None or (self._generation != generation and time.monotonic() >= self._not_before)

    def _work(self, generation: int, find_out: Callable[[], T]) -> None:
        try:
            self._find_out(generation, find_out)
        except Exception as fault:  # noqa: BLE001  told to who asks next
            self._fault = fault

    def _find_out(self, generation: int, find_out: Callable[[], T]) -> None:
        began = time.monotonic()
        value = find_out()
        now = time.monotonic()
        with self._lock:
            self._value, self._generation = value, generation
            self._not_before = now + _REST * (now - began)
