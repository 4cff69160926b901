"""What charts know of the parameters: ranges, scales and choices, without the seconds that a space takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boxwright.errors import UserError
from boxwright.store.layout import SPACE
from boxwright.terms import Value


@dataclass(frozen=True, slots=True)
class Axis:
    """The values of one parameter as a chart lays them out.

    Attributes:
        name: Of the parameter.
        lower: First value of a number; 0 for choices.
        upper: Last value of a number; the index of the last one for choices.
        log: Whether a number is spread evenly over the logarithm.
        choices: In their order; empty for numbers.
        default: Where an inactive parameter is thought to stand: a number, or the index of a choice.
        whole: Whether a number is a whole one.
    """

    name: str
    lower: float
    upper: float
    log: bool = False
    choices: tuple[Value, ...] = ()
    default: float = 0.0
    whole: bool = False

    @property
    def is_constant(self) -> bool:
        """Whether it has one value only, so that there is nothing to draw."""
        return self.lower == self.upper

    def position(self, value: Value | None) -> float:
        """Return where a value stands: the number itself, or the index of a choice; NaN for none that is known."""
        if value is None:
            return float("nan")
        if not self.choices:
            return float(value) if isinstance(value, int | float) else float("nan")
        for index, choice in enumerate(self.choices):
            if choice == value and isinstance(choice, bool) == isinstance(value, bool):
                return float(index)
        return float("nan")


def read_axes(study: Path) -> tuple[Axis, ...]:
    """Return the parameters of a study in the order of its scenario.

    Raises:
        UserError: The file ``space.json`` is not as it was written.
    """
    try:
        document = json.loads((study / SPACE).read_text("utf-8"))
        found = {entry["name"]: _axis(entry) for entry in document["configspace"]["hyperparameters"]}
        return tuple(found[name] for name in document["names"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise UserError(f"{SPACE} cannot be read as the space of a study.", place=str(study)) from error


def _axis(entry: Mapping[str, Any]) -> Axis:
    name = str(entry["name"])
    if "value" in entry:
        return Axis(name, 0.0, 0.0, choices=(entry["value"],))
    choices = tuple(entry.get("choices") or entry.get("sequence") or ())
    if choices:
        return Axis(name, 0.0, len(choices) - 1.0, choices=choices, default=choices.index(entry["default_value"]))
    lower, upper = float(entry["lower"]), float(entry["upper"])
    whole = isinstance(entry["lower"], int)
    return Axis(name, lower, upper, log=bool(entry["log"]), default=float(entry["default_value"]), whole=whole)
