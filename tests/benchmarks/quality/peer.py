"""What an optimizer is to the benchmark, and the errands that several of them share."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from boxwright.space import Domain, Space
from boxwright.space.logic import condition_test
from boxwright.terms import Config, Value, config_key

FORBIDDEN_TRIES = 20
"""So many forbidden answers in a row, and a random point is taken: few libraries know of forbidden clauses."""


@dataclass(frozen=True, slots=True)
class Task:
    """What an optimizer is told beforehand.

    Attributes:
        budget: How many runs there will be.
        workers: How many of them at a time.
        is_noisy: Whether the same configuration may come out differently.
        told_first: How many runs are told before the first ask, so that no initial design is called for.
    """

    space: Space
    seed: int
    budget: int
    workers: int = 1
    is_noisy: bool = False
    told_first: int = 0


class Peer(Protocol):
    """One optimizer at work. Several configurations may be out at a time."""

    def ask(self) -> Config:
        """Return what should run next.

        Raises:
            ExhaustedError: Nothing is left to propose.
        """
        ...

    def tell(self, config: Config, cost: float | None) -> None:
        """Hear how a run ended (None: it failed), be it one that was asked for here or not."""
        ...


Make = Callable[[Task], Peer]
Asked = TypeVar("Asked")


class Pending(Generic[Asked]):
    """A library's own objects for the configurations that are out; the same one may be out twice."""

    def __init__(self) -> None:
        self._of: defaultdict[str, deque[Asked]] = defaultdict(deque)

    def put(self, config: Config, asked: Asked) -> None:
        """Remember what belongs to this configuration."""
        self._of[config_key(config)].append(asked)

    def take(self, config: Config) -> Asked | None:
        """Return what belongs to this configuration, None if it was not asked for."""
        waiting = self._of[config_key(config)]
        return waiting.popleft() if waiting else None


class Worst:
    """The worst cost so far, which stands for failures where a library has no word for them."""

    def __init__(self) -> None:
        self._worst: float | None = None

    def finite(self, cost: float | None) -> float | None:
        """Return the cost, or the worst one so far for a failure; None for one while nothing has succeeded.

        No number could stand for that one: it might be better than the optimum.
        """
        if cost is None:
            return self._worst
        self._worst = cost if self._worst is None else max(self._worst, cost)
        return cost


def walk(space: Space, suggest: Callable[[Domain], Value]) -> Config:
    """Return a configuration for which each active parameter is suggested, parents first; it may be forbidden."""
    values: dict[str, Value] = {}
    for name in space.configspace:  # parents first
        conditions = space.configspace.parent_conditions_of[name]
        if all(condition_test(condition)(values) for condition in conditions):
            values[name] = suggest(space.domain(name))
    return {name: values[name] for name in space.names if name in values}


@dataclass(frozen=True, slots=True)
class CpuTime:
    """CPU seconds of this process, spent inside."""

    began_s: float

    @classmethod
    def start(cls) -> CpuTime:
        """Return a watch that runs."""
        return cls(time.process_time())

    def spent_s(self) -> float:
        """Return the seconds since the start."""
        return time.process_time() - self.began_s
