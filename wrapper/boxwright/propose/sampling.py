"""Designs drawn in the unit cube: Monte Carlo, scrambled Sobol, Latin hypercube.

Each is a function of its seed alone, so that a study can be taken up again without a record of the design, and
each can be extended: the first points of a larger design are those of the smaller one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from boxwright.errors import SpaceError
from boxwright.terms import Config

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from boxwright.space import Space

MAX_TRIES = 10_000
"""So many forbidden points in a row mean that next to nothing of the space is allowed."""

_SOBOL_BLOCK = 64  # a power of two: scipy warns of any other first block


def monte_carlo(space: Space, count: int, seed: int) -> Iterator[Config]:
    """Yield independent draws; a forbidden one is drawn again.

    Raises:
        SpaceError: Next to every configuration is forbidden.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield draw(space, rng)


def draw(space: Space, rng: np.random.Generator) -> Config:
    """Return one configuration, drawn at random.

    Raises:
        SpaceError: Next to every configuration is forbidden.
    """
    for _ in range(MAX_TRIES):
        config = space.from_unit(rng.random(len(space.names)).tolist())
        if config is not None:
            return config
    raise _nearly_all_forbidden()


def sobol(space: Space, count: int, seed: int) -> Iterator[Config]:
    """Yield the allowed points of a scrambled Sobol sequence, in its order.

    Raises:
        SpaceError: Next to every configuration is forbidden.
    """
    from scipy.stats import qmc

    if len(space.names) > qmc.Sobol.MAXDIM:
        raise SpaceError(
            f"{len(space.names)} parameters, but a Sobol sequence has at most {qmc.Sobol.MAXDIM}.", place="space"
        )
    sequence = qmc.Sobol(d=len(space.names), scramble=True, seed=seed)
    made = forbidden = 0
    while made < count:
        for point in sequence.random(_SOBOL_BLOCK):
            config = space.from_unit(point.tolist())
            if config is None:
                forbidden += 1
                if forbidden >= MAX_TRIES:
                    raise _nearly_all_forbidden()
                continue
            forbidden = 0
            yield config
            made += 1
            if made == count:
                return


def latin_hypercube(space: Space, stages: Sequence[int], seed: int) -> Iterator[Config]:
    """Yield a Latin hypercube that was extended from stage to stage.

    Of the first stage's n points, each lies in a stratum (one n-th of each parameter's range) of its own. An
    extension to m keeps the old points where they are, divides each range into m strata, and puts the new points
    into strata that are still empty. A point that is forbidden is put together anew from the strata left; where
    nothing else helps it is drawn at random. ``stages`` are the sizes asked for so far, rising: ``[60, 100]`` for a
    design of 60 that was extended to 100.

    Raises:
        SpaceError: Next to every configuration is forbidden.
    """
    import numpy as np

    points = np.empty((0, len(space.names)))
    for stage, size in enumerate(stages):
        if size <= len(points):
            continue
        # Each stage has random numbers of its own, so that a later extension cannot move an earlier point.
        rng = np.random.default_rng([seed, stage])
        empty = _empty_strata(points, size, rng)
        new = []
        for taken in range(size - len(points)):
            config, point = _from_strata(space, empty, taken, size, rng)
            new.append(point)
            yield config
        points = np.vstack([points, *new])


def _empty_strata(points: NDArray[np.float64], size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return for each parameter, in random order, as many strata without a point as there are points missing."""
    import numpy as np

    missing = size - len(points)
    columns = []
    for column in points.T:
        empty = np.setdiff1d(np.arange(size), np.floor(column * size).astype(np.int64))
        columns.append(rng.permutation(empty)[:missing])
    return np.array(columns, dtype=np.int64).reshape(points.shape[1], missing)


def _from_strata(
    space: Space, empty: NDArray[np.int64], taken: int, size: int, rng: np.random.Generator
) -> tuple[Config, NDArray[np.float64]]:
    """Return an allowed configuration from the strata that are left, and where it lies; the strata are used up."""
    import numpy as np

    rows = np.arange(len(empty))
    for attempt in range(MAX_TRIES):
        # The strata are in random order, so the next ones of each parameter are a random combination.
        picks = rng.integers(taken, empty.shape[1], len(empty)) if attempt else np.full(len(empty), taken)
        point = (empty[rows, picks] + rng.random(len(empty))) / size
        config = space.from_unit(point.tolist())
        if config is not None:
            empty[rows, picks], empty[:, taken] = empty[:, taken].copy(), empty[rows, picks].copy()
            return config, point
        if attempt >= 100 and taken == empty.shape[1] - 1:
            break  # one stratum is left for each parameter, and all of it seems to be forbidden
    for _ in range(MAX_TRIES):
        point = rng.random(len(empty))
        config = space.from_unit(point.tolist())
        if config is not None:
            return config, point
    raise _nearly_all_forbidden()


def _nearly_all_forbidden() -> SpaceError:
    return SpaceError(
        f"{MAX_TRIES} points drawn in a row are forbidden. Loosen the forbidden clauses, or narrow the ranges.",
        place="space",
    )
