"""How much sooner several workers reach the quality that the best other optimizer reaches one run after the other."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from quality.cache import Reference
from quality.cells import Record
from quality.peers import is_ours
from quality.score import mean_with_interval, ranks, scores


def speedups(records: Sequence[Record], measures: Mapping[str, Reference], budget: int) -> Iterator[str]:
    """Yield one line for each optimizer, number of workers and of runs; nothing without sequential records of others.

    One worker is told of ours alone: what is owed to the proposals, and not to the workers.

    The target of a problem is the median, over seeds, of the best other optimizer's cost after ``budget`` sequential
    runs. A time is that at which the median course first reaches the target; the speed-up of the problem is the ratio
    of the two times, and their geometric mean is told. Courses that never get there count with the end of their last
    run, so that the mean is an upper bound; how many they are is told as well. Courses of more runs than ``budget``
    get there more often.
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
    yield f"## Time to the quality that {base} reaches in {budget} sequential runs (virtual clock)"
    yield ""
    by_problem = _grouped(record for record in sequential if record.cell.peer == base)
    for which in parallel:
        workers, peer, runs = which
        own = _grouped(r for r in records if (r.cell.workers, r.cell.peer, r.cell.budget) == which)
        common = own.keys() & by_problem.keys()
        pairs = [_times(by_problem[name], own[name]) for name in sorted(common)]
        if pairs:
            there = [(slow, fast) for slow, fast, reached in pairs if reached]
            who = f"{peer}, {workers} worker{'s' if workers > 1 else ''}, {runs} runs"
            over = f"over {len(pairs)} problems, {len(pairs) - len(there)} of them not reached"
            alone = f" (those reached: {_times_faster(there):.2f})" if 0 < len(there) < len(pairs) else ""
            yield f"{who}: {_times_faster([pair[:2] for pair in pairs]):.2f} times faster {over}{alone}"
    yield ""


def _times_faster(pairs: Sequence[tuple[float, float]]) -> float:
    return math.exp(float(np.mean([math.log(slow / fast) for slow, fast in pairs])))


def _best_other(records: Sequence[Record], measures: Mapping[str, Reference], budget: int) -> str | None:
    found = scores([record for record in records if not is_ours(record.cell.peer)], measures, budget)
    if not found.blocks:
        return None
    mean, _, _ = mean_with_interval(ranks(found), [name for name, _ in found.blocks])
    return found.peers[int(np.argmin(mean))]


def _grouped(records: Iterator[Record]) -> dict[str, list[Record]]:
    by_problem: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record.incumbent:
            by_problem[record.cell.problem].append(record)
    return dict(by_problem)


def _times(base: Sequence[Record], own: Sequence[Record]) -> tuple[float, float, bool]:
    target = float(np.median([_cost(record, math.inf) for record in base]))
    slow, _ = _reaches(base, target)
    fast, reached = _reaches(own, target)
    return slow, fast, reached


def _reaches(records: Sequence[Record], target: float) -> tuple[float, bool]:
    """Return when the median course over seeds is at the target, and whether it ever is."""
    moments = sorted({end for record in records for end in record.ends})
    for moment in moments:
        if float(np.median([_cost(record, moment) for record in records])) <= target:
            return moment, True
    return moments[-1], False


def _cost(record: Record, moment: float) -> float:
    """Return the incumbent's cost at a moment of the virtual clock."""
    ended = int(np.searchsorted(record.ends, moment, side="right"))
    cost = record.incumbent[ended - 1] if ended else None
    return math.inf if cost is None else cost
