"""``results``: the runs of a study as a table, CSV or JSON, sorted and filtered."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boxwright.commands.columns import columns, find_column, parameter_names
from boxwright.commands.conditions import condition
from boxwright.commands.opening import open_study

if TYPE_CHECKING:
    from boxwright.commands.columns import Column
    from boxwright.scenario import Scenario
    from boxwright.store.records import RunRecord


@dataclass(frozen=True, slots=True)
class _Selection:
    """The runs of a study that were asked for, and what is needed to print them."""

    folder: Path
    scenario: Scenario
    parameters: tuple[str, ...]
    metrics: tuple[str, ...]
    incumbent: RunRecord | None
    total: int
    records: list[RunRecord]


def results(study: str | Path, *, sort: str | None = None, where: Sequence[str] = ()) -> list[RunRecord]:
    """Return the runs of a study.

    Args:
        study: The study folder.
        sort: A parameter, metric or field; ``-name`` for falling order. Runs without a value come last.
        where: Conditions, each one ``NAME OPERATOR VALUE`` (``quality<0.1``, ``status=SUCCESS``); all must hold.

    Returns:
        The runs, by number unless sorted.

    Raises:
        UserError: The folder is no study, a name is not known, or a condition is none.
    """
    return _select(study, sort, where).records


def results_command(study: str, *, sort: str | None, where: Sequence[str], form: str) -> int:
    """Do ``boxwright results``; ``form`` is ``table``, ``csv`` or ``json``."""
    from boxwright.report.tables import incumbent_text, print_line, print_runs

    chosen = _select(study, sort, where)
    objective = chosen.scenario.study.objective.metric
    if form == "json":
        _print_json(chosen.records)
    elif form == "csv":
        _print_csv(chosen)
    elif chosen.records or not where:
        print_runs(chosen.records, objective, chosen.metrics, sys.stdout)
        print_line(incumbent_text(chosen.incumbent, objective, chosen.metrics), sys.stderr)
    if where and not chosen.records:
        sys.stderr.write(f"no run of {chosen.total} matches\n")
    return 0


def _select(study: str | Path, sort: str | None, where: Sequence[str]) -> _Selection:
    from boxwright.study.metrics import shown_metrics

    opened = open_study(study)
    with opened.store as store:
        records = list(store.runs())
        incumbent = store.incumbent()
    parameters, metrics = parameter_names(opened.folder), shown_metrics(opened.scenario)
    known = columns(records, parameters, metrics)
    tests = [condition(text, known) for text in where]
    chosen = [record for record in records if all(test(record) for test in tests)]
    if sort:
        column = find_column(sort.removeprefix("-"), known, "--sort")
        chosen = _sorted(chosen, column, falling=sort.startswith("-"))
    return _Selection(opened.folder, opened.scenario, parameters, metrics, incumbent, len(records), chosen)


def _print_json(records: Sequence[RunRecord]) -> None:
    """Print one record a line; an array of a hundred thousand in one piece takes ten times as long."""
    lines = (json.dumps(record.as_json(), ensure_ascii=False) for record in records)
    first = next(lines, None)
    sys.stdout.write("[" if first is None else f"[\n{first}")
    for line in lines:
        sys.stdout.write(f",\n{line}")
    sys.stdout.write("]\n" if first is None else "\n]\n")


def _print_csv(chosen: _Selection) -> None:
    from boxwright.store.table import ResultsTable

    table = ResultsTable(chosen.folder, chosen.parameters, chosen.metrics)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(table.columns())
    writer.writerows(table.row(record) for record in chosen.records)


def _sorted(records: Sequence[RunRecord], column: Column, *, falling: bool) -> list[RunRecord]:
    present = [record for record in records if column.value(record) is not None]
    absent = [record for record in records if column.value(record) is None]

    def key(record: RunRecord) -> tuple[bool, float, str]:
        value = column.value(record)
        return (False, float(value), "") if isinstance(value, int | float) else (True, 0.0, str(value))

    return sorted(present, key=key, reverse=falling) + absent
