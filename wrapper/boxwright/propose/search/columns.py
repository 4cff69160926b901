"""A space as columns of numbers, so that thousands of candidates are drawn, changed and checked at once.

A candidate is one row with a number for each parameter, inactive ones included: numbers are spread over [0, 1] as
the parameter is (logarithmically where it says so), choices are 0, 1, 2, …. ``active`` says what takes part: there,
inactive entries are NaN. ConfigSpace does the same with one object per candidate, which takes a thousand times as
long.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from boxwright.propose.search.rules import Rule, condition_rule, forbidden_rule
from boxwright.space import Space
from boxwright.space.domain import Domain
from boxwright.space.values import DECIMALS
from boxwright.terms import Config, Value

Rows: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]

_SCALE = 10.0**DECIMALS


class Column:
    """One parameter.

    Attributes:
        choices: How many choices; 0 for numbers.
        is_nominal: Whether the choices have no order.
        steps: How many values there are; 0 for a real parameter.
    """

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.choices = len(domain.values) if domain.kind == "choices" else 0
        self.is_nominal = domain.kind == "choices" and not domain.ordered and self.choices > 1
        self.steps = domain.size or 0
        self._low, self._high = self._scaled(domain.lower), self._scaled(domain.upper)
        self._places: dict[tuple[type, Value], float] = {
            (type(value), value): float(place) for place, value in enumerate(domain.values)
        }
        self._kept: dict[float, float] = {}  # places that stand for a number which they would miss by rounding

    def _scaled(self, value: float) -> float:
        return float(np.log(value)) if self.domain.log else float(value)

    def place_of(self, value: Value) -> float:
        """Return the number that stands for a value of the parameter."""
        if self.choices:
            place = self._places.get((type(value), value))
            return self._places[type(value), self.domain.from_value(value)] if place is None else place
        if self._high == self._low:
            return 0.0
        return (self._scaled(float(value)) - self._low) / (self._high - self._low)

    def number_of(self, value: Value) -> float:
        """Return what ``exact`` gives for a value, from now on to the last digit, as a rule hangs on it."""
        place = self.place_of(value)
        if self.choices:
            return place
        number = float(value)
        if place not in self._kept and self.exact(np.array([place]))[0] != number:
            self._kept[place] = number
        return number

    def value_at(self, place: float) -> Value:
        """Return the value that a number stands for."""
        return self.values_at(np.array([place]))[0]

    def values_at(self, places: Rows) -> list[Value]:
        """Return the values that many numbers stand for."""
        if self.choices:
            return [self.domain.values[place] for place in places.astype(int).tolist()]
        numbers = self.exact(places)
        found: list[Value] = (numbers.astype(np.int64) if self.domain.kind == "int" else numbers).tolist()
        return found

    def exact(self, places: Rows) -> Rows:
        """Return the numbers of places as configurations hold them, real ones rounded; of choices, the places.

        NaN stays what it is.
        """
        if self.choices:
            return places
        numbers = self.numbers(places)
        if self.domain.kind != "int":
            # As ``values.rounded``; 0.0 is added to what may be -0.0.
            rounded = np.rint(numbers * _SCALE) / _SCALE + 0.0
            numbers = np.minimum(np.maximum(rounded, self.domain.lower), self.domain.upper)
        for place, number in self._kept.items():
            numbers[places == place] = number
        return numbers

    def numbers(self, places: Rows) -> Rows:
        """Return the values of places of a numeric parameter, whole where it is."""
        scaled = self._low + places * (self._high - self._low)
        values = np.exp(scaled) if self.domain.log else scaled
        if self.domain.kind == "int":
            values = np.rint(values)
        clipped: Rows = np.clip(values, self.domain.lower, self.domain.upper)
        return clipped

    def snapped(self, places: Rows) -> Rows:
        """Return the places of the nearest values of a numeric parameter."""
        inside = np.clip(places, 0.0, 1.0)
        if self.domain.kind != "int" or self._high == self._low:
            return inside
        return self.places_of(self.numbers(inside))

    def places_of(self, numbers: Rows) -> Rows:
        """Return the places of numbers within the range."""
        scaled = np.log(numbers) if self.domain.log else numbers
        places: Rows = (scaled - self._low) / (self._high - self._low)
        return places

    def draw(self, count: int, rng: np.random.Generator) -> Rows:
        """Return places drawn at random; every whole number and every choice (without weights) is as likely."""
        if self.choices:
            weights = np.asarray(self.domain.weights) if self.domain.weights else None
            return rng.choice(self.choices, count, p=weights).astype(np.float64)
        u = rng.random(count)
        if self.domain.kind != "int" or self._high == self._low:
            return u
        if self.domain.log:
            low, high = np.log(self.domain.lower - 0.5), np.log(self.domain.upper + 0.5)
            values = np.rint(np.exp(low + u * (high - low)))
        else:
            values = self.domain.lower + np.floor(u * self.steps)
        values = np.clip(values, self.domain.lower, self.domain.upper)
        return self.places_of(values)


class Columns:
    """A space as columns, in the order of its names.

    Attributes:
        space: What the columns stand for.
        columns: One for each parameter.
        numeric: Indices of the columns with an order: numbers and ordinals.
        nominal: Indices of the columns without.
        free: Of each column, whether it has more than one value.
    """

    def __init__(self, space: Space) -> None:
        self.space = space
        self.columns = tuple(Column(space.domain(name)) for name in space.names)
        self.numeric = np.array(
            [j for j, c in enumerate(self.columns) if not c.is_nominal and c.steps != 1], dtype=int
        )
        self.nominal = np.array([j for j, c in enumerate(self.columns) if c.is_nominal], dtype=int)
        self.free = np.array([column.steps != 1 for column in self.columns])
        self._widths = np.array([max(self.columns[j].choices - 1, 1) for j in self.numeric], dtype=float)
        index = {name: j for j, name in enumerate(space.names)}
        self._conditions: list[tuple[int, Rule]] = [
            (index[name], condition_rule(condition, index, self.columns))
            for name, condition in space.conditions_parents_first()
        ]
        self._forbidden = [forbidden_rule(clause, index, self) for clause in space.configspace.forbidden_clauses]
        self.default: Rows = np.array([column.place_of(column.domain.default) for column in self.columns])

    def __len__(self) -> int:
        return len(self.columns)

    def row(self, config: Config) -> Rows:
        """Return the row of a configuration; inactive parameters stand at their defaults."""
        row = self.default.copy()
        for j, name in enumerate(self.space.names):
            if name in config:
                row[j] = self.columns[j].place_of(config[name])
        return row

    def config(self, row: Rows) -> Config | None:
        """Return the configuration of a row: active parameters only; None if it is forbidden."""
        values = {name: self.columns[j].value_at(row[j]) for j, name in enumerate(self.space.names)}
        return self.space.pruned(values)

    def draw(self, count: int, rng: np.random.Generator) -> Rows:
        """Return rows drawn at random; some may be forbidden."""
        return np.column_stack([column.draw(count, rng) for column in self.columns])

    def active(self, rows: Rows) -> Rows:
        """Return the rows with NaN in place of what is inactive."""
        shown = rows.copy()
        for j, rule in self._conditions:
            shown[~rule(shown), j] = np.nan
        return shown

    def forbidden(self, shown: Rows) -> Mask:
        """Return which rows of ``active`` are forbidden."""
        found = np.zeros(len(shown), dtype=bool)
        for rule in self._forbidden:
            found |= rule(shown)
        return found

    def numbers(self, shown: Rows) -> Rows:
        """Return the numeric columns of ``active``, ordinals spread over [0, 1] like numbers."""
        numbers: Rows = shown[:, self.numeric] / self._widths
        return numbers
