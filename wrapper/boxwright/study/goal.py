"""When an optimizer has done what it was asked for, before its runs are used up."""

from __future__ import annotations

from pathlib import Path

from boxwright.scenario import Scenario
from boxwright.store.records import RunRecord
from boxwright.terms import cost_of


class Goal:
    """Says whether a study is at its goal: a run at least as good as ``optimizer.target``."""

    def __init__(self, scenario: Scenario) -> None:
        """Take the goal of a scenario; a design has none: whoever wants its points wants all of them."""
        self._target = None if scenario.optimizer is None else scenario.optimizer.target
        self._objective = scenario.study.objective

    def reached_by(self, record: RunRecord | None) -> bool:
        """Return whether a run, the incumbent or one that has just ended, is as good as asked for."""
        if self._target is None or record is None or record.cost is None:
            return False
        return record.cost <= cost_of(self._target, self._objective.direction)

    def text(self, record: RunRecord) -> str:
        """Return in one line that this run reaches the target."""
        quality = f"{self._objective.metric} {record.quality:g}"
        return f"optimizer.target = {self._target:g} is reached by run {record.run} ({quality}): no new runs"

    def text_again(self, record: RunRecord, study: Path) -> str:
        """Return in one line why a study that is taken up has nothing to do, and how to go on."""
        return f"{self.text(record)}. To go on, ask for more: boxwright resume {study} --set optimizer.target=NUMBER"
