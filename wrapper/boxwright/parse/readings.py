"""Gathers the metrics of one run from all its sources and keeps what is wrong with them.

The rule: whatever is wrong about the objective is a crash; whatever is wrong about another metric leaves that
metric out and is noted, for a run that trained for a night is not thrown away for a column that is only shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from boxwright.parse.logs import quoted
from boxwright.scenario.check import LONGEST_METRIC

MOST_METRICS = 1000
"""A run that names more is broken or hostile; each metric is a cell in the store."""

LONGEST_NAME = LONGEST_METRIC
_MOST_NOTES = 3
_SEVERAL = "several"  # differs from every source, so that the conflict stays whatever follows


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of one metric.

    Attributes:
        value: Finite; None if it cannot be used, for the reason given as problem.
        source: Which kind of source gave it: a metric must come from one.
        where: File and line.
    """

    value: float | None
    source: str
    where: str
    problem: str = ""


@dataclass(slots=True)
class Readings:
    """The metrics of one run, by name, with the refused lines.

    Attributes:
        objective: Name of the metric that drives the study; it always finds room.
        duplicates: ``error``: a name given twice by one source cannot be used; ``last``: the last one counts.
        refused: The first lines that hold no metric although they should, each with file, line and reason.
        searched: Where metrics were looked for, in words, to be named when one is missing.
    """

    objective: str
    duplicates: Literal["error", "last"]
    by_name: dict[str, Reading] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    refused_count: int = 0
    searched: list[str] = field(default_factory=list)

    def give(self, name: str, value: float | None, *, source: str, where: str, problem: str = "") -> None:
        """Take one metric up; value is None where there is a problem."""
        if len(name) > LONGEST_NAME or not name.isprintable() or not name:
            self.refuse(f"{where}: {quoted(name)} is no name of a metric: 1 to {LONGEST_NAME} printable characters")
            return
        before = self.by_name.get(name)
        if before is None:
            if len(self.by_name) >= MOST_METRICS and name != self.objective:
                self.refuse(f"{where}: more than {MOST_METRICS} metrics; {quoted(name)} was left out")
                return
        elif before.source != source:
            value, source = None, _SEVERAL
            problem = f"{quoted(name)} is given by {before.where} and by {where}; read it from one source"
        elif self.duplicates == "error":
            value, problem = None, f"{quoted(name)} is given twice ({before.where}, {where}); a run gives it once"
        self.by_name[name] = Reading(value, source, before.where if before and source == _SEVERAL else where, problem)

    def refuse(self, reason: str) -> None:
        """Note a line or file that could not be used."""
        self.refused_count += 1
        if len(self.refused) < _MOST_NOTES:
            self.refused.append(reason)

    def metrics(self) -> dict[str, float]:
        """Return every metric that can be used."""
        return {name: reading.value for name, reading in self.by_name.items() if reading.value is not None}

    def problem(self) -> str:
        """Return why the objective that was found cannot be used; empty if it can, or was not found."""
        reading = self.by_name.get(self.objective)
        return reading.problem if reading else ""

    def notes(self) -> list[str]:
        """Return, in a few texts, which metrics other than the objective, and which lines, were left out and why."""
        notes = [r.problem for name, r in self.by_name.items() if r.problem and name != self.objective]
        count = len(notes) + self.refused_count
        notes = (notes + self.refused)[:_MOST_NOTES]
        return [*notes, f"and {count - len(notes)} more"] if count > len(notes) else notes
