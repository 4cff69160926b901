"""How many pilots a study holds: as many as its slots need, fewer when there is less to do."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

from boxwright.pilots.crew import Crew
from boxwright.pilots.plan import PilotPlan


class Thinning:
    """Says how many pilots are wanted, and which are to go.

    A pilot that had no run for ``idle_s`` goes, the last one excepted: the optimizer does not propose as much as
    there are slots for, or only a few runs are left. There are as many as before again once all that stayed have
    been busy for as long.

    Args:
        plan: What is asked of pilots.
        left: Returns how many runs are still to be made or under way; None where that is not known.

    Attributes:
        count: Slots that are wanted.
    """

    def __init__(self, plan: PilotPlan, left: Callable[[], int | None]) -> None:
        self.count = plan.count
        self._per_job = plan.per_job
        self._idle_s = plan.idle_s
        self._left = left
        self._most: int | None = None
        self._all_busy_since: float | None = None

    def change(self, count: int) -> None:
        """Want so many slots from now on."""
        self.count, self._most = count, None

    @property
    def wanted(self) -> int:
        """Return how many pilots are wanted."""
        left = self._left()
        pilots = math.ceil((self.count if left is None else min(self.count, left)) / self._per_job)
        return pilots if self._most is None else min(pilots, self._most)

    def surplus(self, staying: list[Crew]) -> Iterator[tuple[Crew, str]]:
        """Yield those that take no further run, and why."""
        too_many = len(staying) - math.ceil(self.count / self._per_job)
        if too_many > 0:
            idle_first = sorted(staying, key=lambda crew: (crew.is_busy, -crew.since))
            for crew in idle_first[:too_many]:
                yield crew, "fewer slots are wanted"
            staying = idle_first[too_many:]
        idle = [crew for crew in staying if crew.has_been_idle_for(self._idle_s)][: len(staying) - 1]
        for crew in idle:
            yield crew, f"there was no run for it for {self._idle_s:g} s"
        if idle:
            self._most = len(staying) - len(idle)
        elif self._all_have_been_busy(staying):
            self._most = None

    def _all_have_been_busy(self, staying: list[Crew]) -> bool:
        places = [place for crew in staying for place in crew.places.values()]
        if not places or any(place.request is None for place in places):
            self._all_busy_since = None
            return False
        if self._all_busy_since is None:
            self._all_busy_since = time.monotonic()
        return time.monotonic() >= self._all_busy_since + self._idle_s
