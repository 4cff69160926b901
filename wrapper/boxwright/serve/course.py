"""How the incumbent came in a study where each configuration counts once: found in columns, not run by run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from boxwright.report.charts import ChartData
from boxwright.report.trajectory import Step
from boxwright.store.records import RunRecord


def improvements(data: ChartData, records: Callable[[Sequence[int]], list[RunRecord]]) -> list[Step]:
    """Return the incumbents in their order, as ``trajectory`` does.

    Args:
        data: The runs.
        records: Returns runs by their numbers.
    """
    rows = data.answered
    if not len(rows):
        return []
    costs = data.fields["cost"][rows]
    best = np.minimum.accumulate(costs)
    better = rows[np.flatnonzero(np.concatenate([[True], best[1:] < best[:-1]]))]
    settled = np.cumsum(data.settles)
    numbers = data.fields["run"][better].astype(int).tolist()
    at = dict(zip(numbers, settled[better].tolist(), strict=True))
    return [
        Step(at[record.run], record.run, record.ended, record.quality, None, 1, dict(record.config))
        for record in records(numbers)
        if record.quality is not None
    ]
