"""The pilots that have come up, as their controller sees them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from boxwright.execute.messages import Request
from boxwright.pilots.line import Line
from boxwright.pilots.messages import Hello
from boxwright.terms import Slot

NO_TIME = "no run would end before its walltime does"
"""Why a pilot takes no further runs, near its end."""


@dataclass(slots=True)
class Place:
    """One slot of a pilot.

    Attributes:
        slot: As everyone else knows it, with a number of its own among all pilots.
        local: The pilot's own number for it.
        request: The run that it has.
        up: Its agent can take a run.
        lost: The pilot has given it up.
    """

    slot: Slot
    local: int
    request: Request | None = None
    up: bool = False
    lost: bool = False


@dataclass(slots=True)
class Crew:
    """One pilot.

    Attributes:
        line: The connection to it.
        hello: What it said first.
        places: Its slots, by its own numbers.
        leaving: Why it takes no further run; empty while it does.
        dismissed: The controller has told it to end.
        ended: How many runs have ended there.
        idle_since: Monotonic seconds; None while it has a run, or no slot yet that could take one.
    """

    line: Line
    hello: Hello
    places: dict[int, Place]
    leaving: str = ""
    dismissed: bool = False
    ended: int = 0
    since: float = field(default_factory=time.monotonic)
    idle_since: float | None = None

    @property
    def text(self) -> str:
        """Return what it is called in messages."""
        job = f"job {self.hello.job} on " if self.hello.job else ""
        return f"pilot ({job}{self.hello.host})"

    @property
    def is_busy(self) -> bool:
        """Whether a run is on one of its slots."""
        return any(place.request is not None for place in self.places.values())

    def has_time_for(self, run_s: float) -> bool:
        """Return whether a run of so many seconds, its grace included, would end before the pilot does.

        One that fits into no pilot is given to a fresh one: another would have no more time for it.
        """
        had_s = self.hello.ends_in_s
        if had_s is None:
            return True
        age_s = time.monotonic() - self.since
        return self.ended == 0 and age_s < had_s / 10 if run_s >= had_s else age_s + run_s < had_s

    def look(self) -> None:
        """Note whether there is work for it."""
        if self.is_busy:
            self.idle_since = None
        elif self.idle_since is None and any(place.up for place in self.places.values()):
            self.idle_since = time.monotonic()

    def has_been_idle_for(self, seconds: float) -> bool:
        """Return whether it has had no run for so long."""
        return self.idle_since is not None and time.monotonic() >= self.idle_since + seconds


@dataclass(frozen=True, slots=True)
class PilotCounts:
    """How many pilots wait in the queue, how many have come up, and the slots that those hold."""

    queued: int = 0
    running: int = 0
    slots: tuple[Slot, ...] = ()
