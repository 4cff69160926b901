"""All problems, and which of them a set, a part of a name or the quick form takes."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator

from quality.problem import Listed
from quality.problems_bbob import bbob, mixint
from quality.problems_sklearn import sklearn
from quality.problems_synthetic import synthetic
from quality.problems_tables import tables
from quality.words import MistakeError

_SOURCES: tuple[tuple[str, Callable[[], Iterator[Listed]]], ...] = (
    ("ioh", bbob),
    ("cocoex", mixint),
    ("sklearn", sklearn),
    ("sklearn", tables),
    ("numpy", synthetic),
)

QUICK = (
    "bbob/f08-i01-d02",
    "bbob/f15-i02-d05",
    "mixint/f01-i01-d05",
    "made/branches",
    "made/layers",
    "sklearn/svr-diabetes",
)


def available(say: Callable[[str], None]) -> list[Listed]:
    """Return the problems whose packages are installed; say which are not."""
    problems: list[Listed] = []
    for module, source in _SOURCES:
        if importlib.util.find_spec(module) is None:
            say(f"{module} is not installed: its problems are left out")
        else:
            problems += source()
    return problems


def choose(problems: list[Listed], which: str, parts: list[str], *, quick: bool) -> list[Listed]:
    """Return the problems of a set (``dev``, ``held-back``, ``all``) that bear one of these parts in their names.

    Raises:
        MistakeError: There are none.
    """
    if quick:
        problems = [problem for problem in problems if problem.name in QUICK]
    found = [
        problem
        for problem in problems
        if (which == "all" or problem.held_back == (which == "held-back"))
        and (not parts or any(part in problem.name for part in parts))
    ]
    if not found:
        words = f" with one of {', '.join(parts)} in their names" if parts else ""
        raise MistakeError(f"there are no problems of --set {which}{words}{' among those of --quick' * quick}")
    return found


def find(name: str) -> Listed:
    """Return the problem of this name.

    Raises:
        MistakeError: There is none here.
    """
    for problem in available(lambda _: None):
        if problem.name == name:
            return problem
    raise MistakeError(f'there is no problem "{name}" here')
