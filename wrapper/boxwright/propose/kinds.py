"""Which kinds of optimizer seeds a scenario asks for, and whether this machine has them."""

from __future__ import annotations

import importlib.util

from boxwright.errors import ScenarioError
from boxwright.scenario.kinds import ACQUISITIONS, OPTUNAS, SeedKind
from boxwright.scenario.optimizer import Optimizer

AUTO = (SeedKind(model="gp"), SeedKind(model="rf"), SeedKind(model="random"))
"""The portfolio ``auto``: what comes without extras, the best one first, and chance as a safety net."""


def seed_count(settings: Optimizer, slots: int) -> int:
    """Return how many optimizer seeds there are; where the scenario does not say it, one for each slot."""
    if isinstance(settings.seeds, tuple):
        return sum(kind.count for kind in settings.seeds)
    return settings.seeds or slots


def seed_kinds(settings: Optimizer, seeds: int) -> tuple[SeedKind, ...]:
    """Return the kind of each optimizer seed; what they have inside, if that is a portfolio, is another matter."""
    if isinstance(settings.seeds, tuple):
        return tuple(kind for kind in settings.seeds for _ in range(kind.count))
    acquisition = "ei" if settings.acquisition == "portfolio" else settings.acquisition
    return (SeedKind(model=settings.model, acquisition=acquisition),) * seeds


def hosted_kinds(settings: Optimizer) -> tuple[SeedKind, ...]:
    """Return the kinds among which each seed chooses at each ask; empty where a seed is of one kind."""
    if settings.portfolio == "auto":
        return AUTO
    if settings.portfolio:
        return settings.portfolio
    if settings.acquisition == "portfolio":
        return tuple(SeedKind(model=settings.model, acquisition=acquisition) for acquisition in ACQUISITIONS)
    return ()


def refuse_missing_extra(settings: Optimizer, place: str) -> None:
    """Refuse kinds that come with an extra which is not installed.

    Raises:
        ScenarioError: There is one.
    """
    for kind in (*hosted_kinds(settings), *seed_kinds(settings, 1)):
        if kind.model in OPTUNAS and any(importlib.util.find_spec(name) is None for name in ("optuna", "cmaes")):
            raise ScenarioError(
                f'{place}: optimizer: "{kind.model}" is Optuna\'s, which is not installed here. '
                "Install it with pip install 'boxwright[optuna]', or write gp, rf or random."
            )
