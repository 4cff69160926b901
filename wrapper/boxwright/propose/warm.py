"""What an optimizer knows before its study begins: runs of elsewhere that were taken over."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from boxwright.propose.base import Told
from boxwright.terms import Config, config_key


class Warm:
    """Runs of elsewhere. They are in every seed's model, and no runs of the study.

    Args:
        told: All of them, in order; a configuration may occur several times.
    """

    def __init__(self, told: Sequence[Told] = ()) -> None:
        self.told = tuple(told)
        costs: dict[str, float] = {}
        configs: dict[str, Config] = {}
        for run in self.told:
            if run.cost is not None:
                key = config_key(run.trial.config)
                configs[key] = run.trial.config
                costs[key] = min(run.cost, costs.get(key, run.cost))
        self._best_first = [configs[key] for key in sorted(costs, key=lambda key: costs[key])]

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
        known = {config_key(run.trial.config) for run in self.told}
        unknown = [config for config in cold if config_key(config) not in known]
        return [self.best, *unknown[: max(0, len(cold) - len(self._best_first))]]

    def left(self, taken: AbstractSet[str]) -> Config | None:
        """Return the best one that the study itself has not taken, for the end of a finite space."""
        return next((config for config in self._best_first if config_key(config) not in taken), None)
