"""What a study has spent so far of what all its runs together may: running time, and crashes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from boxwright.scenario.model import Limits
from boxwright.store.records import RunRecord
from boxwright.terms import Status


class Spent:
    """Adds up the runs that settle a trial: a crash that is tried again costs nothing (SMAC v2's rule)."""

    def __init__(self, limits: Limits) -> None:
        """Take ``runtime_s`` and ``crashes`` of a scenario."""
        self._most_s = limits.runtime_s
        self._most_crashes = limits.crashes
        self._crashes = 0
        self._spent_s = 0.0

    def take_up(self, records: Iterable[RunRecord]) -> None:
        """Begin with the running time of earlier runs; crashes of a study that is taken up again are forgiven."""
        if self._most_s is not None:
            self._spent_s = sum(record.charged_s for record in records)

    def hear(self, record: RunRecord) -> None:
        """Take in a run that settles its trial."""
        self._spent_s += record.charged_s
        self._crashes += record.status is Status.CRASHED

    def text(self, study: Path) -> str:
        """Return in one line which limit is reached and how to go on; empty while none is."""
        if self._most_s is not None and self._spent_s >= self._most_s:
            return f"limits.runtime_s = {self._most_s:g} is used up: no new runs, waiting for those under way"
        if self._most_crashes and self._crashes >= self._most_crashes:
            return (
                f"limits.crashes = {self._most_crashes} is reached, so no new run is started. Mend that, then: "
                f"boxwright resume {study} --retry crashed"
            )
        return ""
