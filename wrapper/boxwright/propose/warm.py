"""What an optimizer knows before its study begins: runs of elsewhere that were taken over."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from boxwright.propose.base import Told
from boxwright.propose.calls import Calls
from boxwright.terms import Config, config_key


class Warm:
    """Runs of elsewhere. They are in every seed's model, and no runs of the study.

    Args:
        told: All of them, in order; a configuration may occur several times.
        noisy: Whether it may come out differently each time: then it is as good as the mean of its runs, and one of
            which a run has failed comes last. Else it is as good as the best of them.

    Attributes:
        keys: Of all configurations (``config_key``), also of those that only failed.
    """

    def __init__(self, told: Sequence[Told] = (), *, noisy: bool = False) -> None:
        self.told = tuple(told)
        calls: dict[str, Calls] = {}
        for run in self.told:
            costs = calls.setdefault(config_key(run.trial.config), Calls(run.trial.config)).costs
            costs[len(costs)] = math.inf if run.cost is None else run.cost
        self.keys = frozenset(calls)
        succeeded = [each for each in calls.values() if not math.isinf(min(each.costs.values()))]
        rank = operator.attrgetter("mean_cost") if noisy else lambda each: min(each.costs.values())
        self._best_first = [each.config for each in sorted(succeeded, key=rank)]

    @property
    def best(self) -> Config | None:
        """The configuration of least cost; None if nothing has succeeded."""
        return self._best_first[0] if self._best_first else None

    def design(self, cold: Sequence[Config]) -> list[Config]:
        """Return what becomes of an initial design: the best known configuration, then what is left of it.

        Each configuration that is known to succeed counts as one of the design, so that with enough of them the model
        is asked from the second run on. The best one is run here all the same: whatever has changed since, the study
        has it among its own runs.
        """
        if self.best is None:
            return list(cold)
        unknown = [config for config in cold if config_key(config) not in self.keys]
        return [self.best, *unknown[: max(0, len(cold) - len(self._best_first))]]

    def left(self, taken: AbstractSet[str]) -> Config | None:
        """Return the best one that the study itself has not taken, for the end of a finite space."""
        return next((config for config in self._best_first if config_key(config) not in taken), None)
