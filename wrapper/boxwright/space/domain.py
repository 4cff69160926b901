"""What values one parameter may take: one plain description, whatever file it came from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ConfigSpace import CategoricalHyperparameter, Constant, OrdinalHyperparameter
from ConfigSpace.hyperparameters import Hyperparameter

from boxwright.errors import SpaceError
from boxwright.space.values import number_from, rounded, text_of, unquoted, whole_number_from
from boxwright.terms import Value

_SLACK = 1e-12  # bounds are kept to 13 decimals, so a value at a bound may lie this far outside
_SPACINGS = 4  # of neighbouring numbers: so far may that move a bound that is large


@dataclass(frozen=True, slots=True)
class Domain:
    """The values that one parameter may take.

    Attributes:
        kind: ``choices`` for categoricals, ordinals and constants.
        lower: First value of a numeric parameter.
        upper: Last value of a numeric parameter.
        log: Whether a numeric parameter is spread evenly over the logarithm.
        values: The choices in their order; empty for numeric parameters.
        ordered: Whether the order of the choices has a meaning.
        weights: Probabilities of the choices; empty if they are all the same.
    """

    name: str
    kind: Literal["int", "float", "choices"]
    default: Value
    lower: float = 0.0
    upper: float = 0.0
    log: bool = False
    values: tuple[Value, ...] = ()
    ordered: bool = False
    weights: tuple[float, ...] = ()

    @property
    def size(self) -> int | None:
        """How many values there are; None for a real parameter."""
        if self.kind == "choices":
            return len(self.values)
        return int(self.upper) - int(self.lower) + 1 if self.kind == "int" else None

    @property
    def is_numeric(self) -> bool:
        """Whether every value is a number, or a text that reads as one."""
        return self.kind != "choices" or all(
            number_from(value) is not None if isinstance(value, str) else not isinstance(value, bool)
            for value in self.values
        )

    def describe(self) -> str:
        """Return the allowed values in words."""
        if self.kind == "choices":
            shown = [repr(value) if isinstance(value, str) else text_of(value) for value in self.values[:12]]
            if len(self.values) > 12:
                shown.append("…")
            return shown[0] if len(shown) == 1 else f"one of {', '.join(shown)}"
        noun = "a whole number" if self.kind == "int" else "a number"
        return f"{noun} from {self._bound(self.lower)} to {self._bound(self.upper)}"

    def from_value(self, value: object, place: str = "") -> Value:
        """Return the value with the type that the parameter gives it.

        Raises:
            SpaceError: It is none of the parameter's values.
        """
        if hasattr(value, "item") and not isinstance(value, bool | int | float | str):
            value = value.item()  # a numpy scalar
        found = self._choice(value) if self.kind == "choices" else self._number(value)
        if found is None:
            raise SpaceError(f"{self.name} = {value!r}, but it must be {self.describe()}.", place=place)
        return found

    def from_text(self, text: str, place: str = "") -> Value:
        """Return the value that a text from a file, a flag or a cell stands for.

        Raises:
            SpaceError: It stands for none of the parameter's values.
        """
        found: Value | None
        if self.kind == "int":
            whole = whole_number_from(text)
            found = None if whole is None else self._number(whole)
        elif self.kind == "float":
            number = number_from(text)
            found = None if number is None else self._number(number)
        else:
            found = self._choice_from_text(text)
        if found is None:
            raise SpaceError(f'{self.name} = "{text}", but it must be {self.describe()}.', place=place)
        return found

    def _bound(self, bound: float) -> str:
        return str(int(bound)) if self.kind == "int" else repr(bound)

    def _number(self, value: object) -> Value | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        if self.kind == "int":
            return int(value) if self.lower <= value <= self.upper and value == int(value) else None
        if not self.lower <= value <= self.upper and not self._is_next_to_a_bound(value):
            return None
        return min(max(float(value), self.lower), self.upper) + 0.0  # -0 and 0 are one value

    def _is_next_to_a_bound(self, value: float) -> bool:
        slack = max(_SLACK, _SPACINGS * math.ulp(max(abs(self.lower), abs(self.upper))))
        return self.lower - slack <= value <= self.upper + slack

    def _choice(self, value: object) -> Value | None:
        for choice in self.values:
            # 1 == True in Python, but a parameter that may be 1 may not be true
            if choice == value and isinstance(choice, bool) == isinstance(value, bool):
                return choice
        return None

    def _choice_from_text(self, text: str) -> Value | None:
        for form in (text, text.strip(), unquoted(text.strip())):
            for choice in self.values:
                if text_of(choice) == form or (isinstance(choice, bool) and text_of(choice) == form.lower()):
                    return choice
        number = number_from(text)
        numbers = [v for v in self.values if not isinstance(v, bool | str)]
        return next((choice for choice in numbers if choice == number), None)


def domain_of(parameter: Hyperparameter[Any, Any]) -> Domain:
    """Return what values a ConfigSpace parameter may take, as plain Python values."""
    if isinstance(parameter, Constant):
        return Domain(parameter.name, "choices", parameter.value, values=(parameter.value,))
    if isinstance(parameter, CategoricalHyperparameter):
        weights = tuple(float(p) for p in parameter.probabilities) if parameter.weights else ()
        return _choices(parameter.name, parameter.choices, parameter.default_value, False, weights)
    if isinstance(parameter, OrdinalHyperparameter):
        return _choices(parameter.name, parameter.sequence, parameter.default_value, True, ())
    numeric: Any = parameter
    is_int = isinstance(numeric.lower, int)
    return Domain(
        parameter.name,
        "int" if is_int else "float",
        int(numeric.default_value) if is_int else float(numeric.default_value),
        lower=numeric.lower,
        upper=numeric.upper,
        log=bool(numeric.log),
    )


def value_at(parameter: Hyperparameter[Any, Any], position: float) -> Value:
    """Return the plain value at a position of ConfigSpace's vector.

    numpy turns ``True`` among numbers into 1.0, so choices are looked up in the parameter itself.
    """
    if isinstance(parameter, Constant):
        return _plain(parameter.value)
    if isinstance(parameter, CategoricalHyperparameter):
        return _plain(parameter.choices[round(position)])
    if isinstance(parameter, OrdinalHyperparameter):
        return _plain(parameter.sequence[round(position)])
    value = parameter.to_value(position)
    return int(value) if isinstance(value, int) else rounded(float(value))


def _choices(name: str, values: Sequence[Any], default: object, ordered: bool, weights: tuple[float, ...]) -> Domain:
    choices = tuple(_plain(value) for value in values)
    return Domain(name, "choices", choices[choices.index(default)], values=choices, ordered=ordered, weights=weights)


def _plain(value: object) -> Value:
    plain = value.item() if hasattr(value, "item") else value
    assert isinstance(plain, bool | int | float | str)
    return plain
