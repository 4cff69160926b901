"""From records to figures: normalised regret, mean ranks with intervals, ratios, CPU seconds."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from quality.cache import Reference
from quality.cells import Record
from quality.problem import Klass
from scipy.stats import rankdata

BUDGETS = (25, 50, 100)
RESAMPLES = 2000
_TIE = 1e-7
"""Regrets, in hundredths of a median random point, closer than this are one: the optimum is hit up to rounding."""

FLOOR = 0.1
"""Added to regrets before a ratio is taken: a thousandth of a random point's is as good as the optimum."""


@dataclass(frozen=True)
class Scores:
    """Regrets at one number of runs.

    Attributes:
        peers: The optimizers, in the order of the columns.
        blocks: Problem and seed of each row; only those that every optimizer was carried out on.
        klasses: Of each row.
        regrets: Rows × columns; a cell that failed has the regret of its last incumbent, at least 100.
    """

    peers: tuple[str, ...]
    blocks: tuple[tuple[str, int], ...]
    klasses: tuple[Klass, ...]
    regrets: NDArray[np.float64]

    def of_klass(self, klass: Klass) -> NDArray[np.float64]:
        """Return the rows of one class."""
        return self.regrets[[index for index, own in enumerate(self.klasses) if own is klass]]


def scores(records: Sequence[Record], measures: Mapping[str, Reference], runs: int) -> Scores:
    """Return the regrets after so many runs."""
    by_block: defaultdict[tuple[str, int], dict[str, Record]] = defaultdict(dict)
    for record in records:
        by_block[record.cell.problem, record.cell.seed][record.cell.peer] = record
    peers = tuple(dict.fromkeys(record.cell.peer for record in records))
    blocks = sorted(block for block, found in by_block.items() if len(found) == len(peers))
    regrets = [[_regret(by_block[b][peer], measures[b[0]], runs) for peer in peers] for b in blocks]
    klasses = tuple(by_block[block][peers[0]].klass for block in blocks)
    return Scores(peers, tuple(blocks), klasses, np.array(regrets).reshape(len(blocks), len(peers)))


def _regret(record: Record, measure: Reference, runs: int) -> float:
    regret = measure.regret(record.cost_after(runs))
    return max(100.0, regret) if record.error else regret


def with_seen(measures: Mapping[str, Reference], records: Sequence[Record]) -> dict[str, Reference]:
    """Return the measures with the lowest costs of these records, where they are lower."""
    lowest: dict[str, float] = {}
    for record in records:
        costs = [cost for cost in record.incumbent if cost is not None]
        name = record.cell.problem
        lowest[name] = min([lowest.get(name, measures[name].best), *costs])
    return {
        name: Reference(min(measure.best, lowest.get(name, measure.best)), measure.median, measure.drawn_best)
        for name, measure in measures.items()
    }


def ranks(found: Scores) -> NDArray[np.float64]:
    """Return the rank of each optimizer in each block, 1 the best; equal ones share the mean of theirs."""
    if not found.blocks:
        return np.empty((0, len(found.peers)))
    rounded = np.round(found.regrets / _TIE) * _TIE
    ranked: NDArray[np.float64] = rankdata(rounded, axis=1)
    return ranked


def mean_with_interval(
    values: NDArray[np.float64], problems: Sequence[str], seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean of each column and the ends of its 95 % bootstrap interval.

    Families are drawn with replacement, then problems within each, then seeds: neither the seeds of one problem nor
    one function in two, five and ten dimensions are independent witnesses of what will happen on another one.
    """
    rng = np.random.default_rng(seed)
    names = list(dict.fromkeys(problems))
    of = [np.flatnonzero([name == own for own in problems]) for name in names]
    groups = families(names)
    means = np.empty((RESAMPLES, values.shape[1]))
    for resample in range(RESAMPLES):
        picked = [of[index] for index in draw_problems(groups, rng)]
        means[resample] = values[np.concatenate([rng.choice(own, len(own)) for own in picked])].mean(axis=0)
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    return values.mean(axis=0), low, high


def families(problems: Sequence[str]) -> list[list[int]]:
    """Return the places of the problems of each family."""
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(problems):
        groups[family(name)].append(place)
    return list(groups.values())


def draw_problems(groups: Sequence[Sequence[int]], rng: np.random.Generator) -> list[int]:
    """Return the places of as many families as there are, drawn with replacement, and of problems within each."""
    drawn = [groups[index] for index in rng.integers(len(groups), size=len(groups))]
    return [group[index] for group in drawn for index in rng.integers(len(group), size=len(group))]


def family(problem: str) -> str:
    """Return what a problem shares with its likes: ``f06`` of ``bbob-fail/f06-i11-d05``, ``nested`` of a landscape.

    A BBOB function is one family in all its dimensions, instances and suites, and likewise the space of landscapes.
    """
    return re.sub(r"-i\d+-d\d+$|-wavy$", "", problem.partition("/")[2]) if "/" in problem else problem


def cpu_s_at(records: Sequence[Record], peer: str, runs: int) -> float | None:
    """Return the median CPU seconds of an optimizer's ask around its so-many-th run; None if none went so far.

    Ten asks are taken together, since some optimizers fit their model at every eighth ask only.
    """
    means = [
        float(np.mean(record.ask_s[max(0, runs - 10) : runs]))
        for record in records
        if record.cell.peer == peer and len(record.ask_s) >= runs
    ]
    return float(np.median(means)) if means else None
