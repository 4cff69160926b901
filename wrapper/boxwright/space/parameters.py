"""One parameter as written in a file → ConfigSpace's own, with every check that the person can understand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ConfigSpace import (
    CategoricalHyperparameter,
    Constant,
    OrdinalHyperparameter,
    UniformFloatHyperparameter,
    UniformIntegerHyperparameter,
)
from ConfigSpace.hyperparameters import Hyperparameter

from boxwright.errors import SpaceError
from boxwright.scenario.parameters import (
    CategoricalParameter,
    ConstantParameter,
    FloatParameter,
    IntParameter,
    OrdinalParameter,
    Parameter,
)
from boxwright.space.distributions import Distribution, make_distribution
from boxwright.space.values import DECIMALS, check_float, check_integer, check_name, check_value, rounded, text_of
from boxwright.terms import Value

SMALLEST_LOG_BOUND = 1e-12
DROP_LOG = "drop log = true"


def make_parameter(
    name: str, parameter: Parameter, place: str, *, drop_log: str = DROP_LOG
) -> tuple[Hyperparameter[Any, Any], Distribution | None]:
    """Return ConfigSpace's parameter, and the distribution where it is not the uniform one.

    Args:
        name: Of the parameter.
        parameter: What the file says.
        place: Where it says so.
        drop_log: How to do without the log scale, in the words of the file's own syntax.

    Raises:
        SpaceError: What the file says does not fit together.
    """
    check_name(name, place)
    if isinstance(parameter, IntParameter):
        return _integer(name, parameter, place, drop_log), None
    if isinstance(parameter, FloatParameter):
        return _real(name, parameter, place, drop_log), None
    if isinstance(parameter, CategoricalParameter):
        choices, default = _choices(parameter.choices, parameter.default, "choices", place)
        return CategoricalHyperparameter(name, choices, default), None
    if isinstance(parameter, OrdinalParameter):
        choices, default = _choices(parameter.sequence, parameter.default, "sequence", place)
        return OrdinalHyperparameter(name, choices, default), None
    if isinstance(parameter, ConstantParameter):
        check_value(parameter.value, place)
        return Constant(name, parameter.value), None
    distribution = make_distribution(parameter, place)
    lower, upper = distribution.lower, distribution.upper
    return _uniform(name, lower, upper, distribution.default, log=False), distribution


def _integer(name: str, parameter: IntParameter, place: str, drop_log: str) -> Hyperparameter[Any, Any]:
    lower, upper, default = parameter.lower, parameter.upper, parameter.default
    for bound in (lower, upper):
        check_integer(bound, place)
    _check_range(lower, upper, default, place)
    if parameter.log and lower < 1:
        raise SpaceError(
            f"a log scale needs a lower bound above 0, found {lower}. Write 1, or {drop_log}.", place=place
        )
    return UniformIntegerHyperparameter(name, lower, upper, default_value=default, log=parameter.log)


def _real(name: str, parameter: FloatParameter, place: str, drop_log: str) -> Hyperparameter[Any, Any]:
    lower, upper, default = parameter.lower, parameter.upper, parameter.default
    for bound in (lower, upper):
        check_float(bound, place)
    if default is not None:
        check_float(default, place)
    _check_range(lower, upper, default, place)
    if parameter.log and lower <= 0:
        raise SpaceError(
            f"a log scale needs a lower bound above 0, found {lower!r}. Write 1e-6, or {drop_log}.", place=place
        )
    if parameter.log and lower < SMALLEST_LOG_BOUND:
        raise SpaceError(
            f"a log scale needs a lower bound of at least {SMALLEST_LOG_BOUND}, found {lower!r}: {DECIMALS} decimals "
            "are kept. Use another unit, or make the exponent the parameter.",
            place=place,
        )
    low, high = rounded(lower), rounded(upper)
    if high - low < 1000 * 10.0**-DECIMALS:
        raise SpaceError(
            f"the range {lower!r} to {upper!r} is too narrow: {DECIMALS} decimals are kept. Use another unit.",
            place=place,
        )
    return _uniform(name, low, high, default, log=parameter.log)


def _uniform(
    name: str, lower: float, upper: float, default: float | None, *, log: bool
) -> UniformFloatHyperparameter:
    start = None if default is None else min(max(default, lower), upper)  # the bounds are rounded by now
    made = UniformFloatHyperparameter(name, lower, upper, default_value=start, log=log)
    return made if start is None else with_default(made, start)


def with_default(made: UniformFloatHyperparameter, default: float) -> UniformFloatHyperparameter:
    """Return a parameter whose default is the number as written.

    ConfigSpace rounds it to 13 decimals, which moves the last digit of what is larger than 900: a condition that
    names the same number would not hold for it.
    """
    made.default_value = default + 0.0  # -0 and 0 are one value
    return made


def _check_range(lower: float, upper: float, default: float | None, place: str) -> None:
    if lower >= upper:
        raise SpaceError(f"lower must be below upper, found {lower!r} and {upper!r}.", place=place)
    if default is not None and not lower <= default <= upper:
        raise SpaceError(f"the default {default!r} is outside its range {lower!r} to {upper!r}.", place=place)


def _choices(values: Sequence[Value], default: Value | None, key: str, place: str) -> tuple[list[Value], Value]:
    if not values:
        raise SpaceError(f'{key} is empty. Name at least one value: {key} = ["a", "b"].', place=place)
    texts: set[str] = set()
    known: dict[Value, str] = {}
    for value in values:
        check_value(value, place)
        text = text_of(value)
        if text in texts:
            # 1 and "1" would be one and the same in a CSV cell or a flag
            raise SpaceError(f"the value {text!r} stands twice in {key}. Remove one.", place=place)
        same = known.setdefault(value, text)  # 1, 1.0 and true are one key
        if same != text:
            raise SpaceError(f"the values {same} and {text} in {key} count as equal. Remove one.", place=place)
        texts.add(text)
    if default is None:
        return list(values), values[0]
    found = [value for value in values if value == default and isinstance(value, bool) == isinstance(default, bool)]
    if not found:
        shown = ", ".join(repr(v) if isinstance(v, str) else text_of(v) for v in values[:12])
        raise SpaceError(f"the default {default!r} is none of its values: {shown}.", place=place)
    return list(values), found[0]
