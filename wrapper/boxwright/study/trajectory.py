"""The incumbents of a study, from the first to the last, with the moments at which they became it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from boxwright.scenario.validation import Validation
from boxwright.store.config_records import ConfigRecord
from boxwright.store.database import Store
from boxwright.study.best import Best
from boxwright.terms import config_key

_FIRST_MOMENT_S = 0.01  # SMAC v2's: a geometric row never comes to 0


@dataclass(frozen=True, slots=True)
class Entry:
    """An incumbent.

    Attributes:
        best: What it was known by at that moment.
        after_s: Seconds from the start of the study's first run.
    """

    best: ConfigRecord
    after_s: float


def trajectory(store: Store) -> list[Entry]:
    """Return the incumbents in the order in which they became it; one that comes again stands again."""
    best = Best(noisy=store.is_noisy, least_runs=store.least_runs)
    records = [record for record in store.finished_runs() if record.settles]
    begin = min((record.started for record in store.runs() if record.started is not None), default=0.0)
    entries: list[Entry] = []
    for record in records:
        best.hear(record)
        found = best.incumbent
        if found is None or (entries and config_key(entries[-1].best.config) == config_key(found.config)):
            continue
        entries.append(Entry(found, max(0.0, (record.ended or begin) - begin)))
    return entries


def chosen_moments(after_s: Sequence[float], settings: Validation, end_s: float) -> list[tuple[float, int]]:
    """Return which incumbents are to be validated, and as those of which moments, in the order of time.

    Args:
        after_s: When each became it, seconds from the start, in order.
        settings: Which of them; ``times`` is SMAC v2's rule.
        end_s: When the last run ended.

    Returns:
        Seconds from the start, and the incumbent's place from 0; one may stand for several moments.
    """
    last = len(after_s) - 1
    if settings.incumbents == "last":
        return [(end_s, last)] if after_s else []
    if settings.incumbents == "all":
        return [(moment_s, index) for index, moment_s in enumerate(after_s)]
    found: list[tuple[float, int]] = []
    moment_s = end_s if settings.until_s is None else settings.until_s
    while moment_s > settings.from_s:
        index = max((index for index, each_s in enumerate(after_s) if each_s <= moment_s), default=None)
        if index is None:
            break
        found.append((moment_s, index))
        if moment_s < _FIRST_MOMENT_S:
            break
        moment_s /= settings.factor
    return found[::-1]
