"""Notices that a study fails from its first run on, so that not the whole budget is spent on one mistake."""

from __future__ import annotations

import re
from pathlib import Path

from boxwright.store.records import RunRecord
from boxwright.terms import Status

_NUMBER = re.compile(r"(?<!\d)(?<!exit code )\d+")  # run folders, times and parameter values differ from run to run


class FirstFailures:
    """Counts settled runs until the first one that has not crashed, or has crashed for another reason."""

    def __init__(self, limit: int) -> None:
        """Take so many crashes for one reason, 0 for any number."""
        self._limit = limit
        self._count = 0
        self._reason = ""

    def switch_off(self) -> None:
        """Count no more: the study has had answers, so a crash is the configuration's."""
        self._limit = 0

    def reached_by(self, record: RunRecord) -> bool:
        """Count a settled run; return whether it is the last of too many."""
        reason = _NUMBER.sub("#", record.reason)
        if record.status is not Status.CRASHED or (self._count and reason != self._reason):
            self.switch_off()
        self._reason = reason
        self._count += 1
        return self._count == self._limit

    def text(self, record: RunRecord, study: Path) -> str:
        """Return in one line what is the matter and how to go on."""
        runs = "the first run has crashed" if self._limit == 1 else f"the first {self._limit} runs crashed alike"
        return (
            f"{runs}, so no new one is started: {record.reason}. Mend that, then: boxwright resume {study} "
            f"--retry crashed (limits.first_failures = {self._limit}; 0 never stops)"
        )
