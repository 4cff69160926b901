"""One parameter's values from numbers between 0 and 1: what designs are made of."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Callable
from typing import Any, TypeAlias

from ConfigSpace.hyperparameters import (
    BetaFloatHyperparameter,
    BetaIntegerHyperparameter,
    Hyperparameter,
    NormalFloatHyperparameter,
    NormalIntegerHyperparameter,
)

from boxwright.space.distributions import Distribution
from boxwright.space.domain import Domain, value_at
from boxwright.space.values import rounded
from boxwright.terms import Value

Quantile: TypeAlias = Callable[[float], Value]


def make_quantile(parameter: Hyperparameter[Any, Any], domain: Domain, distribution: Distribution | None) -> Quantile:
    """Return the function from [0, 1] to the parameter's values, rising with them.

    Whole numbers and choices get equal shares; on a log scale a whole number gets the share from half below to
    half above it.
    """
    if distribution is not None:
        return _within(domain, distribution.ppf)
    if isinstance(
        parameter,
        NormalFloatHyperparameter | NormalIntegerHyperparameter | BetaFloatHyperparameter | BetaIntegerHyperparameter,
    ):
        numeric: Any = parameter
        frozen = numeric._vector_dist.rv
        return lambda u: value_at(numeric, min(max(float(frozen.ppf(u)), 0.0), 1.0))
    if domain.kind == "choices":
        return _choice(domain)
    return _whole(domain) if domain.kind == "int" else _real(domain)


def grid_values(domain: Domain, levels: int) -> list[Value]:
    """Return the parameter's values on a grid: all of them where there are at most ``levels`` or no order to thin.

    Real and wide whole-number parameters give ``levels`` values, the bounds among them (with one level: the default).
    """
    if domain.kind == "choices":
        return list(domain.values)
    if domain.size is not None and domain.size <= levels:
        return list(range(int(domain.lower), int(domain.upper) + 1))
    if levels == 1:
        return [domain.default]
    spread = [_spread(domain, step / (levels - 1)) for step in range(levels)]
    values = (
        [min(max(round(v), int(domain.lower)), int(domain.upper)) for v in spread] if domain.kind == "int" else spread
    )
    return list(dict.fromkeys(values))


def _spread(domain: Domain, share: float) -> float:
    if share in (0.0, 1.0):
        return domain.lower if share == 0 else domain.upper
    if not domain.log:
        return rounded(domain.lower * (1 - share) + domain.upper * share)
    low, high = math.log(domain.lower), math.log(domain.upper)
    return min(max(rounded(math.exp(low + share * (high - low))), domain.lower), domain.upper)


def _choice(domain: Domain) -> Quantile:
    values = domain.values
    count = len(values)
    if not domain.weights:
        return lambda u: values[min(int(u * count), count - 1)]
    shares = list(itertools.accumulate(domain.weights))
    last = max(index for index, weight in enumerate(domain.weights) if weight > 0)
    return lambda u: values[min(bisect.bisect_right(shares, u), last)]


def _whole(domain: Domain) -> Quantile:
    lower, upper = int(domain.lower), int(domain.upper)
    if not domain.log:
        count = upper - lower + 1
        return lambda u: min(lower + int(u * count), upper)
    low, high = math.log(lower - 0.5), math.log(upper + 0.5)
    return lambda u: min(max(round(math.exp(low + u * (high - low))), lower), upper)


def _real(domain: Domain) -> Quantile:
    lower, upper = domain.lower, domain.upper
    if not domain.log:
        return _within(domain, lambda u: lower * (1.0 - u) + upper * u)
    low, high = math.log(lower), math.log(upper)
    return _within(domain, lambda u: math.exp(low + u * (high - low)))


def _within(domain: Domain, quantile: Callable[[float], float]) -> Quantile:
    lower, upper = domain.lower, domain.upper

    def value(u: float) -> float:
        # the bounds have 13 decimals themselves, so rounding never leaves them; exp and log may
        return min(max(rounded(quantile(u)), lower), upper)

    return value
