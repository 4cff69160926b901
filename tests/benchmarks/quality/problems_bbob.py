"""The functions of the BBOB suites: real ones from ``ioh``, mixed-integer ones from ``coco-experiment``.

The held-back functions come from the same groups (separable, moderate, ill-conditioned, multimodal, weakly
structured) as the others, with instances of their own.
"""

from __future__ import annotations

import importlib
import math
import tempfile
from collections.abc import Callable, Iterator
from contextlib import chdir
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from quality.problem import Klass, Listed, Problem, space_of

from boxwright.terms import Config

REAL = {1: False, 3: False, 8: False, 13: False, 15: False, 21: False, 6: True, 14: True, 17: True}
"""Number of the function → whether it is held back."""

MIXED = {1: False, 8: False, 15: False, 21: False, 6: True, 17: True}
DIMENSIONS = {2: 1, 5: 2, 10: 3}
"""Dimension → instance; held-back functions take the instance ten further on."""

NOISE_SHARE = 0.1


def bbob() -> Iterator[Listed]:
    """Yield the problems of this module that ``ioh`` brings."""
    for number, held_back in REAL.items():
        for dimension, instance in DIMENSIONS.items():
            which = number, instance + 10 * held_back, dimension
            yield Listed(f"bbob/{_label(*which)}", Klass.SMOOTH, held_back, partial(_real, *which))
    for number, instance, dimension, held_back in ((1, 1, 5, False), (8, 2, 2, False), (14, 11, 5, True)):
        which = number, instance, dimension
        yield Listed(f"bbob-noise/{_label(*which)}", Klass.NOISY, held_back, partial(_noisy, *which))
    for number, instance, dimension, held_back in ((8, 1, 2, False), (15, 2, 5, False), (6, 11, 5, True)):
        which = number, instance, dimension
        yield Listed(f"bbob-fail/{_label(*which)}", Klass.FAILING, held_back, partial(_failing, *which))


def mixint() -> Iterator[Listed]:
    """Yield the mixed-integer problems."""
    for number, held_back in MIXED.items():
        for dimension, instance in ((5, 1), (10, 2)):
            which = number, instance + 10 * held_back, dimension
            yield Listed(f"mixint/{_label(*which)}", Klass.MIXED, held_back, partial(_mixint, *which))


def _label(number: int, instance: int, dimension: int) -> str:
    return f"f{number:02}-i{instance:02}-d{dimension:02}"


def _real(number: int, instance: int, dimension: int) -> Problem:
    ioh: Any = importlib.import_module("ioh")
    function = ioh.get_problem(number, instance=instance, dimension=dimension)
    lines = [f"x{i} = {{ type = 'float', lower = -5, upper = 5 }}" for i in range(dimension)]
    return Problem(space_of("\n".join(lines)), partial(_at, function), best=float(function.optimum.y))


def _noisy(number: int, instance: int, dimension: int) -> Problem:
    return replace(_real(number, instance, dimension), noise_share=NOISE_SHARE)


def _failing(number: int, instance: int, dimension: int) -> Problem:
    """Return a problem whose runs fail in a half-space that cuts the box near the optimum, but not the optimum."""
    ioh: Any = importlib.import_module("ioh")
    optimum = [float(value) for value in ioh.get_problem(number, instance=instance, dimension=dimension).optimum.x]
    problem = _real(number, instance, dimension)
    # The normal points from the optimum to the middle of the box, so that about half of the box fails.
    length = math.hypot(*optimum)
    normal = [-value / length for value in optimum]
    return replace(problem, evaluate=partial(_cut, problem.evaluate, optimum, normal, 0.7 * length))


def _cut(
    evaluate: Callable[[Config], float | None],
    optimum: list[float],
    normal: list[float],
    distance: float,
    config: Config,
) -> float | None:
    point = [float(value) for value in config.values()]
    beyond = sum((x - o) * n for x, o, n in zip(point, optimum, normal, strict=True))
    return None if beyond > distance else evaluate(config)


def _mixint(number: int, instance: int, dimension: int) -> Problem:
    cocoex: Any = importlib.import_module("cocoex")
    suite = cocoex.Suite("bbob-mixint", f"instances:{instance}", f"dimensions:{dimension} function_indices:{number}")
    function = next(iter(suite))
    lines = []
    for i, (lower, upper) in enumerate(zip(function.lower_bounds, function.upper_bounds, strict=True)):
        kind = "int" if i < function.number_of_integer_variables else "float"
        lines.append(f"x{i} = {{ type = '{kind}', lower = {lower:g}, upper = {upper:g} }}")
    # The suite goes with the problem: COCO frees a problem's memory when its suite is collected.
    return Problem(space_of("\n".join(lines)), partial(_at_of, suite, function), best=_coco_best(function))


def _coco_best(function: Any) -> float:
    """Return the cost at the optimum, which COCO tells only in a file that it writes into the working directory."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        function._best_parameter("print")
        (file,) = Path().glob("._bbob_problem_best_parameter.txt")
        return float(function([float(word) for word in file.read_text().split()]))


def _at(function: Any, config: Config) -> float:
    return float(function([float(value) for value in config.values()]))


def _at_of(suite: Any, function: Any, config: Config) -> float:
    del suite
    return _at(function, config)
