"""The incumbents of one optimizer seed over time, as ``traj-run-N.txt`` and ``detailed-traj-run-N.csv`` tell them.

A configuration becomes the incumbent if its mean cost is lower and it has as many runs as the incumbent (ParamILS,
Hutter et al. 2009, JAIR 36, section 3.2), none of which has failed. Where there are several instances, one that has
not run on all of them does not count.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from sys import float_info

from boxwright.materialise.values import java_double
from boxwright.store.records import RunRecord
from boxwright.store.smac2.encoding import Encoded
from boxwright.terms import Status

_NAMES = (
    "CPU Time Used",
    "Estimated Training Performance",
    "Wallclock Time",
    "Incumbent ID",
    "Automatic Configurator (CPU) Time",
)
HEAD = ",".join(f'"{name}"' for name in (*_NAMES, "Configuration...")) + "\n"
DETAILED_HEAD = ",".join(f'"{name}"' for name in (*_NAMES, "Full Configuration", "Predicted Performance")) + "\n"
_ANSWERS = (Status.SUCCESS, Status.TIMEOUT)


@dataclass(slots=True)
class _Costs:
    runs: int = 0
    total: float = 0.0
    failed: bool = False

    @property
    def mean(self) -> float:
        return self.total / self.runs if self.runs and not self.failed else math.inf


@dataclass(frozen=True, slots=True)
class Row:
    """One row of both files."""

    cpu_s: float
    performance: float
    wall_s: float
    incumbent: int
    configuration: str

    @property
    def text(self) -> str:
        """Return it as a line of ``traj-run-N.txt``."""
        return f"{', '.join(self._cells)}, {self.configuration}\n"

    @property
    def detailed(self) -> str:
        """Return it as a line of ``detailed-traj-run-N.csv``."""
        cells = (*self._cells, self.configuration.strip(), "NaN")
        return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"

    @property
    def _cells(self) -> tuple[str, ...]:
        numbers = (self.cpu_s, self.performance, self.wall_s)
        return (*map(java_double, numbers), str(self.incumbent), "0.0")


class Trajectory:
    """Follows the incumbent of one optimizer seed.

    Args:
        created: When the study was begun, UNIX seconds.
        least_runs: Of how many runs an evaluation of a configuration consists.
    """

    def __init__(self, created: float, least_runs: int) -> None:
        self._created = created
        self._least_runs = least_runs
        self._costs: dict[int, _Costs] = {}
        self._cpu_s = 0.0
        self._wall_s = 0.0
        self._last: Row | None = None

    def hear(self, record: RunRecord, config_id: int, encoded: Encoded) -> list[Row]:
        """Take in a run; return the rows that it makes: before the first run one of the configuration begun with."""
        rows = [] if self._costs else [Row(0.0, float_info.max, 0.0, config_id, encoded.state_text)]
        self._cpu_s += record.charged_s
        self._wall_s = max(self._wall_s, self._wall(record.ended))
        costs = self._costs.setdefault(config_id, _Costs())
        if record.status in _ANSWERS and record.cost is not None:
            costs.runs, costs.total = costs.runs + 1, costs.total + record.cost
        else:
            costs.failed = True
        if self._is_incumbent(config_id, costs):
            row = Row(self._cpu_s, costs.mean, self._wall_s, config_id, encoded.state_text)
            if self._last is None or (row.incumbent, row.performance) != (
                self._last.incumbent,
                self._last.performance,
            ):
                rows.append(row)
                self._last = row
        return rows

    def end(self, ended: float | None = None) -> list[Row]:
        """Return the final row: the last incumbent at the end's time, UNIX seconds; None is that of the last run."""
        if self._last is None:
            return []
        wall_s = max(self._wall_s, self._wall(ended))
        return [Row(self._cpu_s, self._last.performance, wall_s, self._last.incumbent, self._last.configuration)]

    def _wall(self, moment: float | None) -> float:
        return 0.0 if moment is None else moment - self._created

    def _is_incumbent(self, config_id: int, costs: _Costs) -> bool:
        if not math.isfinite(costs.mean) or costs.runs < self._least_runs:
            return False
        if self._last is None or self._last.incumbent == config_id:
            return True
        best = self._costs[self._last.incumbent]
        return best.failed or (costs.runs >= best.runs and costs.mean < best.mean)
