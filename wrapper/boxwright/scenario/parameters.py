"""The parameters of a space as frozen types: what stands in ``[space]``; see ``model`` for the rest of a scenario."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

from boxwright.scenario.section import Section
from boxwright.terms import Value


class _Parameter(Section, frozen=True, kw_only=True, tag_field="type"):
    """What all parameters share.

    Attributes:
        when: A condition in PCS syntax, ``act in {relu, elu} && depth > 2``: else the parameter is inactive.
        default: Its value in the default configuration; the middle of the range, or the first value, if absent.
        lower: Least value, included.
        upper: Greatest value, included.
        log: Whether it is drawn, searched and divided into levels on a logarithmic scale.
    """

    when: str | None = None


class IntParameter(_Parameter, frozen=True, kw_only=True, tag="int"):
    """A whole number within bounds, both included."""

    lower: int
    upper: int
    default: int | None = None
    log: bool = False


class FloatParameter(_Parameter, frozen=True, kw_only=True, tag="float"):
    """A real number within bounds, both included."""

    lower: float
    upper: float
    default: float | None = None
    log: bool = False


class CategoricalParameter(_Parameter, frozen=True, kw_only=True, tag="categorical"):
    """One of some values without an order.

    Attributes:
        choices: The values: texts, numbers, true or false.
    """

    choices: tuple[Value, ...]
    default: Value | None = None


class OrdinalParameter(_Parameter, frozen=True, kw_only=True, tag="ordinal"):
    """One of some values in the order given.

    Attributes:
        sequence: The values, in order: texts, numbers, true or false.
    """

    sequence: tuple[Value, ...]
    default: Value | None = None


class ConstantParameter(_Parameter, frozen=True, kw_only=True, tag="constant"):
    """Always the same value.

    Attributes:
        value: A text, a number, true or false.
    """

    value: Value


class NormalParameter(_Parameter, frozen=True, kw_only=True, tag="normal"):
    """Normally distributed, for Monte Carlo designs; truncated where bounds are given.

    Attributes:
        mu: Mean, before truncation.
        sigma: Standard deviation, before truncation.
    """

    mu: float
    sigma: Annotated[float, Meta(gt=0)]
    lower: float | None = None
    upper: float | None = None
    default: float | None = None


class LognormalParameter(_Parameter, frozen=True, kw_only=True, tag="lognormal"):
    """The exponential of a normal variable with this mu and sigma; truncated where bounds are given.

    Attributes:
        mu: Mean of the logarithm, before truncation.
        sigma: Standard deviation of the logarithm, before truncation.
    """

    mu: float
    sigma: Annotated[float, Meta(gt=0)]
    lower: float | None = None
    upper: float | None = None
    default: float | None = None


class TriangularParameter(_Parameter, frozen=True, kw_only=True, tag="triangular"):
    """Triangular between its bounds, most likely at its mode.

    Attributes:
        mode: The likeliest value.
    """

    lower: float
    mode: float
    upper: float
    default: float | None = None


class BetaParameter(_Parameter, frozen=True, kw_only=True, tag="beta"):
    """Beta distributed, stretched to its bounds.

    Attributes:
        alpha: First shape parameter.
        beta: Second shape parameter.
    """

    alpha: Annotated[float, Meta(gt=0)]
    beta: Annotated[float, Meta(gt=0)]
    lower: float = 0.0
    upper: float = 1.0
    default: float | None = None


Parameter: TypeAlias = (
    IntParameter
    | FloatParameter
    | CategoricalParameter
    | OrdinalParameter
    | ConstantParameter
    | NormalParameter
    | LognormalParameter
    | TriangularParameter
    | BetaParameter
)

SpaceTable: TypeAlias = dict[str, Parameter | str | tuple[str, ...]]
"""Parameters by name (tables); ``file`` (a text) names a PCS or ConfigSpace JSON file instead or as well;
``forbidden`` (an array of texts) holds forbidden clauses in PCS syntax."""
