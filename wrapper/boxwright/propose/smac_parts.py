"""SMAC's own parts, composed for a model that is shared: what differs from its facade, and why.

Imports SMAC, which takes seconds; only optimizer processes import this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from ConfigSpace import Configuration, ConfigurationSpace
from numpy.typing import NDArray
from smac import HyperparameterOptimizationFacade, Scenario
from smac.main.config_selector import ConfigSelector
from smac.model.random_forest.random_forest import RandomForest
from smac.runhistory.encoder.log_scaled_encoder import RunHistoryLogScaledEncoder
from smac.runhistory.runhistory import RunHistory

_RANDOM_TRIES = 64


class SharedSelector(ConfigSelector):
    """Proposes one configuration per fit of the model, and never one that is taken.

    SMAC's own selector refits only once the number of its rows has changed, after several proposals, and knows
    only its own proposals as taken; results and running configurations of others need all three to be different.

    Args:
        is_taken: Whether a configuration was tried, is running, or was proposed already.
        remaining: What is left of the space, asked for once next to everything found is taken.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        is_taken: Callable[[Configuration], bool],
        remaining: Callable[[], list[Configuration]],
    ) -> None:
        super().__init__(scenario, retrain_after=1)
        self._is_taken = is_taken
        self._remaining = remaining
        self._rng = np.random.RandomState(scenario.seed)

    def __iter__(self) -> Iterator[Configuration]:
        """Yield configurations to be run; ends when a finite space has none left."""
        while True:
            config = self._select()
            if config is None:
                return
            yield config

    def _select(self) -> Configuration | None:
        trained = self._train()
        config = self._first_free(self._challengers() if trained else self._random_draws())
        if config is not None:
            return config
        # Next to everything that the search and chance come up with is taken: a finite space nears its end.
        remaining = self._remaining()
        if not remaining:
            return None
        if not trained or self._acquisition_function is None:
            return remaining[self._rng.randint(len(remaining))]
        return remaining[int(np.argmax(self._acquisition_function(remaining)))]

    def _train(self) -> bool:
        """Fit the model to all that is known, and return whether there was anything to fit it to."""
        assert self._model is not None
        assert self._acquisition_function is not None
        x, y, configurations = self._collect_data()
        if x.shape[0] == 0:
            return False
        self._model.train(x, y)
        best, best_value = self._get_x_best(configurations)
        self._acquisition_function.update(
            model=self._model, eta=best_value, incumbent_array=best, num_data=len(configurations), X=configurations
        )
        return True

    def _challengers(self) -> Iterator[Configuration]:
        assert self._acquisition_maximizer is not None
        assert self._runhistory is not None
        yield from self._acquisition_maximizer.maximize(
            self._runhistory.get_configs(), random_design=self._random_design
        )
        yield from self._random_draws()

    def _random_draws(self) -> Iterator[Configuration]:
        for _ in range(_RANDOM_TRIES):
            config = self._scenario.configspace.sample_configuration()
            config.origin = "Random Search"
            yield config

    def _first_free(self, candidates: Iterator[Configuration]) -> Configuration | None:
        return next((config for config in candidates if not self._is_taken(config)), None)

    def _get_x_best(self, X: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:  # noqa: N803  SMAC's name
        """Return the best of these by the model, in one prediction; SMAC makes one per configuration."""
        assert self._model is not None
        means = self._model.predict_marginalized(X)[0].reshape(-1)
        best = int(np.argmin(means))
        return X[best], float(means[best])


class FiniteEncoder(RunHistoryLogScaledEncoder):
    """SMAC's log scale, without its minus infinity: several equal best costs above a million make one."""

    def transform_response_values(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the logarithm of the scaled values, always finite."""
        with np.errstate(divide="ignore", invalid="ignore"):
            scaled = super().transform_response_values(values)
        lowest = float(np.log(np.finfo(np.float64).eps))
        finite: NDArray[np.float64] = np.nan_to_num(scaled, nan=0.0, neginf=lowest, posinf=0.0)
        return finite


class LeanRunHistory(RunHistory):
    """SMAC's record of runs without the bounds that only several objectives need: they cost O(n) at each tell."""

    def _update_objective_bounds(self) -> None:
        """Do nothing: there is one objective."""


class SharedFacade(HyperparameterOptimizationFacade):
    """SMAC's facade with the lean record of runs."""

    def _update_dependencies(self) -> None:
        self._runhistory = LeanRunHistory()
        super()._update_dependencies()


def forest(configspace: ConfigurationSpace, seed: int) -> RandomForest:
    """Return the forest of SMAC's facade on one thread, and without room for 2**20 leaves made beforehand.

    Both are free: the trees are the same up to ties, and a fit costs a hundredth of the time.
    """
    return RandomForest(
        log_y=True,
        n_trees=10,
        bootstrapping=True,
        ratio_features=1.0,
        min_samples_split=2,
        min_samples_leaf=1,
        max_depth=2**20,
        max_leaf_nodes=None,  # type: ignore[arg-type]  # scikit-learn takes it, as no limit
        n_jobs=1,
        configspace=configspace,
        seed=seed,
    )
