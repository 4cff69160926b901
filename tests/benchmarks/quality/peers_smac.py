"""SMAC3 as it comes: two of its facades, asked and told."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from quality.peer import Pending, Task, Worst

from boxwright.propose.base import ExhaustedError
from boxwright.space import plain_config
from boxwright.terms import Config

_SEED_OF_NOBODY = 0


class Smac:
    """One facade with all its defaults."""

    def __init__(self, task: Task, facade: Any) -> None:
        from smac import Scenario

        self._space = task.space
        self._worst = Worst()
        self._pending: Pending[Any] = Pending()
        self._failed_first: list[Any] = []
        with tempfile.TemporaryDirectory(prefix="quality-smac-") as folder:
            scenario = Scenario(
                task.space.configspace,
                deterministic=not task.is_noisy,
                n_trials=task.budget,
                seed=task.seed,
                output_directory=Path(folder),
            )
            design = {"initial_design": facade.get_initial_design(scenario, n_configs=0)} if task.told_first else {}
            self._smac = facade(scenario, target_function=None, logging_level=False, overwrite=True, **design)

    def ask(self) -> Config:
        """Return its next trial's configuration."""
        try:
            info = self._smac.ask()
        except StopIteration as error:
            raise ExhaustedError from error
        config = plain_config(info.config)
        self._pending.put(config, info)
        return config

    def tell(self, config: Config, cost: float | None) -> None:
        """Hear how a run ended; a failure has the worst cost so far, since an infinite one spoils its models.

        Failures before the first success are told with that.
        """
        from smac.runhistory.dataclasses import TrialInfo, TrialValue
        from smac.runhistory.enumerations import StatusType

        info = self._pending.take(config) or TrialInfo(self._space.configuration(config), seed=_SEED_OF_NOBODY)
        status = StatusType.SUCCESS if cost is not None else StatusType.CRASHED
        finite = self._worst.finite(cost)
        if finite is None:
            self._failed_first.append(info)
            return
        self._smac.tell(info, TrialValue(cost=finite, status=status), save=False)
        for failed in self._failed_first:
            self._smac.tell(failed, TrialValue(cost=finite, status=StatusType.CRASHED), save=False)
        self._failed_first.clear()


def make_forest(task: Task) -> Smac:
    """Return the facade for hyperparameters: a random forest."""
    from smac import HyperparameterOptimizationFacade

    return Smac(task, HyperparameterOptimizationFacade)


def make_blackbox(task: Task) -> Smac:
    """Return the facade for black boxes: a Gaussian process."""
    from smac import BlackBoxFacade

    return Smac(task, BlackBoxFacade)
