"""A configuration as the files of SMAC v2 hold it: all parameters by name, inactive ones too, and as an array.

By SMAC v2's library AEATK: parameters stand sorted by name; in arrays a category is its place from 1 on, and all else
is scaled to 0 … 1 between its bounds, whole numbers and ordinals with half a step on either side, on a logarithmic
scale where the parameter has one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ConfigSpace import CategoricalHyperparameter, Constant

from boxwright.materialise.values import java_double, text_of
from boxwright.space import Space
from boxwright.space.domain import Domain
from boxwright.terms import Config, Value


@dataclass(frozen=True, slots=True)
class Encoded:
    """One configuration.

    Attributes:
        settings: The text of each parameter by name; an inactive one has its default.
        active: Names of the parameters that are active, sorted.
        array: The numbers, with commas between.
        is_default: Whether it is the default configuration.
    """

    settings: dict[str, str]
    active: tuple[str, ...]
    array: str
    is_default: bool

    @property
    def state_text(self) -> str:
        """Return it in the form of state and trajectory files, `` name='value', name='value'``."""
        return ",".join(f" {name}='{text}'" for name, text in self.settings.items())


class Encoder:
    """Encodes the configurations of one space.

    Args:
        space: The space.
        strict: Whether a configuration may be none of this space, so that each is looked at.
    """

    def __init__(self, space: Space, *, strict: bool = False) -> None:
        self._space = space
        self._strict = strict
        self._domains = {name: space.domain(name) for name in sorted(space.names)}
        self._categories = {name for name in space.names if _is_category(space, name)}
        self._default = space.default()

    def encode(self, config: Config) -> Encoded:
        """Return a configuration as SMAC v2's files hold it.

        Raises:
            SpaceError: It is none of this space.
        """
        if self._strict:
            self._space.check(config)
        values = {name: config.get(name, domain.default) for name, domain in self._domains.items()}
        return Encoded(
            settings={name: _text(self._domains[name], value) for name, value in values.items()},
            active=tuple(name for name in values if name in config),
            array=",".join(java_double(self._number(name, value)) for name, value in values.items()),
            is_default=dict(config) == self._default,
        )

    def _number(self, name: str, value: Value) -> float:
        domain = self._domains[name]
        if domain.kind == "choices":
            known = [(type(choice) is bool, choice) for choice in domain.values]  # 1 == True in Python
            place = known.index((type(value) is bool, value))
            if name in self._categories:
                return place + 1.0
            return (place + 0.5) / len(domain.values)  # an ordinal: a whole number from 0 on
        widened = 0.5 if domain.kind == "int" else 0.0
        lower, upper, number = domain.lower - widened, domain.upper + widened, float(value)
        if domain.log:
            lower, upper, number = math.log10(lower), math.log10(upper), math.log10(number)
        return min(max((number - lower) / (upper - lower), 0.0), 1.0)


def _is_category(space: Space, name: str) -> bool:
    """Return whether a PCS file has it as categorical; a whole constant stands there as an integer."""
    parameter = space.configspace[name]
    if isinstance(parameter, Constant):
        return type(parameter.value) is not int
    return isinstance(parameter, CategoricalHyperparameter)


def _text(domain: Domain, value: Value) -> str:
    return java_double(float(value)) if domain.kind == "float" else text_of(value)
