"""Optuna's Parzen estimator and evolution strategy, told every run whoever proposed it.

Needs the extra ``boxwright[optuna]``; imported in seed processes that want it only.
"""

from __future__ import annotations

import math
import warnings
from functools import partial
from typing import Any, Literal

from boxwright.propose.search.history import COST_LIMIT
from boxwright.space import Domain, Space
from boxwright.space.values import rounded
from boxwright.terms import Config, Value, config_key

FEWEST_SOURCES = 10
"""From fewer the strategy does not start: it takes the best tenth of them."""

TRIES = 20
"""So many answers in a row that are forbidden or taken, and none is given: Optuna knows of neither."""


class OptunaSearch:
    """One of Optuna's samplers over a study in memory; the space is walked define-by-run, conditions and all.

    A run that is under way is a running trial of the study, which ``tpe`` takes for a bad one (``constant_liar``).
    Optuna's evolution strategy learns from its own trials alone, so it is begun anew from all runs (Nomura et al.
    2021, "Warm Starting CMA-ES for Hyperparameter Optimization") as soon as another kind has found a better one.
    """

    def __init__(self, space: Space, random_seed: int, model: Literal["tpe", "cma"]) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._optuna: Any = optuna
        self._space = space
        self._domains = {name: domain for name in space.names if (domain := space.domain(name)).size != 1}
        self._distributions = {name: self._distribution(domain) for name, domain in self._domains.items()}
        self._seed = random_seed
        self._model = model
        self._told: dict[int, tuple[Config, float | None]] = {}  # by trial
        self._tried: set[str] = set()
        self._running: dict[str, Config] = {}
        self._own: set[str] = set()
        self._best = math.inf
        self._worst = -math.inf
        self._is_stale = model == "cma"
        self._moves: dict[str, Any] = {}
        self._begin()

    def running(self, config: Config) -> None:
        """Hear of a configuration that is about to run: it is not proposed any more."""
        key = config_key(config)
        self._running[key] = config
        if (number := self._aside.pop(key, None)) is not None:
            self._numbers.setdefault(key, number)
        if key not in self._numbers:
            self._numbers[key] = self._add(config, state=self._optuna.trial.TrialState.RUNNING)

    def tell(self, config: Config, cost: float | None, trial: int) -> None:
        """Hear of a settled trial, whoever proposed it; a failure has no cost. One that ran again is told again."""
        key = config_key(config)
        usable = cost is not None and math.isfinite(cost)
        found = max(-COST_LIMIT, min(COST_LIMIT, cost)) if usable and cost is not None else None
        self._running.pop(key, None)
        self._is_stale |= trial in self._told  # Optuna takes nothing back
        self._told[trial] = (config, found)
        self._tried.add(key)
        if found is not None:
            self._worst = max(self._worst, found)
            self._is_stale |= self._model == "cma" and found < self._best and key not in self._own
            self._best = min(self._best, found)
        number = self._numbers.pop(key, None)
        if number is None:
            self._add(config, **self._ending(found))
        else:
            ending = self._ending(found)
            self._study.tell(number, ending.get("value"), state=ending["state"])

    def ask(self) -> tuple[Config, str] | None:
        """Return what the sampler comes up with; None if that is forbidden or taken again and again."""
        if self._is_stale or (self._model == "cma" and self._moved() != self._moves):
            self._begin()
        states = self._optuna.trial.TrialState
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for _ in range(TRIES):
                trial = self._study.ask()
                config = self._space.composed(partial(_suggested, trial))
                key = config_key(config)
                is_taken = key in self._tried or key in self._numbers
                if not is_taken and self._space.forbidden_by(config) is None:
                    self._numbers[key] = trial.number
                    self._own.add(key)
                    return config, f"model {self._model}"
                # Pruned is Optuna's word for the worst there is; what is taken is known already.
                self._study.tell(trial, state=states.FAIL if is_taken else states.PRUNED)
        return None

    def release(self, config: Config) -> None:
        """Take back what was proposed: it may be proposed again, unless it runs or was tried."""
        key = config_key(config)
        if key not in self._numbers or key in self._running:
            return
        number = self._numbers.pop(key)
        if self._model == "cma":
            # What was made ahead mostly runs later. The strategy learns from it only as this trial of its own; one
            # that never runs stays open, which it passes over.
            self._aside[key] = number
        else:
            self._study.tell(number, state=self._optuna.trial.TrialState.FAIL)
            self._own.discard(key)

    def _begin(self) -> None:
        """Open a study that holds everything told so far."""
        self._numbers: dict[str, int] = {}
        self._aside: dict[str, int] = {}
        self._study = self._optuna.create_study()
        for config, cost in self._told.values():
            self._add(config, **self._ending(cost))
        for key, config in self._running.items():
            self._numbers[key] = self._add(config, state=self._optuna.trial.TrialState.RUNNING)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that arguments are experimental
            self._study.sampler = self._sampler()
        self._is_stale = False

    def _sampler(self) -> Any:
        samplers = self._optuna.samplers
        # What begins anew must not draw the same again.
        seed = (self._seed + 1_000_003 * len(self._told)) % 2**31
        if self._model == "tpe":
            return samplers.TPESampler(
                multivariate=True,
                group=True,
                constant_liar=True,
                seed=seed,
                warn_independent_sampling=False,
            )
        sources = self._sources()
        return samplers.CmaEsSampler(
            seed=seed,
            independent_sampler=samplers.RandomSampler(seed=seed),
            warn_independent_sampling=False,
            source_trials=sources if self._moves and len(sources) >= FEWEST_SOURCES else None,
        )

    def _moved(self) -> dict[str, Any]:
        """Return what the strategy moves: the numbers that all completed trials have, as it looks for them itself."""
        shared = self._optuna.search_space.intersection_search_space(self._study.get_trials(deepcopy=False))
        categorical = self._optuna.distributions.CategoricalDistribution
        return {
            name: each for name, each in shared.items() if not isinstance(each, categorical) and not each.single()
        }

    def _sources(self) -> list[Any]:
        """Return all completed trials without what the strategy does not move: it takes no others to start from."""
        self._moves = self._moved()
        completed = [self._optuna.trial.TrialState.COMPLETE]
        return [
            self._optuna.trial.create_trial(
                value=trial.value,
                params={name: trial.params[name] for name in self._moves},
                distributions=self._moves,
            )
            for trial in self._study.get_trials(deepcopy=False, states=completed)
        ]

    def _ending(self, cost: float | None) -> dict[str, Any]:
        states = self._optuna.trial.TrialState
        if cost is not None:
            return {"state": states.COMPLETE, "value": cost}
        if self._model == "tpe" or not math.isfinite(self._worst):
            return {"state": states.PRUNED}
        return {"state": states.COMPLETE, "value": self._worst}  # pruned trials do not count with the strategy

    def _add(self, config: Config, **ending: Any) -> int:
        searched = [name for name in config if name in self._distributions]
        trial = self._optuna.trial.create_trial(
            params={name: _inner(self._domains[name], config[name]) for name in searched},
            distributions={name: self._distributions[name] for name in searched},
            **ending,
        )
        self._study.add_trial(trial)
        return len(self._study.get_trials(deepcopy=False)) - 1

    def _distribution(self, domain: Domain) -> Any:
        kinds = self._optuna.distributions
        if domain.kind == "int":
            return kinds.IntDistribution(int(domain.lower), int(domain.upper), log=domain.log)
        if domain.kind == "float":
            return kinds.FloatDistribution(domain.lower, domain.upper, log=domain.log)
        places = len(domain.values)
        return (
            kinds.IntDistribution(0, places - 1) if domain.ordered else kinds.CategoricalDistribution(range(places))
        )


def _suggested(trial: Any, domain: Domain) -> Value:
    """Return a value of Optuna's; choices go by their places."""
    if domain.size == 1:
        return domain.default
    if domain.kind == "int":
        return int(trial.suggest_int(domain.name, int(domain.lower), int(domain.upper), log=domain.log))
    if domain.kind == "float":
        value = trial.suggest_float(domain.name, domain.lower, domain.upper, log=domain.log)
        return min(max(rounded(float(value)), domain.lower), domain.upper)
    places = len(domain.values)
    if domain.ordered:  # Optuna has no ordinals; a number keeps the order
        return domain.values[int(trial.suggest_int(domain.name, 0, places - 1))]
    return domain.values[int(trial.suggest_categorical(domain.name, range(places)))]


def _inner(domain: Domain, value: Value) -> Value:
    """Return the value as Optuna has it."""
    if domain.kind != "choices":
        return value
    return domain.values.index(domain.from_value(value))
