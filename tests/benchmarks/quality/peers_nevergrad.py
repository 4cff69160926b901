"""Nevergrad's recommended portfolio, over all parameters of a space at once: it has no conditions."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from quality.peer import FORBIDDEN_TRIES, Pending, Task, Worst, walk

from boxwright.propose.sampling import draw
from boxwright.space import Domain
from boxwright.terms import Config, Value

_BEFORE_SUCCESS = 1e9
"""What a failure or a forbidden point costs while nothing has succeeded: each of its asks waits for an answer."""


class Nevergrad:
    """NGOpt; inactive parameters are searched, and left out of what is run."""

    def __init__(self, task: Task) -> None:
        ng: Any = importlib.import_module("nevergrad")
        self._space = task.space
        domains = [task.space.domain(name) for name in task.space.names]
        searched = {domain.name: _parameter(ng, domain) for domain in domains if domain.size != 1}
        self._parametrization = ng.p.Dict(**searched)
        self._parametrization.random_state = np.random.RandomState(task.seed)
        self._parametrization.function.deterministic = not task.is_noisy
        self._optimizer = ng.optimizers.NGOpt(self._parametrization, budget=task.budget, num_workers=task.workers)
        self._pending: Pending[Any] = Pending()
        self._worst = Worst()
        self._rng = np.random.default_rng([13, task.seed])

    def ask(self) -> Config:
        """Return the next point; forbidden ones are told at the worst cost and asked anew."""
        for _ in range(FORBIDDEN_TRIES):
            candidate = self._optimizer.ask()
            config = self._config(candidate.value)
            if self._space.forbidden_by(config) is None:
                self._pending.put(config, candidate)
                return config
            self._tell(candidate, None)
        return draw(self._space, self._rng)

    def tell(self, config: Config, cost: float | None) -> None:
        """Hear how a run ended; one that was not asked for is passed over, since it has no inactive values."""
        candidate = self._pending.take(config)
        if candidate is not None:
            self._tell(candidate, cost)

    def _tell(self, candidate: Any, cost: float | None) -> None:
        finite = self._worst.finite(cost)
        self._optimizer.tell(candidate, _BEFORE_SUCCESS if finite is None else finite)

    def _config(self, values: dict[str, Any]) -> Config:
        def suggest(domain: Domain) -> Value:
            return domain.default if domain.size == 1 else _plain(domain, values[domain.name])

        return walk(self._space, suggest)


def _parameter(ng: Any, domain: Domain) -> Any:
    if domain.kind == "choices":
        return (ng.p.TransitionChoice if domain.ordered else ng.p.Choice)(range(len(domain.values)))
    if domain.log:
        return ng.p.Log(lower=domain.lower, upper=domain.upper)
    parameter = ng.p.Scalar(lower=domain.lower, upper=domain.upper)
    return parameter.set_integer_casting() if domain.kind == "int" else parameter


def _plain(domain: Domain, value: Any) -> Value:
    if domain.kind == "choices":
        return domain.values[int(value)]
    number = min(max(float(value), domain.lower), domain.upper)
    return round(number) if domain.kind == "int" else number
