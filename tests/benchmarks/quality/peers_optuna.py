"""Optuna's samplers, asked and told; the space is walked define-by-run, as its documentation asks for."""

from __future__ import annotations

import importlib
from functools import partial
from typing import Any

import numpy as np
from quality.peer import FORBIDDEN_TRIES, Pending, Task, Worst, walk

from boxwright.propose.sampling import draw
from boxwright.space import Domain, Space
from boxwright.terms import Config, Value


class Optuna:
    """One study in memory.

    Args:
        knows_pruned: Whether the sampler learns from pruned trials, the words for failures and forbidden points.
    """

    def __init__(self, task: Task, sampler: Any, *, knows_pruned: bool = False) -> None:
        self._optuna: Any = importlib.import_module("optuna")
        self._optuna.logging.set_verbosity(self._optuna.logging.ERROR)
        self._space = task.space
        self._study = self._optuna.create_study(sampler=sampler)
        self._knows_pruned = knows_pruned
        self._pending: Pending[Any] = Pending()
        self._worst = Worst()
        self._rng = np.random.default_rng([11, task.seed])

    def ask(self) -> Config:
        """Return the sampler's next point; forbidden ones are told as pruned and asked anew."""
        for attempt in range(FORBIDDEN_TRIES + 1):
            if attempt == FORBIDDEN_TRIES:
                self._study.enqueue_trial(_fixed(self._space, draw(self._space, self._rng)))
            trial = self._study.ask()
            config = walk(self._space, partial(_suggest, trial))
            if self._space.forbidden_by(config) is None:
                self._pending.put(config, trial)
                return config
            self._study.tell(trial, state=self._optuna.trial.TrialState.PRUNED)
        raise AssertionError("a point drawn from the space is never forbidden")

    def tell(self, config: Config, cost: float | None) -> None:
        """Hear how a run ended."""
        states = self._optuna.trial.TrialState
        trial, finite = self._pending.take(config), self._worst.finite(cost)
        if trial is None:
            if finite is not None:
                self._study.add_trial(self._foreign(config, finite))
        elif cost is None and self._knows_pruned:
            self._study.tell(trial, state=states.PRUNED)
        elif finite is None:
            self._study.tell(trial, state=states.FAIL)
        else:
            self._study.tell(trial, finite)

    def _foreign(self, config: Config, cost: float) -> Any:
        domains = {name: self._space.domain(name) for name in config}
        searched = {name: domain for name, domain in domains.items() if domain.size != 1}
        return self._optuna.trial.create_trial(
            params=_fixed(self._space, config),
            distributions={name: self._distribution(domain) for name, domain in searched.items()},
            value=cost,
        )

    def _distribution(self, domain: Domain) -> Any:
        kinds = self._optuna.distributions
        if domain.kind == "int":
            return kinds.IntDistribution(int(domain.lower), int(domain.upper), log=domain.log)
        if domain.kind == "float":
            return kinds.FloatDistribution(domain.lower, domain.upper, log=domain.log)
        if domain.ordered:
            return kinds.IntDistribution(0, len(domain.values) - 1)
        return kinds.CategoricalDistribution(domain.values)


def _suggest(trial: Any, domain: Domain) -> Value:
    value: Value
    if domain.size == 1:
        value = domain.default
    elif domain.kind == "int":
        value = trial.suggest_int(domain.name, int(domain.lower), int(domain.upper), log=domain.log)
    elif domain.kind == "float":
        value = trial.suggest_float(domain.name, domain.lower, domain.upper, log=domain.log)
    elif domain.ordered:  # Optuna has no ordinals; a number keeps the order
        value = domain.values[trial.suggest_int(domain.name, 0, len(domain.values) - 1)]
    else:
        value = trial.suggest_categorical(domain.name, domain.values)
    return value


def _fixed(space: Space, config: Config) -> dict[str, Value]:
    """Return a configuration as Optuna's own values, as ``_suggest`` would have drawn them."""
    fixed: dict[str, Value] = {}
    for name, value in config.items():
        domain = space.domain(name)
        if domain.size != 1:
            fixed[name] = domain.values.index(value) if domain.kind == "choices" and domain.ordered else value
    return fixed


def make_tpe(task: Task) -> Optuna:
    """Return the Parzen estimator, multivariate, with groups for conditional spaces."""
    samplers: Any = importlib.import_module("optuna.samplers")
    sampler = samplers.TPESampler(multivariate=True, group=True, seed=task.seed, warn_independent_sampling=False)
    return Optuna(task, sampler, knows_pruned=True)


def make_gp(task: Task) -> Optuna:
    """Return the Gaussian process; conditional parameters are drawn independently, as it comes."""
    samplers: Any = importlib.import_module("optuna.samplers")
    sampler = samplers.GPSampler(
        seed=task.seed, deterministic_objective=not task.is_noisy, warn_independent_sampling=False
    )
    return Optuna(task, sampler)


def make_cma(task: Task) -> Optuna:
    """Return the evolution strategy; categories and conditional parameters are drawn independently, as it comes."""
    samplers: Any = importlib.import_module("optuna.samplers")
    return Optuna(task, samplers.CmaEsSampler(seed=task.seed, warn_independent_sampling=False))
