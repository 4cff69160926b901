"""``results``: the runs of a study as a table, CSV or JSON, sorted and filtered."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from boxwright.commands.columns import columns, find_column, parameter_names
from boxwright.commands.conditions import condition
from boxwright.commands.opening import open_study

if TYPE_CHECKING:
    from boxwright.scenario import Scenario
    from boxwright.store.config_records import ConfigRecord
    from boxwright.store.records import RunRecord

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Selection:
    """The runs of a study that were asked for, and what is needed to print them."""

    folder: Path
    scenario: Scenario
    parameters: tuple[str, ...]
    metrics: tuple[str, ...]
    incumbent: ConfigRecord | None
    total: int
    records: list[RunRecord]
    configs: Sequence[ConfigRecord] = ()


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


def results_by_config(study: str | Path, *, sort: str | None = None, where: Sequence[str] = ()) -> list[ConfigRecord]:
    """Return what each configuration of a study came to over its settled trials; for the arguments see ``results``.

    Conditions choose among the runs before they are gathered; what is sorted by are the means.

    Raises:
        UserError: The folder is no study, a name is not known, or a condition is none.
    """
    return list(_select(study, sort, where, by_config=True).configs)


def results_command(study: str, *, sort: str | None, where: Sequence[str], form: str, by_config: bool = False) -> int:
    """Do ``boxwright results``; ``form`` is ``table``, ``csv`` or ``json``."""
    from boxwright.report.tables import config_table, incumbent_text, print_line, print_runs, print_table

    chosen = _select(study, sort, where, by_config=by_config)
    objective = chosen.scenario.study.objective.metric
    if form == "json":
        _print_json(chosen.configs if by_config else chosen.records)
    elif form == "csv":
        (_print_configs if by_config else _print_csv)(chosen)
    elif chosen.records or not where:
        if by_config:
            print_table(config_table(chosen.configs, objective, chosen.metrics), sys.stdout)
        else:
            print_runs(chosen.records, objective, chosen.metrics, sys.stdout)
        print_line(incumbent_text(chosen.incumbent, objective, chosen.metrics), sys.stderr)
    if where and not chosen.records:
        sys.stderr.write(f"no run of {chosen.total} matches\n")
    return 0


def _select(study: str | Path, sort: str | None, where: Sequence[str], *, by_config: bool = False) -> _Selection:
    from boxwright.store.config_records import ConfigRecords
    from boxwright.study.metrics import shown_metrics

    opened = open_study(study)
    with opened.store as store:
        records = list(store.runs())
        incumbent, noisy, least = store.incumbent(), store.is_noisy, store.least_runs
    parameters, metrics = parameter_names(opened.folder), shown_metrics(opened.scenario)
    known = columns(records, parameters, metrics)
    tests = [condition(text, known) for text in where]
    chosen = [record for record in records if all(test(record) for test in tests)]
    configs: list[ConfigRecord] = []
    if by_config:
        configs = list(ConfigRecords((record for record in chosen if record.settles), noisy=noisy, least_runs=least))
    if sort:
        column = find_column(sort.removeprefix("-"), known, "--sort")
        falling = sort.startswith("-")
        chosen = _sorted(chosen, column.value, falling=falling)
        configs = _sorted(configs, lambda config: column.value(config.mean), falling=falling)
    return _Selection(opened.folder, opened.scenario, parameters, metrics, incumbent, len(records), chosen, configs)


def _print_json(records: Sequence[RunRecord] | Sequence[ConfigRecord]) -> None:
    """Print one record a line; an array of a hundred thousand in one piece takes ten times as long."""
    from boxwright.report.json_text import json_text

    lines = (json_text(record.as_json()) for record in records)
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


def _print_configs(chosen: _Selection) -> None:
    from boxwright.store.table import FIXED_COLUMNS, ResultsTable

    table = ResultsTable(chosen.folder, chosen.parameters, chosen.metrics)
    names = table.columns()
    # Of what a run has of its own, a mean has nothing: only numbers, parameters and metrics are shown.
    own = FIXED_COLUMNS - {"run", "quality", "cost"}
    kept = [index for index, name in enumerate(names) if name not in own]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([*(names[index] for index in kept), "standard_error", "runs", "failed"])
    for config in chosen.configs:
        row = table.row(config.mean)
        writer.writerow([*(row[index] for index in kept), config.standard_error, config.runs, config.failed])


def _sorted(records: Sequence[T], value_of: Callable[[T], object], *, falling: bool) -> list[T]:
    """Return the records by these values; those without one come last."""
    present = [record for record in records if value_of(record) is not None]
    absent = [record for record in records if value_of(record) is None]

    def key(record: T) -> tuple[bool, float, str]:
        value = value_of(record)
        return (False, float(value), "") if isinstance(value, int | float) else (True, 0.0, str(value))

    return sorted(present, key=key, reverse=falling) + absent
