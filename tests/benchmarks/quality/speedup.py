"""How much sooner several workers reach the quality that the best other optimizer reaches one run after the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from quality.cache import Reference
from quality.cells import Record
from quality.peers import is_ours
from quality.score import FLOOR, draw_problems, families, ranks, scores
from quality.tables import table

_RESAMPLES = 500

_HEAD = (
    "workers",
    "optimizer",
    "runs",
    "courses",
    "reached",
    "median problem (at least)",
    "geometric mean (at most)",
    "of those reached",
    "mean log regret",
)


def speedups(records: Sequence[Record], measures: Mapping[str, Reference], budget: int) -> Iterator[str]:
    """Yield a table, a line for each optimizer, number of workers and of runs; nothing without others' records.

    One worker is told of ours alone: what is owed to the proposals, and not to the workers.

    The best other optimizer is the one with the lowest mean rank over all problems. The target of a problem is the
    median, over seeds, of its regret after ``budget`` sequential runs. A time is that from which on the median course
    over seeds stays at the target, over the same seeds for both; the speed-up of the problem is the ratio of the two.
    The problems are summed up thrice:

    - by their median. A target that is not reached counts as one that never will be, so that this is a lower bound;
    - by their geometric mean, where such a problem counts with the end of its last run: an upper bound;
    - by the mean logarithm of their regrets: the ratio of the times from which on it is as low as the other's
      last. What is lower than its target on one problem makes up for what is higher on another.

    Intervals (95 %) are of a bootstrap over families of problems, problems and seeds. Courses of more runs than
    ``budget`` reach more targets.
    """
    sequential = [record for record in records if record.cell.workers == 1 and record.cell.budget == budget]
    parallel = sorted(
        {
            (cell.workers, cell.peer, cell.budget)
            for cell in (record.cell for record in records)
            if cell.budget >= budget and (cell.workers > 1 or is_ours(cell.peer))
        }
    )
    base = _best_other(sequential, measures, budget)
    if base is None or not parallel:
        return
    yield f"## How much sooner is there what {base} has after {budget} sequential runs (virtual clock)"
    yield ""
    slow = [record for record in sequential if record.cell.peer == base]
    rows = []
    for which in parallel:
        workers, peer, runs = which
        own = [record for record in records if (record.cell.workers, record.cell.peer, record.cell.budget) == which]
        pairs = _pairs(slow, own, measures)
        if pairs:
            courses = sum(len(pair.own.regrets) for pair in pairs)
            rows.append([str(workers), peer, str(runs), str(courses), *_sums(pairs)])
    yield from table(_HEAD, rows)
    yield "0 as the end of an interval: not reached."
    yield ""


def _best_other(records: Sequence[Record], measures: Mapping[str, Reference], budget: int) -> str | None:
    found = scores([record for record in records if not is_ours(record.cell.peer)], measures, budget)
    if not found.blocks:
        return None
    return found.peers[int(np.argmin(ranks(found).mean(axis=0)))]


@dataclass(frozen=True)
class _Courses:
    """The courses of an optimizer on one problem.

    Attributes:
        moments: Of the virtual clock, all at which a run of any of the compared courses ends.
        regrets: Seeds × moments; infinite before the first success, and for a course that broke down.
    """

    moments: NDArray[np.float64]
    regrets: NDArray[np.float64]

    def median(self, seeds: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the regret of the median course over these seeds at each moment."""
        median: NDArray[np.float64] = np.median(self.regrets[seeds], axis=0)
        return median


@dataclass(frozen=True)
class _Pair:
    """Two optimizers on one problem, over the same seeds."""

    problem: str
    base: _Courses
    own: _Courses


