"""How much sooner several workers reach the quality that the best other optimizer reaches one run after the other."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from quality.cache import Reference
from quality.cells import Record
from quality.peers import is_ours
from quality.score import FLOOR, RESAMPLES, draw_problems, mean_with_interval, ranks, scores
from quality.tables import table

_Courses: TypeAlias = "dict[str, list[Record]]"
"""The courses of each problem, one for each seed."""


def speedups(records: Sequence[Record], measures: Mapping[str, Reference], budget: int) -> Iterator[str]:
    """Yield a table, a line for each optimizer, number of workers and of runs; nothing without others' records.

    One worker is told of ours alone: what is owed to the proposals, and not to the workers.

    The target of a problem is the median, over seeds, of the best other optimizer's cost after ``budget`` sequential
    runs. A time is that at which the median course first reaches the target; the speed-up of the problem is the ratio
    of the two times. Three figures sum them up:

    - their median, with a bootstrap interval over problems. A target that is not reached counts as one that never
      will be, so that it is a lower bound;
    - their geometric mean, where a problem that is not reached counts with the end of its last run, so that the mean
      is an upper bound; and that of those reached alone;
    - all problems together: the ratio of the times at which the geometric mean of all problems' regrets reaches the
      other's last one.

    Courses of more runs than ``budget`` reach more targets.
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
    yield f"## How much sooner the quality is reached that {base} reaches in {budget} sequential runs (virtual clock)"
    yield ""
    by_problem = _grouped(record for record in sequential if record.cell.peer == base)
    rows = []
    for which in parallel:
        workers, peer, runs = which
        own = _grouped(r for r in records if (r.cell.workers, r.cell.peer, r.cell.budget) == which)
        common = sorted(own.keys() & by_problem.keys())
        if common:
            bases, courses = ({name: found[name] for name in common} for found in (by_problem, own))
            rows.append([str(workers), peer, str(runs), *_sums(bases, courses, measures)])
    yield from table(
        [
            "workers",
            "optimizer",
            "runs",
            "median (at least)",
            "geometric mean (at most)",
            "of those reached",
            "reached",
            "all together",
        ],
        rows,
    )


def _sums(base: _Courses, own: _Courses, measures: Mapping[str, Reference]) -> Iterator[str]:
    """Yield what sums up the speed-ups of the same problems."""
    found = [_times(base[name], own[name]) for name in own]
    faster = np.array([slow / fast for slow, fast, _ in found])
    there = np.array([reached for _, _, reached in found])
    yield _median(np.where(there, faster, 0.0), list(own))
    yield f"{_geometric(faster):.2f}"
    yield f"{_geometric(faster[there]):.2f}" if there.any() else "-"
    yield f"{there.sum()} of {len(there)}"
    together = _together(base, own, measures)
    yield "not reached" if together is None else f"{together:.2f}"


def _median(faster: NDArray[np.float64], problems: Sequence[str]) -> str:
    """Return the median, the lower one of two, with its 95 % interval; 0 stands for a target that is not reached."""
    rng = np.random.default_rng(0)
    drawn = [_lower_median(faster[draw_problems(problems, rng)]) for _ in range(RESAMPLES)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    middle = _lower_median(faster)
    return f"{middle:.2f} [{low:.2f}, {high:.2f}]" if middle else "not reached"


def _lower_median(values: NDArray[np.float64]) -> float:
    return float(np.percentile(values, 50, method="lower"))


def _geometric(ratios: NDArray[np.float64]) -> float:
    return float(np.exp(np.log(ratios).mean()))


def _together(base: _Courses, own: _Courses, measures: Mapping[str, Reference]) -> float | None:
    """Return how much sooner the mean logarithm of all regrets is at the other's last one; None if it never is."""
    target = _level(base, measures, math.inf)
    slow, fast = (
        next((moment for moment in _moments(found) if _level(found, measures, moment) <= target), None)
        for found in (base, own)
    )
    return None if slow is None or fast is None else slow / fast


def _level(found: _Courses, measures: Mapping[str, Reference], moment: float) -> float:
    """Return the mean logarithm of the median courses' regrets at a moment; no cost yet counts as a median point."""
    costs = {name: _median_cost(records, moment) for name, records in found.items()}
    regrets = [measures[name].regret(cost if math.isfinite(cost) else None) for name, cost in costs.items()]
    return float(np.mean(np.log(np.array(regrets) + FLOOR)))


def _moments(found: _Courses) -> list[float]:
    return sorted({end for records in found.values() for record in records for end in record.ends})


def _best_other(records: Sequence[Record], measures: Mapping[str, Reference], budget: int) -> str | None:
    found = scores([record for record in records if not is_ours(record.cell.peer)], measures, budget)
    if not found.blocks:
        return None
    mean, _, _ = mean_with_interval(ranks(found), [name for name, _ in found.blocks])
    return found.peers[int(np.argmin(mean))]


def _grouped(records: Iterator[Record]) -> _Courses:
    by_problem: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record.incumbent:
            by_problem[record.cell.problem].append(record)
    return dict(by_problem)


def _times(base: Sequence[Record], own: Sequence[Record]) -> tuple[float, float, bool]:
    target = _median_cost(base, math.inf)
    slow, _ = _reaches(base, target)
    fast, reached = _reaches(own, target)
    return slow, fast, reached


def _reaches(records: Sequence[Record], target: float) -> tuple[float, bool]:
    """Return when the median course over seeds is at the target, and whether it ever is."""
    moments = sorted({end for record in records for end in record.ends})
    for moment in moments:
        if _median_cost(records, moment) <= target:
            return moment, True
    return moments[-1], False


def _median_cost(records: Sequence[Record], moment: float) -> float:
    return float(np.median([_cost(record, moment) for record in records]))


def _cost(record: Record, moment: float) -> float:
    """Return the incumbent's cost at a moment of the virtual clock."""
    ended = int(np.searchsorted(record.ends, moment, side="right"))
    cost = record.incumbent[ended - 1] if ended else None
    return math.inf if cost is None else cost
