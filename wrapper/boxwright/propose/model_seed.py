"""One optimizer seed that hears of everybody's runs: the engine of ``search`` behind the lines of ``protocol``.

SMAC3 has no shared mode. Its forest and its way to call a model are used; its loop (facade, intensifier, run
history) is left out: for deterministic runs of one fidelity it has nothing to decide, foreign runs confuse it, and
its objects cost a hundred times what the search costs.
"""

from __future__ import annotations

from boxwright.propose.protocol import Exhausted, Init, Proposal, Running, Settings, Tell
from boxwright.propose.search.climb import Effort
from boxwright.propose.search.engine import Engine, Kind
from boxwright.space import Space, space_from_json
from boxwright.terms import Config


class ModelSeed:
    """One optimizer seed: hears of runs, and proposes."""

    def __init__(self, init: Init) -> None:
        space: Space = space_from_json(bytes(init.space).decode())
        self._told: dict[int, bool] = {}  # trial → whether it is its own
        effort = Effort(challengers=init.settings.challengers)
        self._engine = Engine(space, init.random_seed, _kind(init.settings), effort)

    def running(self, message: Running) -> None:
        """Hear of a configuration that is about to run: it is not proposed any more."""
        self._engine.running(message.config)

    def tell(self, message: Tell) -> None:
        """Hear of a settled trial, whoever proposed it."""
        self._told[message.trial] = message.own
        self._engine.tell(message.config, message.cost)

    def ask(self, ask_id: int) -> Proposal | Exhausted:
        """Return what this seed would run next; the model is fitted to everything told so far."""
        found = self._engine.ask()
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

    def release(self, config: Config) -> None:
        """Take back what was proposed: it may be proposed again, unless it runs or was tried."""
        self._engine.release(config)


def _kind(settings: Settings) -> Kind:
    return Kind(model=settings.model, acquisition=settings.acquisition, random_share=settings.random_share)