def _pairs(base: Sequence[Record], own: Sequence[Record], measures: Mapping[str, Reference]) -> list[_Pair]:
    """Return the problems that both have courses of, and that the other has an answer on in the median."""
    found = [{(record.cell.problem, record.cell.seed): record for record in records} for records in (base, own)]
    blocks: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for block in sorted(found[0].keys() & found[1].keys()):
        blocks[block[0]].append(block)
    grids = [np.unique([end for record in records for end in record.ends]) for records in (base, own)]
    pairs = []
    for name, here in blocks.items():
        courses = [
            _Courses(grid, np.array([_regrets(by_block[block], measures[name], grid) for block in here]))
            for by_block, grid in zip(found, grids, strict=True)
        ]
        pair = _Pair(name, *courses)
        if grids[1].size and np.isfinite(pair.base.median(np.arange(len(here)))[-1]):
            pairs.append(pair)
    return pairs


def _regrets(record: Record, measure: Reference, moments: NDArray[np.float64]) -> NDArray[np.float64]:
    known = np.array([np.inf, *(np.inf if cost is None else measure.regret(cost) for cost in record.incumbent)])
    if record.error:
        known[:] = np.inf
    return known[np.searchsorted(record.ends, moments, side="right")]


@dataclass(frozen=True)
class _Sums:
    """What sums up the problems: ratios of times, 0 where a target is not reached."""

    reached: int
    median: float
    mean: float
    mean_reached: float
    together: float


def _sums(pairs: Sequence[_Pair]) -> Iterator[str]:
    """Yield the cells of one line."""
    rng = np.random.default_rng(0)
    all_of = _summed(pairs, [np.arange(len(pair.own.regrets)) for pair in pairs])
    groups = families([pair.problem for pair in pairs])
    resampled = []
    for _ in range(_RESAMPLES):
        drawn = [pairs[place] for place in draw_problems(groups, rng)]
        sizes = [len(pair.own.regrets) for pair in drawn]
        resampled.append(_summed(drawn, [rng.integers(size, size=size) for size in sizes]))
    yield f"{all_of.reached} of {len(pairs)}"
    yield _with_interval(all_of.median, [sums.median for sums in resampled])
    yield f"{all_of.mean:.2f}"
    yield f"{all_of.mean_reached:.2f}" if all_of.reached else "-"
    yield _with_interval(all_of.together, [sums.together for sums in resampled])


def _with_interval(value: float, resampled: Sequence[float]) -> str:
    low, high = np.percentile(resampled, [2.5, 97.5])
    return f"{value:.2f} [{low:.2f}, {high:.2f}]" if value else "not reached"


def _summed(pairs: Sequence[_Pair], seeds: Sequence[NDArray[np.intp]]) -> _Sums:
    slow = [pair.base.median(own) for pair, own in zip(pairs, seeds, strict=True)]
    fast = [pair.own.median(own) for pair, own in zip(pairs, seeds, strict=True)]
    slow_moments, fast_moments = pairs[0].base.moments, pairs[0].own.moments
    faster, there = np.empty(len(pairs)), np.empty(len(pairs), bool)
    for index, (base, own) in enumerate(zip(slow, fast, strict=True)):
        since = _since(own, base[-1], fast_moments)
        there[index] = since is not None
        began = _since(base, base[-1], slow_moments)
        assert began is not None
        faster[index] = began / (fast_moments[-1] if since is None else since)
    logs = [
        np.log(np.where(np.isfinite(found), found, 100.0) + FLOOR).mean(axis=0)
        for found in map(np.array, (slow, fast))
    ]
    began = _since(logs[0], logs[0][-1], slow_moments)
    since = _since(logs[1], logs[0][-1], fast_moments)
    assert began is not None
    return _Sums(
        reached=int(there.sum()),
        median=float(np.percentile(np.where(there, faster, 0.0), 50, method="lower")),
        mean=_geometric(faster),
        mean_reached=_geometric(faster[there]) if there.any() else 0.0,
        together=0.0 if since is None else began / since,
    )


def _since(course: NDArray[np.float64], target: float, moments: NDArray[np.float64]) -> float | None:
    """Return the moment from which on a course stays at the target; None if it is not there at its end.

    With noise, an incumbent may turn out to be worse than the one before it.
    """
    above = np.flatnonzero(course > target)
    first = above[-1] + 1 if above.size else 0
    return float(moments[first]) if first < len(moments) else None


def _geometric(ratios: NDArray[np.float64]) -> float:
    return float(np.exp(np.log(ratios).mean()))
