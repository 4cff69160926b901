"""Where is a score highest? Random rows, then steps from the best of them, many starts at a time.

What SMAC's local and random search does, on arrays: each start looks at neighbours that differ in one parameter or
a few, goes to the best, and takes smaller steps once none is better.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from boxwright.propose.search.columns import Column, Columns, Mask, Rows

Score: TypeAlias = Callable[[Rows], Rows]
"""From rows of ``Columns.active`` to one number each; higher is better."""

_FIRST_STEP = 0.2
_SHRINK = 0.5
_ALL_NUMBERS_SHARE = 0.3
_BLOCK = 5000  # rows scored at once: a model needs a number for each of them and each run


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to look.

    Attributes:
        challengers: Random rows.
        around: Rows near the best known ones.
        starts: Of the climbs.
        neighbours: Of each start at each step.
        steps: How many.
    """

    challengers: int = 1000
    around: int = 200
    starts: int = 8
    neighbours: int = 24
    steps: int = 20


def climb(columns: Columns, score: Score, best_known: Rows, rng: np.random.Generator, effort: Effort) -> Rows:
    """Return rows, those of the highest scores first; none is forbidden.

    Args:
        columns: The space.
        score: What is to be high.
        best_known: Rows to look around, best first; may be empty.
        rng: Where randomness comes from.
        effort: How hard to look.
    """
    rows = columns.draw(effort.challengers, rng)
    if len(best_known):
        near = best_known[rng.integers(len(best_known), size=effort.around)]
        steps = _FIRST_STEP * 10.0 ** rng.uniform(-2.0, 0.0, len(near))
        rows = np.vstack([rows, best_known, _moved(columns, near, steps, rng)])
    scores = _scored(columns, score, rows)
    order = np.argsort(-scores, kind="stable")
    starts, start_scores = rows[order[: effort.starts]], scores[order[: effort.starts]]
    step = np.full(len(starts), _FIRST_STEP)
    found, found_scores = [rows], [scores]
    for _ in range(effort.steps):
        near = np.repeat(starts, effort.neighbours, axis=0)
        moved = _moved(columns, near, np.repeat(step, effort.neighbours), rng)
        moved_scores = _scored(columns, score, moved)
        found.append(moved)
        found_scores.append(moved_scores)
        each = moved_scores.reshape(len(starts), -1)
        best = each.argmax(axis=1)
        gained = each[np.arange(len(starts)), best] > start_scores
        chosen = np.arange(len(starts)) * effort.neighbours + best
        starts = np.where(gained[:, None], moved[chosen], starts)
        start_scores = np.where(gained, moved_scores[chosen], start_scores)
        step = np.where(gained, step, step * _SHRINK)
    every, every_score = np.vstack(found), np.concatenate(found_scores)
    allowed = np.isfinite(every_score)
    every, every_score = every[allowed], every_score[allowed]
    return every[np.argsort(-every_score, kind="stable")]


def in_blocks(score: Score, shown: Rows) -> Rows:
    """Return the scores of any number of rows, in the memory that those of some thousands take."""
    blocks = [shown[start : start + _BLOCK] for start in range(0, max(len(shown), 1), _BLOCK)]
    return np.concatenate([np.asarray(score(block), dtype=np.float64).reshape(-1) for block in blocks])


def _scored(columns: Columns, score: Score, rows: Rows) -> Rows:
    shown = columns.active(rows)
    scores = in_blocks(score, shown)
    scores = np.where(np.isnan(scores), -np.inf, np.clip(scores, -1e300, 1e300))
    scores[columns.forbidden(shown)] = -np.inf
    return scores


def _moved(columns: Columns, rows: Rows, steps: Rows, rng: np.random.Generator) -> Rows:
    """Return neighbours: one active parameter of each row is changed, or, of some rows, all numbers a little."""
    shown = columns.active(rows)
    keys = np.where(~np.isnan(shown) & columns.free, rng.random(rows.shape), -1.0)
    chosen = keys.argmax(axis=1)
    moved = rows.copy()
    widely = rng.random(len(rows)) < _ALL_NUMBERS_SHARE
    for j, column in enumerate(columns.columns):
        if not columns.free[j]:
            continue
        hit = chosen == j
        if not column.choices:
            all_hit = hit | widely
            moved[all_hit, j] += rng.normal(size=int(all_hit.sum())) * steps[all_hit]
            moved[:, j] = np.clip(moved[:, j], 0.0, 1.0)
            moved[:, j] = _stepped(column, rows[:, j], moved[:, j], hit, rng)
        elif column.is_nominal:
            moved[hit, j] = (rows[hit, j] + rng.integers(1, column.choices, int(hit.sum()))) % column.choices
        else:
            places = rows[hit, j] + rng.choice([-1.0, 1.0], int(hit.sum()))
            moved[hit, j] = np.where(places < 0, 1, np.where(places >= column.choices, column.choices - 2, places))
    return moved


def _stepped(column: Column, before: Rows, after: Rows, hit: Mask, rng: np.random.Generator) -> Rows:
    """Return places of values that there are; a whole number that was to be changed changes by one at least.

    At an end of its range it stays there in half of the cases.
    """
    if not column.steps:
        return after
    snapped = column.snapped(after)
    stuck = hit & (np.abs(snapped - before) < 1e-12)
    if stuck.any():
        numbers = column.numbers(before[stuck]) + rng.choice([-1.0, 1.0], int(stuck.sum()))
        numbers = np.clip(numbers, column.domain.lower, column.domain.upper)
        snapped[stuck] = column.places_of(numbers)
    return snapped
