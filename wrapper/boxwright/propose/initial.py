"""The initial design that all optimizer seeds share, and which spaces they can search at all."""

from __future__ import annotations

import contextlib

from boxwright.errors import SpaceError
from boxwright.propose.sampling import sobol
from boxwright.scenario.optimizer import Optimizer
from boxwright.space import Space
from boxwright.terms import Config, config_key

PER_PARAMETER = 10
LARGEST_SHARE = 0.25
"""SMAC's rule of thumb: ten configurations per parameter, but no more than a quarter of all runs."""

MOST_BEFORE_PROCESS = 12
"""A Gaussian process makes something of so few already; more of them only delay it."""

_POINTS_PER_CONFIG = 20


def refuse_unbounded(space: Space) -> None:
    """Refuse a space with a parameter that has no bounds: an optimizer would not know where to look.

    Raises:
        SpaceError: There is one.
    """
    for name in space.unbounded:
        raise SpaceError(
            "a bound is missing, and an optimizer searches between bounds. Add lower and upper.",
            place=f"space.{name}",
        )


def refuse_nearly_forbidden(space: Space, settings: Optimizer) -> None:
    """Refuse a space of which next to everything is forbidden: chance would find nothing to begin with.

    Raises:
        SpaceError: No point can be drawn.
    """
    next(sobol(space, 1, settings.seed))


def initial_size(space: Space, settings: Optimizer, seeds: int) -> int:
    """Return how many configurations the initial design has, as far as the space holds so many.

    Without a number in the scenario it is SMAC's rule of thumb, but at least one for each optimizer seed: the
    first proposals cannot rest on a model anyway.
    """
    if settings.initial is not None:
        return min(settings.initial, settings.runs)
    by_rule = min(PER_PARAMETER * len(space.names), int(LARGEST_SHARE * settings.runs))
    if settings.model != "rf":
        by_rule = min(by_rule, MOST_BEFORE_PROCESS)
    return min(max(by_rule, seeds, 1), settings.runs)


def initial_design(space: Space, settings: Optimizer, seeds: int) -> list[Config]:
    """Return the initial design: the default configuration, then points of a scrambled Sobol sequence.

    Every configuration occurs once; a small space, and one of which much is forbidden, may give fewer than were asked
    for.
    """
    size = initial_size(space, settings, seeds)
    default: Config = space.default()
    design = {config_key(default): default}
    with contextlib.suppress(SpaceError):
        for config in sobol(space, _POINTS_PER_CONFIG * size, settings.seed):
            if len(design) >= size:
                break
            design.setdefault(config_key(config), config)
    return list(design.values())[:size]
