"""Designs: configurations chosen without a model, each a function of its settings alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from boxwright.propose.csv_rows import csv_configs
from boxwright.propose.grid import grid, grid_levels, grid_size
from boxwright.propose.sampling import latin_hypercube, monte_carlo, sobol
from boxwright.scenario.designs import CsvDesign, Grid, LatinHypercube, MonteCarlo, PointDesign, Sobol
from boxwright.terms import Config

if TYPE_CHECKING:
    from boxwright.space import Space


def make_design(settings: PointDesign, space: Space, *, folder: Path, stages: Sequence[int] = ()) -> Iterator[Config]:
    """Return the configurations of a design, in order; the first of a larger design are those of a smaller one.

    Each is there once, however many replicates there are of it.
    Everything the person may have got wrong is found here, before the first configuration is taken. ``stages`` are
    the sizes asked for so far, and the last one counts: ``[60, 100]`` after an extension from 60 to 100; only a
    Latin hypercube depends on those before. Without stages it is what the settings say. A CSV file is looked for in
    ``folder``.

    Raises:
        ScenarioError: The CSV file is no table of parameters, or ``levels`` names what is no parameter.
        SpaceError: A value is none of its parameter's, or (while iterating) next to everything is forbidden.
    """
    stages = [stage // settings.replicates for stage in stages]
    size = stages[-1] if stages else _points(settings)
    first = None if size is None else min(size, sys.maxsize)
    match settings:
        case MonteCarlo():
            return monte_carlo(space, size or 0, settings.seed)
        case Sobol():
            return sobol(space, size or 0, settings.seed)
        case LatinHypercube():
            return latin_hypercube(space, stages or [size or 0], settings.seed)
        case Grid():
            return islice(grid(space, grid_levels(space, settings.levels)), first)
        case CsvDesign():
            return islice(csv_configs(space, settings.file, folder), first)


def design_size(settings: PointDesign, space: Space, folder: Path) -> int | None:
    """Return how many runs the design has, repeated points included; None for a grid too large to count.

    Raises:
        ScenarioError: See ``make_design``.
        SpaceError: See ``make_design``.
    """
    points: int | None = _points(settings)
    match settings:
        case Grid():
            points = grid_size(space, grid_levels(space, settings.levels), points)
        case CsvDesign():
            rows = len(csv_configs(space, settings.file, folder))
            points = rows if points is None else min(rows, points)
    return None if points is None else points * settings.replicates


def _points(settings: PointDesign) -> int | None:
    return None if settings.runs is None else settings.runs // settings.replicates
