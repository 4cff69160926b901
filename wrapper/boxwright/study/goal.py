"""When an optimizer has done what it was asked for, before its runs are used up."""

from __future__ import annotations

from pathlib import Path

from boxwright.scenario import Scenario
from boxwright.store.config_records import ConfigRecord
from boxwright.terms import cost_of


class Goal:
    """Says whether a study is at its goal: an incumbent at least as good as ``optimizer.target``.

    In a noisy study its mean has to be, and one run alone is not enough.
    """

    def __init__(self, scenario: Scenario) -> None:
        """Take the goal of a scenario; a design has none: whoever wants its points wants all of them."""
        self._target = None if scenario.optimizer is None else scenario.optimizer.target
        self._objective = scenario.study.objective
        self._least_runs = 1
        if scenario.optimizer is not None and scenario.is_noisy:
            self._least_runs = min(2, scenario.optimizer.max_config_calls)

    def reached_by(self, best: ConfigRecord) -> bool:
        """Return whether the incumbent is as good as asked for."""
        if self._target is None or best.cost is None or best.runs < self._least_runs:
            return False
        return best.cost <= cost_of(self._target, self._objective.direction)

    def text(self, best: ConfigRecord) -> str:
        """Return in one line that this run reaches the target."""
        quality = f"{self._objective.metric} {best.quality:g}"
        return f"optimizer.target = {self._target:g} is reached by run {best.run} ({quality}): no new runs"

    def text_again(self, best: ConfigRecord, study: Path) -> str:
        """Return in one line why a study that is taken up has nothing to do, and how to go on."""
        return f"{self.text(best)}. To go on, ask for more: boxwright resume {study} --set optimizer.target=NUMBER"
