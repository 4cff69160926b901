"""What a problem is: a space, a cost for each configuration, and what is known about both."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from boxwright.scenario.parameters import SpaceTable
from boxwright.space import Space, load_space
from boxwright.terms import Config


class Klass(enum.StrEnum):
    """Which kind of problem; results are told for each kind."""

    SMOOTH = "smooth"
    MIXED = "mixed"
    CONDITIONAL = "conditional"
    TABULAR = "tabular"
    NOISY = "noisy"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to minimise.

    Attributes:
        evaluate: The true cost; None where a run fails.
        best: The lowest cost there is; None where nobody knows.
        noise_share: Standard deviation of what is added to the true cost, as a share of the distance between the
            costs of a median random point and of the best of the random points.
        is_slow: Whether an evaluation takes so long that it is worth keeping on disk.
    """

    space: Space
    evaluate: Callable[[Config], float | None]
    best: float | None = None
    noise_share: float = 0.0
    is_slow: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """A problem in the catalogue; it is made where it is used, since making one may read data.

    Attributes:
        name: Unique; a change of what the problem is needs a new name, since results are kept by name.
        held_back: Whether nothing may be tuned on it.
    """

    name: str
    klass: Klass
    held_back: bool
    make: Callable[[], Problem]


def space_of(text: str) -> Space:
    """Return the space that the TOML text of a ``[space]`` table says."""
    return load_space(msgspec.toml.decode(text, type=SpaceTable), place="space", folder=Path())
