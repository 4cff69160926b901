"""A cost function over any space, with a known optimum: for spaces of which no function is at hand.

The optimum is the largest of a few configurations drawn at random, and its cost is 0. All terms are at least 0, and
0 there: a price on each choice other than the optimum's, a rotated quadratic form of the distances of the active
numbers from their targets, and a ripple. A choice also moves the targets, so that a branch has an optimum of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxwright.propose.sampling import draw
from boxwright.space import Domain, Space
from boxwright.terms import Config, Value

CONDITION = 30.0
"""Ratio of the steepest direction's curvature to the flattest one's."""

_LARGEST_PRICE = 0.6
_LARGEST_MOVE = 0.3
_MISSING_PRICE = 0.2
_OPTIMA_DRAWN = 3


@dataclass(frozen=True)
class Landscape:
    """The cost of a configuration; see the module.

    Attributes:
        targets: Position in [0, 1] of each number's best value, while all choices are the optimum's.
        moves: Parameter and choice → what is added to each number's target.
        prices: Parameter and choice → what it costs.
        form: Of the quadratic form, in the order of ``targets``.
        ripple: Height of the waves of period a fifth of a parameter's range.
        fails_above: Runs fail where the sum of the numbers' distances from their targets lies above.
    """

    space: Space
    optimum: Config
    targets: dict[str, float]
    moves: dict[tuple[str, Value], NDArray[np.float64]]
    prices: dict[tuple[str, Value], float]
    form: NDArray[np.float64]
    ripple: float
    fails_above: float

    def __call__(self, config: Config) -> float | None:
        """Return the cost, None where the run fails."""
        z = self._distances(config)
        if float(np.abs(z).sum()) > self.fails_above:
            return None
        waves = self.ripple * float(np.sum(1 - np.cos(10 * math.pi * z)))
        price = sum(self.prices.get((name, value), 0.0) for name, value in config.items())
        missing = _MISSING_PRICE * sum(name not in config for name in self.optimum)
        return price + missing + float(z @ self.form @ z) + waves

    def _distances(self, config: Config) -> NDArray[np.float64]:
        """Return how far each active number lies from its target; 0 for an inactive one, which leaves it out."""
        move = sum(
            (self.moves[key] for key in config.items() if key in self.moves), start=np.zeros(len(self.targets))
        )
        z = np.zeros(len(self.targets))
        for index, (name, target) in enumerate(self.targets.items()):
            if name in config:
                aim = min(1.0, max(0.0, target + float(move[index])))
                z[index] = position(self.space.domain(name), config[name]) - aim
        return z


def landscape(space: Space, seed: int, ripple: float = 0.0, fails_above: float = math.inf) -> Landscape:
    """Return the landscape that belongs to a seed."""
    rng = np.random.default_rng([23, seed])  # no stream that an optimizer or a design draws from
    # Branches with one parameter or two are too easy to find their best in.
    optimum = max((draw(space, rng) for _ in range(_OPTIMA_DRAWN)), key=len)
    domains = [space.domain(name) for name in space.names]
    targets = {d.name: float(rng.uniform(0.15, 0.85)) for d in domains if is_number(d)}
    for name in targets.keys() & optimum.keys():
        targets[name] = position(space.domain(name), optimum[name])
    moves: dict[tuple[str, Value], NDArray[np.float64]] = {}
    prices: dict[tuple[str, Value], float] = {}
    for domain in domains:
        for value in () if is_number(domain) else domain.values:
            price, move = rng.uniform(0.05, _LARGEST_PRICE), rng.uniform(-1, 1, len(targets))
            # A choice that the optimum does not have to make is priced among themselves: its first one is free.
            if value != optimum.get(domain.name, domain.values[0]):
                prices[domain.name, value] = float(price)
                moves[domain.name, value] = _LARGEST_MOVE * move
    return Landscape(space, optimum, targets, moves, prices, _form(len(targets), rng), ripple, fails_above)


def is_number(domain: Domain) -> bool:
    """Say whether a parameter's values have an order: numbers and ordinals."""
    return domain.kind != "choices" or (domain.ordered and len(domain.values) > 1)


def position(domain: Domain, value: Value) -> float:
    """Return where in its range a value lies, from 0 to 1."""
    if domain.kind == "choices":
        return domain.values.index(value) / max(1, len(domain.values) - 1)
    number, lower, upper = float(value), float(domain.lower), float(domain.upper)
    if domain.log:
        number, lower, upper = math.log(number), math.log(lower), math.log(upper)
    return (number - lower) / (upper - lower)


def _form(size: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a random positive definite matrix; its submatrices, those of active parameters, are so as well."""
    rotation = np.linalg.qr(rng.normal(size=(size, size)))[0]
    curvatures = np.geomspace(1.0, 1.0 / CONDITION, size) * 4.0
    form: NDArray[np.float64] = (rotation * curvatures) @ rotation.T
    return form
