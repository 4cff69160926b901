"""How the incumbent came: one step each time that another configuration took its place.

In a noisy study, an incumbent may be replaced because further runs of it were worse, so each step is found anew from
all runs until then. That takes the longer the more configurations there are, so it is done at most at ``_LOOKS``
evenly spaced runs, fewer in a large study; the last of them is the last run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from boxwright.store.config_records import ConfigRecord, ConfigRecords
from boxwright.store.records import RunRecord
from boxwright.terms import Status, Value

_LOOKS = 200
_WORK = 500_000
"""Configurations looked at in all, about a second's worth."""


@dataclass(frozen=True, slots=True)
class Step:
    """An incumbent.

    Attributes:
        settled: How many trials were settled when it became so.
        run: Its (first) run.
        ended: When the run that made it so was over, in UNIX seconds.
        quality: Its quality, or the mean of its runs until then.
        standard_error: Of that mean; None for a single run.
        repeats: How many runs of it there were.
        config: Its configuration.
    """

    settled: int
    run: int
    ended: float | None
    quality: float
    standard_error: float | None
    repeats: int
    config: Mapping[str, Value]


def trajectory(records: Iterable[RunRecord], *, noisy: bool, least_runs: int = 1) -> list[Step]:
    """Return the incumbents in their order.

    Args:
        records: Runs in the order of their ends; those that do not settle their trials are passed over.
        noisy: Whether the study is.
        least_runs: Of how many runs an evaluation consists; see ``ConfigRecords``.
    """
    counting = (record for record in records if record.settles)
    return _looked_at(list(counting), least_runs) if noisy else _improvements(counting)


def _improvements(records: Iterable[RunRecord]) -> list[Step]:
    steps: list[Step] = []
    best = float("inf")
    for settled, record in enumerate(records, start=1):
        counts = record.status in (Status.SUCCESS, Status.TIMEOUT)  # a crash may have a cost, but is no answer
        if counts and record.cost is not None and record.cost < best:
            best = record.cost
            steps.append(_step(settled, record, ConfigRecord(record)))
    return steps


def _looked_at(records: list[RunRecord], least_runs: int) -> list[Step]:
    configs = ConfigRecords(least_runs=least_runs)
    looks = max(10, min(_LOOKS, _WORK // max(1, len(records))))
    due = {round((look + 1) * len(records) / looks) for look in range(looks)}
    steps: list[Step] = []
    for settled, record in enumerate(records, start=1):
        configs.add(record)
        if settled not in due:
            continue
        best = configs.best()
        if best is None or (best.runs < least_runs and settled < len(records)):
            continue  # a mean over some of the instances tells nothing beside one over all
        step = _step(settled, record, best)
        if not steps or (step.run, step.quality) != (steps[-1].run, steps[-1].quality):
            steps.append(step)
    return steps


def _step(settled: int, record: RunRecord, best: ConfigRecord) -> Step:
    assert best.quality is not None
    return Step(settled, best.run, record.ended, best.quality, best.standard_error, best.runs, dict(best.config))
