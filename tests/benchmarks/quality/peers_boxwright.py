"""boxwright's optimizer seeds inside this process, asked and told as the study does it; and random search."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
from msgspec import Raw
from quality.peer import Task
from quality.words import MistakeError

from boxwright.propose.base import ExhaustedError
from boxwright.propose.initial import initial_design
from boxwright.propose.kinds import hosted_kinds, seed_count, seed_kinds
from boxwright.propose.protocol import Exhausted, Init, Running, Settings, Tell
from boxwright.propose.sampling import draw
from boxwright.propose.shares import Shares
from boxwright.scenario.optimizer import Optimizer
from boxwright.space import space_to_json
from boxwright.terms import Config, Status, config_key

_OF_KINDS = ("model", "acquisition", "portfolio")  # follow from those of the scenario, seed by seed


@dataclass
class Random:
    """Independent random points."""

    task: Task
    rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng([7, self.task.seed])

    def ask(self) -> Config:
        """Return the next point."""
        return draw(self.task.space, self.rng)

    def tell(self, config: Config, cost: float | None) -> None:
        """Learn nothing."""


@dataclass
class _Seed:
    """One optimizer seed and its own runs in flight."""

    number: int
    kind: str
    smac: Any
    in_flight: set[str] = field(default_factory=set)


class Boxwright:
    """As many optimizer seeds as workers, one shared history: every seed hears of every run, as in ``SharedModel``.

    Args:
        options: Of ``protocol.Settings`` or ``scenario.optimizer.Optimizer``; a name that both have goes to both.
            With ``ahead=true`` each proposal is made when the one before it begins to run, and so lacks at least
            the last result; ``auto`` waits for fresh ones, since runs take no time here.
    """

    def __init__(self, task: Task, options: Mapping[str, Any]) -> None:
        from boxwright.propose.model_seed import ModelSeed

        scenario, settings = _set_up(options, runs=task.budget, seed=task.seed, noisy=task.is_noisy)
        space = Raw(msgspec.json.format(space_to_json(task.space).encode(), indent=-1))
        seeds = seed_count(scenario, task.workers)
        kinds, hosted = seed_kinds(scenario, seeds), hosted_kinds(scenario)
        self._seeds = []
        for number, kind in enumerate(kinds, 1):
            of_kind = msgspec.structs.replace(
                settings, model=kind.model, acquisition=kind.acquisition, portfolio=hosted
            )
            # Neighbouring seeds of the benchmark must not share the seeds of their workers.
            random_seed = 1000 * task.seed + number - 1
            init = Init(optimizer_seed=number, random_seed=random_seed, space=space, settings=of_kind)
            self._seeds.append(_Seed(number, kind.name, ModelSeed(init)))
        self._shares = Shares(["hosted"] if hosted else [kind.name for kind in kinds])
        self._origins: dict[str, str] = {}
        design = initial_design(task.space, scenario, seeds)
        self._initial = deque(design[: max(0, len(design) - task.told_first)])
        self._space = task.space
        self._runs = 0
        self._is_ahead = scenario.ahead is True
        self._prepared: tuple[_Seed, Config, str] | None = None

    def ask(self) -> Config:
        """Return the next configuration, from the seed with the fewest runs of its own in flight."""
        seed = self._next_seed()
        if self._initial:
            config, origin = self._initial.popleft(), "initial design"
        elif self._prepared is not None:
            seed, config, origin = self._prepared
        else:
            config, origin = self._proposal(seed)
        key = config_key(config)
        seed.in_flight.add(key)
        self._origins[key] = origin
        self._shares.proposed(key, origin)
        for other in self._seeds:
            other.smac.running(Running(config=dict(config), own=other is seed, origin=origin))
        self._prepared = self._made_ahead() if self._is_ahead and self._runs and not self._initial else None
        return config

    def _next_seed(self) -> _Seed:
        kind = self._shares.next()
        able = self._seeds if self._initial or len(self._shares.kinds) == 1 else []
        able = able or [seed for seed in self._seeds if seed.kind == kind]
        return min(able, key=lambda seed: len(seed.in_flight))

    def _made_ahead(self) -> tuple[_Seed, Config, str] | None:
        seed = self._next_seed()
        try:
            return seed, *self._proposal(seed)
        except ExhaustedError:
            return None

    def _proposal(self, seed: _Seed) -> tuple[Config, str]:
        answer = seed.smac.ask(self._runs)
        if isinstance(answer, Exhausted):
            raise ExhaustedError
        return self._space.check(answer.config), answer.origin

    def tell(self, config: Config, cost: float | None) -> None:
        """Tell all seeds."""
        self._runs += 1
        key = config_key(config)
        status = Status.CRASHED if cost is None else Status.SUCCESS
        origin = self._origins.get(key, "")
        self._shares.told(key, cost, origin)
        told = Tell(trial=self._runs, config=dict(config), status=status, cost=cost, origin=origin)
        for seed in self._seeds:
            own = key in seed.in_flight
            seed.in_flight.discard(key)
            seed.smac.tell(msgspec.structs.replace(told, own=own))


def read_options(text: str) -> dict[str, Any]:
    """Return the options behind a peer's name: ``model=gp,initial=8``, or a JSON object for what is nested.

    Raises:
        MistakeError: They are none, or wrong.
    """
    try:
        if text.startswith("{"):
            options: dict[str, Any] = json.loads(text)
        else:
            pairs = [pair.partition("=") for pair in text.split(",") if pair]
            options = {key: _value(value) for key, _, value in pairs}
        _set_up(options, runs=100, seed=0, noisy=False)
    except (ValueError, msgspec.ValidationError) as error:
        raise MistakeError(f"boxwright:{text}: {error}") from None
    return options


def _set_up(options: Mapping[str, Any], **given: Any) -> tuple[Optimizer, Settings]:
    """Return the options as a scenario has them, and as a seed is told them.

    Raises:
        ValueError: There is no such option.
        msgspec.ValidationError: One has a wrong value.
    """
    given |= _known(options)
    own = {key: value for key, value in given.items() if key not in _OF_KINDS}
    return msgspec.convert(_of(Optimizer, given), Optimizer), msgspec.convert(_of(Settings, own), Settings)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _known(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the options; unknown ones would be passed over without a word, and a variant compared with itself."""
    known = {*Settings.__struct_fields__, *Optimizer.__struct_fields__}
    if unknown := options.keys() - known:
        raise ValueError(f"there is no option {', '.join(sorted(unknown))}. Known: {', '.join(sorted(known))}.")
    return options


def _of(struct: type[msgspec.Struct], given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key in struct.__struct_fields__}
