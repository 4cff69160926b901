"""The section ``design``: configurations chosen without a model."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from boxwright.scenario.section import Levels, Positive, Repeats, Section
from boxwright.terms import Value


class _Design(Section, frozen=True, kw_only=True, tag_field="kind"):
    """What all designs share.

    Attributes:
        runs: How many points.
        seed: Seed of its random numbers; a grid and a CSV file have none to draw.
        replicates: How often each point is run, with the numbers ``study.seed``, ``study.seed + 1``, …; more than one
            makes the study a noisy one. ``runs`` is then how many runs, so a multiple of it.
    """

    seed: Annotated[int, Meta(ge=0)] = 0
    replicates: Repeats = 1


class MonteCarlo(_Design, frozen=True, kw_only=True, tag="monte-carlo"):
    """Independent draws from the parameters' distributions."""

    runs: Positive


class LatinHypercube(_Design, frozen=True, kw_only=True, tag="latin-hypercube"):
    """A Latin hypercube."""

    runs: Annotated[int, Meta(ge=1, le=1_000_000)]


class Sobol(_Design, frozen=True, kw_only=True, tag="sobol"):
    """A scrambled Sobol sequence."""

    runs: Positive


class Grid(_Design, frozen=True, kw_only=True, tag="grid"):
    """The full grid: every value of discrete parameters, ``levels`` values of each real or wide one.

    Attributes:
        levels: A number for all, or name → number or list of values.
        runs: Only the first so many points.
    """

    levels: Levels | dict[str, Levels | tuple[Value, ...]] = 3
    runs: Positive | None = None


class CsvDesign(_Design, frozen=True, kw_only=True, tag="csv"):
    """The rows of a CSV file; a parameter without a column takes its default.

    Attributes:
        file: Its path, starting at the scenario's folder; the first line names parameters.
        runs: Only the first so many rows.
    """

    file: str
    runs: Positive | None = None


class TrialList(_Design, frozen=True, kw_only=True, tag="trials"):
    """Trials one by one; ``boxwright validate`` makes such a study.

    Attributes:
        file: Its path, starting at the scenario's folder. Each line is a JSON object with ``config``, and if need be
            ``instance``, ``seed`` and ``origin``, a word or two that is shown with the run.
        runs: Only the first so many lines.
        unknown: What becomes of a configuration that does not lie in the space: refused, or run as it is.
    """

    file: str
    runs: Positive | None = None
    unknown: Literal["refuse", "accept"] = "refuse"


PointDesign: TypeAlias = MonteCarlo | LatinHypercube | Sobol | Grid | CsvDesign
"""Those that say configurations only."""

Design: TypeAlias = MonteCarlo | LatinHypercube | Sobol | Grid | CsvDesign | TrialList
