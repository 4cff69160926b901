"""The files in which SMAC v2 tells what a validation came to: five of CSV, of one trajectory or one list.

Names, columns and order are those of AEATK's ``Validator`` (2.10.03). A response is the quality or the runtime;
what is averaged, over seeds and then over instances, counts with the PAR score or the penalty.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from boxwright.materialise.flags import RUN_LENGTH
from boxwright.materialise.values import java_double
from boxwright.store.records import RunRecord
from boxwright.store.smac2.encoding import Encoded
from boxwright.store.smac2.growing import write_whole
from boxwright.store.smac2.told import NO_INSTANCE, Facts, ToldRun

_RESULTS = (
    "Time",
    "Training (Empirical) Performance",
    "Test Set Performance",
    "AC Overhead Time",
    "Validation Configuration ID",
)


@dataclass(frozen=True, slots=True)
class TestRow:
    """One problem with one seed.

    Attributes:
        instance: None where there is none.
        specific: The text that is handed on beside it.
        runs: Each configuration's run, in their order.
    """

    instance: str | None
    specific: str
    runs: tuple[RunRecord, ...]

    @property
    def name(self) -> str:
        """Return the instance as the files name it."""
        return NO_INSTANCE if self.instance is None else self.instance


@dataclass(frozen=True, slots=True)
class Moment:
    """A row of the trajectory.

    Attributes:
        after_s: Seconds from when the study was begun, as in its trajectory.
        training: What the configuration cost in the search by then; NaN where that is not known.
        config: Its place among the configurations, from 0.
    """

    after_s: float
    training: float
    config: int


@dataclass(frozen=True, slots=True)
class Told:
    """A validation, ready to be told.

    Attributes:
        configs: The configurations.
        rows: What each of them ran on; at least one.
        moments: When each of them was the incumbent, in the order of time.
    """

    configs: Sequence[Encoded]
    rows: Sequence[TestRow]
    moments: Sequence[Moment]


def write_validation(folder: Path, base: str, facts: Facts, told: Told) -> None:
    """Write the files.

    Args:
        folder: Where to.
        base: The end of their names: the trajectory's, without its ending.
        facts: What is the same for all runs.
        told: What they tell.

    Raises:
        OSError: The system refuses.
    """
    results, debug = _means(facts, told)
    texts = {
        "Results": results,
        "CallStrings": _table(_calls(facts, told)),
        "PerformanceDebug": _table(debug),
        "ObjectiveMatrix": _matrix(
            facts, told, "Objective", lambda run: java_double(facts.response(facts.told(run)))
        ),
        "RunResultLineMatrix": _matrix(facts, told, "Run result line", lambda run: _result_line(facts.told(run))),
    }
    for name, text in texts.items():
        write_whole(folder / f"validation{name}-{base}-walltime.csv", text.encode("utf-8", "backslashreplace"))


def _means(facts: Facts, told: Told) -> tuple[str, list[list[str]]]:
    """Return the text of the results, and the rows that say how their means came about."""
    totals, debug = [], []
    for index in range(len(told.configs)):
        by_instance: dict[str, list[RunRecord]] = {}
        for row in told.rows:
            by_instance.setdefault(row.name, []).append(row.runs[index])
        means = [_mean([_score(facts, run) for run in runs]) for runs in by_instance.values()]
        totals.append(java_double(_mean(means)))
        most = max(map(len, by_instance.values()))
        numbered = (f"Run #{number}" for number in range(1, most + 1))
        debug.append([f"Validation Configuration ID:{index + 1}", "Instance", "OverallObjective", *numbered])
        for (name, runs), mean in zip(by_instance.items(), means, strict=True):
            debug.append(["", name, *map(java_double, (mean, *(facts.response(facts.told(run)) for run in runs)))])
        debug.append(["", "Overall Objective On Test Set", totals[-1]])
    lines = [",".join(f'"{name}"' for name in _RESULTS) + ",\n"]
    for moment in told.moments:
        numbers = java_double(moment.after_s), java_double(moment.training), totals[moment.config], "0.0"
        lines.append(f'{",".join(numbers)},"{moment.config + 1}",\n')
    return "".join(lines), debug


def _calls(facts: Facts, told: Told) -> Iterator[list[str]]:
    yield ["Validation Configuration ID", "Configuration ", "Sample Call String"]
    for index, (config, run) in enumerate(zip(told.configs, told.rows[0].runs, strict=True)):
        call = facts.told(run)
        words = call.instance, told.rows[0].specific, java_double(facts.cutoff_s), str(RUN_LENGTH), str(call.seed)
        settings = " ".join(f"-{name} '{config.settings[name]}'" for name in config.active)
        head = " ".join(f'"{word}"' if " " in word else word for word in words)
        yield [str(index + 1), settings, f"{facts.algo} {head} {settings}"]


def _matrix(facts: Facts, told: Told, what: str, cell: Callable[[RunRecord], str]) -> str:
    names = (f"{what} of validation config #{number}" for number in range(1, len(told.configs) + 1))
    return _table(
        [
            ["Problem Instance", "Seed", *names],
            *([row.name, str(facts.told(row.runs[0]).seed), *map(cell, row.runs)] for row in told.rows),
        ]
    )


def _result_line(run: ToldRun) -> str:
    numbers = map(java_double, (run.runtime_s, run.length, run.quality))
    additional = f",{run.additional.replace(',', ';')}" if run.additional else ""
    return ", ".join([run.status, *numbers, str(run.seed)]) + additional


def _score(facts: Facts, run: RunRecord) -> float:
    return facts.response(facts.told(run)) if run.cost is None else run.cost


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _table(rows: Iterable[Sequence[str]]) -> str:
    return "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in rows)
