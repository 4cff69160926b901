"""When an optimizer has done what it was asked for, before its runs are used up."""

from __future__ import annotations

from pathlib import Path

from boxwright.propose.base import Proposal
from boxwright.scenario import Scenario
from boxwright.store.config_records import ConfigRecord
from boxwright.terms import cost_of

GIVEN_UP = "given_up"
"""Under this key the database has the mark of a study that was given up."""

LEAST_PATIENCE = 5
"""One proposal that promises little may be the model's mistake."""


class Goal:
    """Says whether a study is at its goal: an incumbent at least as good as the target, or no gain worth a run.

    In a noisy study the incumbent's mean has to be as good, and one run alone is not enough.

    A design has no goal: whoever wants its points wants all of them.
    """

    def __init__(self, scenario: Scenario, slots: int) -> None:
        """Take the goal of a scenario; as many proposals as there are slots may rest on the same runs."""
        optimizer = scenario.optimizer
        self._target = None if optimizer is None else optimizer.target
        self._least = None if optimizer is None else optimizer.min_improvement
        patience = None if optimizer is None else optimizer.patience
        self._patience = max(slots, LEAST_PATIENCE) if patience is None else patience
        self._objective = scenario.study.objective
        self._least_runs = 1
        if scenario.optimizer is not None and scenario.is_noisy:
            self._least_runs = min(2, scenario.optimizer.max_config_calls)
        self._least_runs *= max(1, len(scenario.instances.rows))
        self._in_a_row = 0

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

    def given_up_with(self, proposal: Proposal) -> bool:
        """Return whether this proposal is the last of too many in a row that promise too little.

        One without an estimate (drawn at random, of the initial design, of a kind that has none) neither counts nor
        ends the row.
        """
        if self._least is None or proposal.expected_improvement is None:
            return False
        self._in_a_row = self._in_a_row + 1 if proposal.expected_improvement < self._least else 0
        return self._in_a_row >= self._patience

    def text_of_giving_up(self) -> str:
        """Return in one line that too little is to be gained."""
        proposals = "the last proposal" if self._patience == 1 else f"each of the last {self._patience} proposals"
        return f"{proposals} promised less than optimizer.min_improvement = {self._least:g}: no new runs"

    def text_given_up_again(self, study: Path) -> str:
        """Return in one line why a study that is taken up has nothing to do, and how to go on."""
        return (
            f"{self.text_of_giving_up()}. To go on, be content with less: boxwright resume {study} "
            "--set optimizer.min_improvement=NUMBER"
        )

    def mark(self, trials: int) -> str:
        """Return what a study that was given up is known by: with the same trials it is not gone on with."""
        return "" if self._least is None else f"{self._least!r} {self._patience} {trials}"
