"""What the seeds of one study know together: which configurations run, which have run, and what came out."""

from __future__ import annotations

import math
from collections.abc import KeysView

from boxwright.propose.base import Told
from boxwright.propose.calls import Calls
from boxwright.propose.protocol import REPEAT, Running, Tell
from boxwright.propose.warm import Warm
from boxwright.terms import Config, Trial, config_key


class Knowledge:
    """All trials of a study, and what was known before the first.

    Args:
        noisy: Whether a configuration may run more than once, ``max_config_calls`` times at most.
        study_seed: The number that the first run of each configuration is handed.
        target: A cost that is good enough; None for none.
    """

    def __init__(
        self, warm: Warm, *, noisy: bool, max_config_calls: int, study_seed: int, target: float | None = None
    ) -> None:
        self._warm = warm
        self._target = -math.inf if target is None else target
        self._good_enough: dict[str, Calls] = {}
        self._most_calls = 2
        self._noisy = noisy
        self._max_config_calls = max_config_calls
        self._study_seed = study_seed
        self._finished: dict[tuple[str, int], Told] = {}
        self._running: dict[tuple[str, int], tuple[Config, int | None, str]] = {}
        self._calls: dict[str, Calls] = {}

    def know(self, warm: Warm) -> None:
        """Take this as what is known of elsewhere."""
        self._warm = warm

    @property
    def finished(self) -> int:
        """How many trials of this study are over."""
        return len(self._finished)

    @property
    def is_empty(self) -> bool:
        """Whether a model has nothing to go by."""
        return not self._finished and not self._warm.told

    @property
    def proposed(self) -> int:
        """How many trials there are."""
        return sum(len(calls.repeats) for calls in self._calls.values())

    @property
    def keys(self) -> KeysView[str]:
        """The configurations that run or have run."""
        return self._calls.keys()

    def repeat(self, trial: Trial) -> int:
        """Return which repeat of its configuration this trial is."""
        return trial.seed - self._study_seed

    def knows(self, trial: Trial) -> bool:
        """Return whether this trial runs or has run."""
        calls = self._calls.get(config_key(trial.config))
        return calls is not None and self.repeat(trial) in calls.repeats

    def next_repeat(self, config: Config) -> int:
        """Return which repeat a new trial of this configuration would be."""
        calls = self._calls.get(config_key(config))
        return 0 if calls is None else calls.next_repeat

    def may_run(self, config: Config, origin: str) -> bool:
        """Return whether this is new, or means to be a repeat and is not one too many."""
        calls = self._calls.get(config_key(config))
        return calls is None or (self._noisy and origin == REPEAT and self._has_room(calls))

    def _has_room(self, calls: Calls) -> bool:
        return len(calls.repeats) < self._max_config_calls

    def least_run(self) -> Config | None:
        """Return what a used-up finite space goes on with: of what has run least often, the best so far."""
        left = [calls for calls in self._calls.values() if self._has_room(calls)] if self._noisy else []
        return min(left, key=lambda calls: (len(calls.repeats), calls.mean_cost)).config if left else None

    def unconfirmed(self) -> Config | None:
        """Return what seems to be good enough, the best first, but has run too rarely to be believed.

        That is once, or less often than another one, which then is the incumbent.
        """
        enough = min(self._most_calls, self._max_config_calls) if self._noisy else 0
        wanting = [calls for calls in self._good_enough.values() if len(calls.repeats) == len(calls.costs) < enough]
        return min(wanting, key=lambda calls: calls.mean_cost).config if wanting else None

    def begin(self, config: Config, repeat: int, owner: int | None, origin: str) -> None:
        """Take this configuration as running, for the seed that proposed it."""
        key = config_key(config)
        self._calls.setdefault(key, Calls(config)).repeats.add(repeat)
        self._running[key, repeat] = (config, owner, origin)

    def end(self, told: Told) -> None:
        """Take a trial as over; what came out of it before, if it ran once more, does not count any more."""
        key, repeat = config_key(told.trial.config), self.repeat(told.trial)
        calls = self._calls.setdefault(key, Calls(told.trial.config))
        calls.repeats.add(repeat)
        calls.costs[repeat] = math.inf if told.cost is None else told.cost
        self._running.pop((key, repeat), None)
        self._finished.pop((key, repeat), None)  # else it would stay at the place of its first end
        self._finished[key, repeat] = told
        self._most_calls = max(self._most_calls, len(calls.costs))
        if calls.mean_cost <= self._target:
            self._good_enough[key] = calls
        else:
            self._good_enough.pop(key, None)

    def messages(self, number: int) -> list[Running | Tell]:
        """Return everything, as the seed of this number should hear it."""
        settled: list[Running | Tell] = [tell(told, number) for told in (*self._warm.told, *self._finished.values())]
        return settled + [
            Running(config=dict(config), own=owner == number, origin=origin)
            for config, owner, origin in self._running.values()
        ]


def tell(told: Told, number: int) -> Tell:
    """Return how a trial ended, as the seed of this number should hear it."""
    trial = told.trial
    return Tell(
        trial=trial.number,
        config=dict(trial.config),
        status=told.status,
        cost=told.cost,
        own=trial.optimizer_seed == number,
        origin=trial.origin,
    )
