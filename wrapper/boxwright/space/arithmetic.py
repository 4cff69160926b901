"""Arithmetic on floats that never raises: what Java's doubles would give, as SMAC v2 does."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any


def _quietly(function: Callable[[float], float]) -> Callable[[float], float]:
    def quiet(x: float) -> float:
        try:
            return float(function(x))
        except OverflowError:
            return math.inf if x > 0 else -math.inf
        except ValueError:
            return math.nan

    return quiet


def _rounding(function: Callable[[float], int]) -> Callable[[float], float]:
    def whole(x: float) -> float:
        return float(function(x)) if math.isfinite(x) else x

    return whole


def _logarithm(function: Callable[[float], float]) -> Callable[[float], float]:
    def log(x: float) -> float:
        return function(x) if x > 0 else -math.inf if x == 0 else math.nan

    return log


def _divide(x: float, y: float) -> float:
    if y != 0:
        return x / y
    return math.nan if x == 0 or math.isnan(x) else math.copysign(math.inf, x) * math.copysign(1.0, y)


def _remainder(x: float, y: float) -> float:
    try:
        return math.fmod(x, y)
    except ValueError:
        return math.nan


def _power(x: float, y: float) -> float:
    try:
        return math.pow(x, y)
    except OverflowError:
        return -math.inf if x < 0 and y % 2 == 1 else math.inf
    except ValueError:
        return math.inf if x == 0 else math.nan


def _both(x: float, y: float) -> float:
    return float(x != 0 and y != 0)


def _either(x: float, y: float) -> float:
    return float(x != 0 or y != 0)


FUNCTIONS: Mapping[str, Callable[[float], float]] = {
    **{
        name: _quietly(getattr(math, name))
        for name in ("acos", "asin", "atan", "cbrt", "cos", "exp", "sin", "sinh", "sqrt", "tan", "tanh")
    },
    **{name: _logarithm(getattr(math, name)) for name in ("log", "log10", "log2")},
    "cosh": lambda x: _quietly(math.cosh)(abs(x)),
    "abs": abs,
    "ceil": _rounding(math.ceil),
    "floor": _rounding(math.floor),
}
"""The functions of one argument."""

SIGNS: Mapping[str, Callable[[float], float]] = {"-": operator.neg, "+": operator.pos}

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}

ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "%": _remainder,
    "^": _power,
    "&&": _both,
    "||": _either,
}
