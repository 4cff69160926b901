"""How often a configuration has run, and with which numbers: in a noisy study it may run again."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from boxwright.terms import Config


@dataclass(slots=True)
class Calls:
    """The trials of one configuration.

    Attributes:
        repeats: Which of its repeats have been proposed: 0 for the first trial, 1 for the next, ….
        costs: Of those that are over, by repeat; infinite for a failure.
    """

    config: Config
    repeats: set[int] = field(default_factory=set)
    costs: dict[int, float] = field(default_factory=dict)

    @property
    def next_repeat(self) -> int:
        """Return the lowest number that is free, so that no trial is proposed twice."""
        return next(number for number in range(len(self.repeats) + 1) if number not in self.repeats)

    @property
    def mean_cost(self) -> float:
        """Return the mean cost; infinite where nothing is over, or a trial has failed."""
        return math.fsum(self.costs.values()) / len(self.costs) if self.costs else math.inf
