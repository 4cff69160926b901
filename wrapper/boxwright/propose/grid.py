"""The full grid: every combination of some values of each parameter."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from boxwright.errors import ScenarioError, SpaceError, nearest
from boxwright.terms import Config, Value

if TYPE_CHECKING:
    from boxwright.space import Space
    from boxwright.space.logic import Test

Levels = Mapping[str, Sequence[Value]]

DEFAULT_LEVELS = 3
COUNT_LIMIT = 10_000
"""A grid, or a space, with conditions or forbidden clauses is counted point by point, up to so many."""

STEPS_LIMIT = 300_000
"""So many combinations, forbidden ones included, are looked at to count: about a second."""


def grid_levels(space: Space, levels: int | Mapping[str, int | tuple[Value, ...]]) -> dict[str, list[Value]]:
    """Return the values of each parameter on the grid.

    ``levels`` says how many values of a real or wide parameter; or by name: how many, or which.

    Raises:
        ScenarioError: A name is no parameter's, or has no values.
        SpaceError: A value is none of its parameter's.
    """
    if isinstance(levels, int):
        return {name: space.grid_values(name, levels) for name in space.names}
    for name, wanted in levels.items():
        if name not in space.names:
            raise ScenarioError(f'no parameter "{name}". {nearest(name, space.names)}', place="design.levels")
        if wanted == ():
            raise ScenarioError("no values. Name at least one, or a number of values.", place=f"design.levels.{name}")
    return {name: _values(space, name, levels.get(name, DEFAULT_LEVELS)) for name in space.names}


def _values(space: Space, name: str, wanted: int | tuple[Value, ...]) -> list[Value]:
    if isinstance(wanted, int):
        return space.grid_values(name, wanted)
    domain = space.domain(name)
    values: list[Value] = []
    for value in wanted:
        typed = domain.from_value(value, f"design.levels.{name}")
        if not any(typed is other or (typed == other and type(typed) is type(other)) for other in values):
            values.append(typed)
    return values


def grid(space: Space, levels: Levels) -> Iterator[Config]:
    """Yield every allowed combination, the last parameter fastest, without ever holding the grid.

    An inactive parameter takes no part, so that no configuration comes twice.
    """
    return (config for config in grid_steps(space, levels) if config is not None)


def grid_steps(space: Space, levels: Levels) -> Iterator[Config | None]:
    """Yield the same, and None for each combination, or all those that begin alike, that is forbidden.

    So whoever has no time to walk through all that is forbidden can count.
    """
    order = _parents_first(space)
    activity = {name: _activity(space, name) for name in order}
    for values in _walk(order, activity, _forbidding(space, order), levels):
        yield None if values is None else {name: values[name] for name in space.names if name in values}


def grid_size(space: Space, levels: Levels, runs: int | None) -> int | None:
    """Return how many configurations the first ``runs`` of the grid are; None if that would take long to count."""
    if not space.configspace.conditions and not space.configspace.forbidden_clauses:
        size = math.prod(len(levels[name]) for name in space.names)
        size = size if runs is None else min(size, runs)
        return size if size <= sys.maxsize else None
    limit = COUNT_LIMIT + 1 if runs is None else min(runs, COUNT_LIMIT + 1)
    counted = 0
    for walked, config in enumerate(grid_steps(space, levels)):
        if counted == limit:
            break
        if walked == STEPS_LIMIT:
            return None
        counted += config is not None
    return counted if counted <= COUNT_LIMIT else None


def all_steps(space: Space) -> Iterator[Config | None]:
    """Yield every configuration of a finite space, and None for what is forbidden as ``grid_steps`` does.

    Raises:
        SpaceError: A parameter has values without number.
    """
    return grid_steps(space, _all_values(space))


def space_size(space: Space, most: int) -> int | None:
    """Return how many configurations a space has, counted up to ``most``; of a large one an upper bound.

    None if they are without number.
    """
    size = space.size()
    return size if size is None or size > COUNT_LIMIT else grid_size(space, _all_values(space), most)


def _all_values(space: Space) -> Levels:
    levels: dict[str, Sequence[Value]] = {}
    for name in space.names:
        domain = space.domain(name)
        if domain.size is None:
            raise SpaceError(f"{name} has values without number.", place="space")
        # Whole numbers are counted as they are walked: there may be 2**53 of them.
        levels[name] = range(int(domain.lower), int(domain.upper) + 1) if domain.kind == "int" else domain.values
    return levels


def _parents_first(space: Space) -> list[str]:
    """Return the parameters in file order, except that a parent that stands below its child comes before it."""
    placed: list[str] = []
    waiting = list(space.names)
    while waiting:
        ready = next(
            name
            for name in waiting
            if all(parent.name in placed for parent in space.configspace.parents_of.get(name, []))
        )
        waiting.remove(ready)
        placed.append(ready)
    return placed


def _activity(space: Space, name: str) -> Test | None:
    from boxwright.space.logic import condition_test

    conditions = space.configspace.parent_conditions_of[name]
    return condition_test(conditions[0]) if conditions else None


def _forbidding(space: Space, order: Sequence[str]) -> dict[str, list[Test]]:
    """Return of each parameter which clauses can be tested once it has its value: those with no later one in them."""
    from boxwright.space.forbidden import mentioned
    from boxwright.space.logic import forbidden_test

    places = {name: place for place, name in enumerate(order)}
    found: dict[str, list[Test]] = {name: [] for name in order}
    for clause in space.configspace.forbidden_clauses:
        found[max(mentioned(clause), key=places.__getitem__)].append(forbidden_test(clause))
    return found


def _walk(
    order: Sequence[str],
    activity: Mapping[str, Test | None],
    forbidding: Mapping[str, Sequence[Test]],
    levels: Levels,
) -> Iterator[dict[str, Value] | None]:
    """Yield the values of every combination in one and the same dict, None where values are forbidden so far.

    A loop, for there may be 1,500 parameters.
    """
    values: dict[str, Value] = {}
    left: list[Iterator[Value | None]] = []
    is_forbidden = False
    while True:
        if is_forbidden:
            yield None
        elif len(left) < len(order):
            name = order[len(left)]
            test = activity[name]
            left.append(iter(levels[name] if test is None or test(values) else (None,)))
        else:
            yield values
        while left and not _take(values, order[len(left) - 1], left[-1]):
            left.pop()
        if not left:
            return
        is_forbidden = any(test(values) for test in forbidding[order[len(left) - 1]])


def _take(values: dict[str, Value], name: str, left: Iterator[Value | None]) -> bool:
    """Give a parameter its next value, or none where it is inactive; return whether there was a next one."""
    values.pop(name, None)
    for value in left:
        if value is not None:
            values[name] = value
        return True
    return False
