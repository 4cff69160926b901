"""The distributions of Monte Carlo variables beside the uniform one: normal, lognormal, triangular, beta.

Each is known by its quantile function. The functions of ``scipy.special`` are used directly: a frozen
``scipy.stats`` distribution computes the same (the tests compare them), but takes 0.1 ms for each number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from boxwright.errors import SpaceError
from boxwright.scenario.parameters import BetaParameter, LognormalParameter, NormalParameter, TriangularParameter
from boxwright.space.values import DECIMALS, check_float, rounded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DistributionParameter: TypeAlias = NormalParameter | LognormalParameter | TriangularParameter | BetaParameter

WIDTH_IN_SIGMAS = 8.0
"""An unbounded variable is given bounds this far from its mean: 1e-15 of the probability is outside."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution, truncated where its parameter has bounds.

    Attributes:
        parameter: What the scenario file says.
        lower: Explicit bound, or 8 sigmas below the mean.
        upper: Explicit bound, or 8 sigmas above the mean.
    """

    parameter: DistributionParameter
    lower: float
    upper: float

    @property
    def unbounded(self) -> bool:
        """Whether a bound is missing, so that an optimizer would not know where to look."""
        return self.parameter.lower is None or self.parameter.upper is None

    @property
    def default(self) -> float:
        """The default of the file, else the median."""
        given = self.parameter.default
        return rounded(self.ppf(0.5)) if given is None else float(given)

    @overload
    def ppf(self, u: float) -> float: ...

    @overload
    def ppf(self, u: NDArray[np.float64]) -> NDArray[np.float64]: ...

    def ppf(self, u: float | NDArray[np.float64]) -> float | NDArray[np.float64]:
        """Return the value below which a share ``u`` (0 to 1) of the probability lies; within the bounds."""
        import numpy as np

        value = np.minimum(np.maximum(_quantile(self.parameter, u), self.lower), self.upper)
        return float(value) if np.ndim(u) == 0 else value


def make_distribution(parameter: DistributionParameter, place: str) -> Distribution:
    """Return the distribution of a parameter of the scenario file.

    Raises:
        SpaceError: Its numbers do not fit together.
    """
    for key in parameter.__struct_fields__:
        value = getattr(parameter, key)
        if isinstance(value, float):
            check_float(value, f"{place}.{key}")
    lower, upper = _bounds(parameter, place)
    if max(abs(lower), abs(upper)) < 1e-10:
        raise SpaceError(
            f"values from {lower!r} to {upper!r} vanish: {DECIMALS} decimals are kept. Use another unit.", place=place
        )
    if lower >= upper:
        raise SpaceError(f"lower must be below upper, found {lower!r} and {upper!r}.", place=place)
    if isinstance(parameter, TriangularParameter) and not lower <= parameter.mode <= upper:
        raise SpaceError(f"mode = {parameter.mode!r} is outside {lower!r} to {upper!r}.", place=place)
    if isinstance(parameter, NormalParameter | LognormalParameter):
        _check_mass(parameter, place)
    if parameter.default is not None and not lower <= parameter.default <= upper:
        raise SpaceError(f"default = {parameter.default!r} is outside {lower!r} to {upper!r}.", place=place)
    return Distribution(parameter, lower, upper)


def _bounds(parameter: DistributionParameter, place: str) -> tuple[float, float]:
    lower, upper = parameter.lower, parameter.upper
    if isinstance(parameter, NormalParameter):
        reach = WIDTH_IN_SIGMAS * parameter.sigma
        lower = parameter.mu - reach if lower is None else lower
        upper = parameter.mu + reach if upper is None else upper
    elif isinstance(parameter, LognormalParameter):
        if lower is not None and lower < 0:
            raise SpaceError(f"a lognormal value is above 0, found lower = {lower!r}. Write 0.", place=place)
        exponent = parameter.mu + WIDTH_IN_SIGMAS * parameter.sigma
        if upper is None and exponent > 600:
            raise SpaceError("values beyond e^600 are too large. Lower mu or sigma, or give upper.", place=place)
        lower = math.exp(parameter.mu - WIDTH_IN_SIGMAS * parameter.sigma) if lower is None else lower
        upper = math.exp(exponent) if upper is None else upper
    assert lower is not None
    assert upper is not None
    check_float(lower, place)
    check_float(upper, place)
    return rounded(lower), rounded(upper)


def _standard_bounds(parameter: NormalParameter | LognormalParameter) -> tuple[float, float]:
    """Return the bounds of the truncated standard normal variable behind the parameter."""
    lower, upper = parameter.lower, parameter.upper
    if isinstance(parameter, LognormalParameter):
        lower = None if lower is None or lower <= 0 else math.log(lower)
        upper = -math.inf if upper is not None and upper <= 0 else None if upper is None else math.log(upper)
    low = -math.inf if lower is None else (lower - parameter.mu) / parameter.sigma
    high = math.inf if upper is None else (upper - parameter.mu) / parameter.sigma
    return low, high


def _check_mass(parameter: NormalParameter | LognormalParameter, place: str) -> None:
    from scipy.special import ndtr

    low, high = _standard_bounds(parameter)
    if low > 0:
        low, high = -high, -low
    if not ndtr(high) - ndtr(low) > 1e-15:
        raise SpaceError(
            f"no probability is left between the bounds, {low:.3g} to {high:.3g} sigmas from mu. Widen them.",
            place=place,
        )


def _quantile(parameter: DistributionParameter, u: Any) -> Any:
    import numpy as np
    from scipy.special import betaincinv

    if isinstance(parameter, NormalParameter):
        return parameter.mu + parameter.sigma * _truncated_normal(u, *_standard_bounds(parameter))
    if isinstance(parameter, LognormalParameter):
        # no bound may overflow the exponential: values are cut to the bounds afterwards
        return np.exp(
            np.minimum(parameter.mu + parameter.sigma * _truncated_normal(u, *_standard_bounds(parameter)), 700.0)
        )
    if isinstance(parameter, TriangularParameter):
        return _triangular(parameter, u)
    return parameter.lower + (parameter.upper - parameter.lower) * betaincinv(parameter.alpha, parameter.beta, u)


def _truncated_normal(u: Any, low: float, high: float) -> Any:
    from scipy.special import ndtr, ndtri

    if low > 0:  # the lower tail is where floats are dense
        return -_truncated_normal(1.0 - u, -high, -low)
    below = ndtr(low)
    return ndtri(below + u * (ndtr(high) - below))


def _triangular(parameter: TriangularParameter, u: Any) -> Any:
    """Return the quantile of the triangular distribution: two parabolas that meet at the mode."""
    import numpy as np

    lower, mode, upper = parameter.lower, parameter.mode, parameter.upper
    width = upper - lower
    rising = lower + np.sqrt(u * width * (mode - lower))
    falling = upper - np.sqrt((1.0 - u) * width * (upper - mode))
    return np.where(u < (mode - lower) / width, rising, falling)
