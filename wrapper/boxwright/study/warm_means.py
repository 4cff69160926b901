"""Several runs of one configuration as the one run that a model hears of: their mean.

A configuration counts as the average of the others on an instance that it has not seen: who races (SMAC v2), or was
interrupted, has run most of them on a part of the instances only.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from boxwright.errors import SpaceError
from boxwright.study.warm_taken import Taken, WarmRun
from boxwright.terms import Status, Value, config_key


@dataclass(slots=True)
class _Cells:
    """What one configuration came to, by instance.

    Attributes:
        status: Of its first run without a value; else of a success, or of its first run.
        failed: Whether one of its runs has no value, so that the whole has none.
    """

    config: dict[str, Value]
    status: Status
    runs: int = 0
    failed: bool = False
    values: dict[str, list[float]] = field(default_factory=dict)

    def means(self) -> dict[str, float]:
        return {instance: _mean(values) for instance, values in self.values.items()}


class Means:
    """Gathers the runs of one source, and hands the means of them on at its end."""

    def __init__(self, taken: Taken) -> None:
        self._taken = taken
        self._cells: dict[str, _Cells] = {}

    def add(self, config: dict[str, Value], instance: str, status: Status, quality: float | None) -> None:
        """Take a run in; None is the quality of one without a value."""
        cells = self._cells.setdefault(config_key(config), _Cells(config, status))
        cells.runs += 1
        if quality is None and not cells.failed:
            cells.failed, cells.status = True, status
        elif quality is not None:
            cells.values.setdefault(instance, []).append(quality)
            cells.status = status if status is Status.SUCCESS and not cells.failed else cells.status

    def try_add(
        self, config: Callable[[], dict[str, Value]], instance: str, status: Status, quality: float | None
    ) -> None:
        """Take a run in if its configuration is one of this space."""
        try:
            self.add(config(), instance, status, quality)
        except SpaceError as error:
            self._taken.pass_over(error.problem)

    def close(self) -> None:
        """Hand a run on for each configuration."""
        columns: dict[str, list[float]] = {}
        for cells in self._cells.values():
            for instance, mean in cells.means().items():
                columns.setdefault(instance, []).append(mean)
        averages = {instance: _mean(values) for instance, values in columns.items()}
        for cells in self._cells.values():
            quality = None if cells.failed else _mean(list((averages | cells.means()).values()))
            source = self._taken.source
            self._taken.runs.append(WarmRun(source=source, status=cells.status, quality=quality, config=cells.config))
            self._taken.merged += cells.runs - 1


def _mean(values: list[float]) -> float:
    return math.fsum(value / len(values) for value in values)  # the sum of the largest ones would be infinite
