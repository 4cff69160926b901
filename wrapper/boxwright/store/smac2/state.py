"""The text of the files in ``state-runN``: each run, and each configuration as texts and as numbers."""

from __future__ import annotations

from boxwright.errors import one_line
from boxwright.materialise.values import java_double
from boxwright.store.smac2.encoding import Encoded
from boxwright.store.smac2.told import CODES, Facts, ToldRun

COLUMNS = (
    "Run Number",
    "Run History Configuration ID",
    "Instance ID",
    "Response Value (y)",
    "Censored?",
    "Cutoff Time Used",
    "Seed",
    "Runtime",
    "Run Length",
    "Run Result Code",
    "Run Quality",
    "SMAC Iteration",
    "SMAC Cumulative Runtime",
    "Run Result",
    "Additional Algorithm Run Data",
    "Wall Clock Time",
)
HEAD = ",".join(COLUMNS) + ",\n"


class StateText:
    """Makes the lines of one state, in order.

    Attributes:
        runs: How many runs there are so far, which is the iteration, too.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._instances = {instance.name: number for number, instance in enumerate(facts.instances, start=1)}
        self._cumulative_s = 0.0
        self.runs = 0

    def row(self, run: ToldRun, config_id: int) -> str:
        """Return the line of the next run in ``runs_and_results``."""
        self.runs += 1
        self._cumulative_s += run.runtime_s
        cells = (
            str(self.runs),
            str(config_id),
            str(self._instances[run.instance]),
            java_double(self._facts.response(run)),
            "1" if run.is_censored(self._facts.cutoff_s) else "0",
            java_double(run.cutoff_s),
            str(run.seed),
            java_double(run.runtime_s),
            java_double(run.length),
            str(CODES[run.status]),
            java_double(run.quality),
            str(self.runs),
            java_double(self._cumulative_s),
            run.status,
            _cell(run.additional),
            java_double(run.wall_s),
        )
        return ",".join(cells) + ",\n"


def paramstring(config_id: int, encoded: Encoded) -> str:
    """Return the line of a configuration in ``paramstrings``."""
    return f"{config_id}:{encoded.state_text}\n"


def uniq_configuration(config_id: int, encoded: Encoded) -> str:
    """Return the line of a configuration in ``uniq_configurations``."""
    return f"{config_id},{encoded.array}\n"


def _cell(text: str) -> str:
    """Return a text as one cell of a file whose cells are never quoted."""
    return one_line(text).replace(",", ";").replace('"', "'")
