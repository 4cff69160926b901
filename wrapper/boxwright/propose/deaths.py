"""When a seed that dies again and again is given up."""

from __future__ import annotations

import time
from collections.abc import Callable

from boxwright.propose.nursery_process import Cause

MAX_FAULTS = 5
"""So many deaths of its own doing without an answer in between mean that starting it again does not help."""

MAX_KILLED_S = 300.0
"""So long a seed that is wanted may be killed again and again without an answer in between.

Whoever kills processes does so more often than an answer can be given, and the study has to outlive that. The kernel
that runs out of memory kills in the same way, and would do so for ever: only time tells them apart.
"""

PAUSE_S = 0.4
"""Before the second start without an answer in between; twice as long before each further one, four times at most."""


class Deaths:
    """The deaths of one seed since its last answer.

    Args:
        clock: In seconds.
        max_faults: So many deaths of its own doing are too many.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, max_faults: int = MAX_FAULTS) -> None:
        self._clock = clock
        self._max_faults = max_faults
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._deaths = 0
        self._faults = 0
        self._killed_at: list[float] = []  # when, by the clock

    def answered(self) -> None:
        """Hear that it has answered."""
        self._begin_anew()

    def died(self, cause: Cause, *, was_idle: bool) -> None:
        """Hear that it has died.

        Args:
            cause: Of its own doing, or killed.
            was_idle: It was ready, and nobody waited for its answer.
        """
        self._deaths += 1
        if cause is Cause.FAULT:
            self._faults += 1
        elif was_idle:
            self._killed_at.clear()  # it had come to life, and had no chance to show it
        else:
            self._killed_at.append(self._clock())

    @property
    def number(self) -> int:
        """How often it has died."""
        return self._deaths

    @property
    def are_too_many(self) -> bool:
        """Whether starting it again is in vain."""
        if self._faults >= self._max_faults:
            return True
        return len(self._killed_at) >= MAX_FAULTS and self._killed_at[-1] - self._killed_at[0] >= MAX_KILLED_S

    @property
    def pause_s(self) -> float:
        """How long to wait before it is started again."""
        return PAUSE_S * 2 ** min(self._deaths - 2, 2) if self._deaths > 1 else 0.0
