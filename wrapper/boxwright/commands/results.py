"""``results``: the runs of a study as a table, CSV or JSON, sorted and filtered."""

from __future__ import annotations

import csv
import json
import operator
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from boxwright.commands.opening import open_study
from boxwright.errors import UserError, nearest, one_line

if TYPE_CHECKING:
    from boxwright.store.records import RunRecord

_OPERATORS: dict[str, Callable[[object, object], bool]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,  # type: ignore[dict-item]
    "<=": operator.le,  # type: ignore[dict-item]
    ">": operator.gt,  # type: ignore[dict-item]
    ">=": operator.ge,  # type: ignore[dict-item]
}
_CONDITION = re.compile(r"^\s*(.+?)\s*(<=|>=|==|!=|<|>|=)\s*(.*?)\s*$", re.DOTALL)


def results(study: str | Path, *, sort: str | None = None, where: Sequence[str] = ()) -> list[RunRecord]:
    """Return the runs of a study.

    Args:
        study: The study folder.
        sort: A field, metric or parameter; ``-name`` for falling order. Runs without a value come last.
        where: Conditions ``name=value``, ``name<value`` …; all must hold.

    Returns:
        The runs, by number unless sorted.

    Raises:
        UserError: The folder is no study, or a name is not known.
    """
    with open_study(study).store as store:
        records = list(store.runs())
    names = _names(records)
    for text in where:
        test = _condition(text, names)
        records = [record for record in records if test(record)]
    if sort:
        name = sort.removeprefix("-")
        _check_name(name, names, "--sort")
        records = _sorted(records, name, falling=sort.startswith("-"))
    return records


def results_command(study: str, *, sort: str | None, where: Sequence[str], form: str) -> int:
    """Do ``boxwright results``; ``form`` is ``table``, ``csv`` or ``json``."""
    from boxwright.report.tables import incumbent_text, print_table, run_table
    from boxwright.study.setup import shown_metrics

    records = results(study, sort=sort, where=where)
    if form == "json":
        json.dump([record.as_json() for record in records], sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
        return 0
    opened = open_study(study)
    with opened.store as store:
        if form == "csv":
            _print_csv(opened.folder, records, shown_metrics(opened.scenario))
            return 0
        objective = opened.scenario.study.objective.metric
        metrics = shown_metrics(opened.scenario)
        print_table(*run_table(records, objective, metrics), stream=sys.stdout)
        sys.stderr.write(f"{incumbent_text(store.incumbent(), objective, metrics)}\n")
    return 0


def _print_csv(folder: Path, records: Sequence[RunRecord], metrics: Sequence[str]) -> None:
    from boxwright.store.table import ResultsTable

    parameters = list(dict.fromkeys(name for record in records for name in record.config))
    table = ResultsTable(folder, parameters, metrics)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(table.columns())
    writer.writerows(table.row(record) for record in records)


def _fields(record: RunRecord) -> dict[str, object]:
    """Return everything of a run by name; a parameter or metric yields to a field of the same name."""
    return {**record.config, **record.metrics, **record.as_json()}


def _names(records: Iterable[RunRecord]) -> set[str]:
    return {name for record in records for name in _fields(record)}


def _check_name(name: str, names: set[str], option: str) -> None:
    if names and name not in names:
        raise UserError(f'no field, metric or parameter "{name}". {nearest(name, names)}', place=option)


def _condition(text: str, names: set[str]) -> Callable[[RunRecord], bool]:
    match = _CONDITION.match(text)
    if match is None:
        raise UserError(
            f'"{one_line(text)}" is no condition. Write name=value, name<value or name!=value.', place="--where"
        )
    name, sign, value = match.groups()
    _check_name(name, names, "--where")
    compare = _OPERATORS[sign]
    try:
        wanted: object = float(value)
    except ValueError:
        wanted = value

    def test(record: RunRecord) -> bool:
        found = _fields(record).get(name)
        if found is None:
            return False
        if isinstance(wanted, float) and isinstance(found, int | float):
            return compare(float(found), wanted)
        return compare(str(found), value)

    return test


def _sorted(records: Sequence[RunRecord], name: str, *, falling: bool) -> list[RunRecord]:
    present = [record for record in records if _fields(record).get(name) is not None]
    absent = [record for record in records if _fields(record).get(name) is None]

    def key(record: RunRecord) -> tuple[bool, float, str]:
        value = _fields(record)[name]
        return (False, float(value), "") if isinstance(value, int | float) else (True, 0.0, str(value))

    return sorted(present, key=key, reverse=falling) + absent
