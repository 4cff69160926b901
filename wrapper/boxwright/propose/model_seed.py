"""One optimizer seed that hears of everybody's runs: the searches of ``search`` behind the lines of ``protocol``.

SMAC3 has no shared mode. Its forest and its way to call a model are used; its loop (facade, intensifier, run
history) is left out: for deterministic runs of one fidelity it has nothing to decide, foreign runs confuse it, and
its objects cost a hundred times what the search costs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from boxwright.propose.protocol import Exhausted, Init, Proposal, Running, Tell
from boxwright.propose.search.climb import Effort
from boxwright.propose.search.engine import Engine, Found, Kind
from boxwright.propose.shares import Shares
from boxwright.scenario.kinds import SeedKind
from boxwright.space import Space, space_from_json
from boxwright.terms import Config, config_key

_RANDOM = Kind(random_share=1.0)


class Search(Protocol):
    """What hears of all runs and can be asked."""

    def running(self, config: Config) -> None:
        """Hear of a configuration that is about to run: it is not proposed any more."""
        ...

    def tell(self, config: Config, cost: float | None, trial: int) -> None:
        """Hear of a settled trial, whoever proposed it; a failure has no cost. One that ran again is told again."""
        ...

    def ask(self) -> Found | None:
        """Return what should run next; None if nothing is found."""
        ...

    def release(self, config: Config) -> None:
        """Take back what was proposed: it may be proposed again, unless it runs or was tried."""
        ...


class ModelSeed:
    """One optimizer seed: hears of runs, and proposes. With a portfolio, it has all of its kinds inside."""

    def __init__(self, init: Init) -> None:
        space: Space = space_from_json(bytes(init.space).decode())
        settings = init.settings
        self._told: dict[int, bool] = {}  # trial → whether it is its own
        kinds = settings.portfolio or (SeedKind(model=settings.model, acquisition=settings.acquisition),)
        # Within a portfolio chance is a kind of its own, and no kind's part.
        share = 0.0 if len(kinds) > 1 and settings.random_share is None else settings.random_share
        effort = Effort(challengers=settings.challengers)
        self._engine = Engine(
            space,
            init.random_seed,
            _RANDOM,
            effort,
            noisy=settings.noisy,
            most_calls=settings.max_config_calls,
        )
        self._searches: list[Search] = [self._engine]
        self._asks: dict[str, Callable[[], Found | None]] = {}
        for kind in kinds:
            if kind.model in ("tpe", "cma"):
                from boxwright.propose.search.optuna_kinds import OptunaSearch

                search = OptunaSearch(space, init.random_seed, kind.model)
                self._searches.append(search)
                self._asks[kind.name] = search.ask
            else:
                self._asks[kind.name] = partial(self._engine.ask, _searching(kind, share))
        self._shares = Shares(tuple(self._asks))

    def running(self, message: Running) -> None:
        """Hear of a configuration that is about to run: it is not proposed any more."""
        self._shares.proposed(config_key(message.config), message.origin)
        for search in self._searches:
            search.running(message.config)

    def tell(self, message: Tell) -> None:
        """Hear of a settled trial, whoever proposed it."""
        self._told[message.trial] = message.own
        self._shares.told(config_key(message.config), message.cost, message.origin)
        for search in self._searches:
            search.tell(message.config, message.cost, message.trial)

    def ask(self, ask_id: int) -> Proposal | Exhausted:
        """Return what this seed would run next; the model is fitted to everything told so far."""
        found = self._found()
        if found is None:
            return Exhausted(id=ask_id)
        config, origin = found
        own = sum(self._told.values())
        return Proposal(
            id=ask_id,
            config=dict(config),
            origin=origin,
            own=own,
            shared=len(self._told) - own,
            expected_improvement=self._engine.expected_improvement(config) if origin.startswith("model") else None,
        )

    def _found(self) -> Found | None:
        """Return what the kind finds whose turn it is; if that is nothing, what another one finds, or chance."""
        order = self._shares.order()
        for ask in (*(self._asks[kind] for kind in order), self._engine.ask):
            if (found := ask()) is not None:
                config, origin = found
                return config, self._shares.origin(origin, order[0])
        return None

    def release(self, config: Config) -> None:
        """Take back what was proposed: it may be proposed again, unless it runs or was tried."""
        for search in self._searches:
            search.release(config)


def _searching(kind: SeedKind, random_share: float | None) -> Kind:
    if kind.model in ("auto", "gp", "rf", "parzen"):
        return Kind(model=kind.model, acquisition=kind.acquisition, random_share=random_share)
    return _RANDOM
