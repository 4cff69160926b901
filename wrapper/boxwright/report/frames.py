"""The runs of a study as typed columns: what ``results.csv`` holds, for data frames and Parquet."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from boxwright.report.charts import Axis
from boxwright.report.trajectory import Step
from boxwright.report.words import value_text
from boxwright.store.records import RunRecord
from boxwright.store.table import ResultsTable
from boxwright.terms import Value

Kind: TypeAlias = Literal["int", "float", "bool", "text"]
Cell: TypeAlias = Value | None

_INTEGERS = ("run", "trial", "seed", "optimizer_seed", "slot", "max_rss_bytes", "exit_code")
_TEXTS = ("status", "instance", "gpus", "reason", "folder", "other_metrics")


@dataclass(frozen=True, slots=True)
class Column:
    """One column; ``value`` gives a run's cell, None where it has none."""

    name: str
    kind: Kind
    value: Callable[[RunRecord], Cell]


def run_columns(axes: Sequence[Axis], metrics: Sequence[str]) -> list[Column]:
    """Return the columns of ``results.csv``, by the same names and in the same order."""
    names = ResultsTable.columns_of([axis.name for axis in axes], metrics)
    head = len(ResultsTable.HEAD)
    columns = [_field(name) for name in names[:head]]
    columns += [_metric(name, metric) for name, metric in zip(names[head:], metrics, strict=False)]
    after = head + len(metrics)
    columns += [_parameter(name, axis) for name, axis in zip(names[after:], axes, strict=False)]
    return columns + [_field(name, metrics) for name in names[after + len(axes) :]]


def step_columns(steps: Sequence[Step], axes: Sequence[Axis]) -> dict[str, list[Cell]]:
    """Return the incumbents in their order, as columns."""
    taken = ("settled", "run", "ended", "quality", "standard_error", "repeats")
    found: dict[str, list[Cell]] = {name: [getattr(step, name) for step in steps] for name in taken}
    for axis in axes:
        name = f"config.{axis.name}" if axis.name in taken else axis.name
        kind = _kind(axis)
        found[name] = [_as_kind(step.config.get(axis.name), kind) for step in steps]
    return found


def _field(name: str, metrics: Sequence[str] = ()) -> Column:
    kind: Kind = "int" if name in _INTEGERS else "text" if name in _TEXTS else "float"
    if name == "gpus":
        return Column(name, kind, lambda record: ",".join(record.gpus))
    if name == "status":
        return Column(name, kind, lambda record: str(record.status))
    if name == "other_metrics":
        return Column(name, kind, lambda record: _others(record, metrics))
    return Column(name, kind, lambda record: getattr(record, name))


def _others(record: RunRecord, metrics: Sequence[str]) -> str:
    return json.dumps({name: value for name, value in record.metrics.items() if name not in metrics})


def _metric(name: str, metric: str) -> Column:
    return Column(name, "float", lambda record: record.metrics.get(metric))


def _parameter(name: str, axis: Axis) -> Column:
    kind = _kind(axis)
    return Column(name, kind, lambda record: _as_kind(record.config.get(axis.name), kind))


def _kind(axis: Axis) -> Kind:
    """Return the one type that all values of a parameter have; text where they differ."""
    if not axis.choices:
        return "int" if axis.whole else "float"
    types = {type(choice) for choice in axis.choices}
    if types == {bool}:
        return "bool"
    if bool in types or str in types:
        return "text"
    return "int" if types == {int} else "float"


def _as_kind(value: Value | None, kind: Kind) -> Cell:
    if value is None:
        return None
    if kind == "text":
        return value if isinstance(value, str) else value_text(value)
    try:
        return float(value) if kind == "float" else bool(value) if kind == "bool" else int(value)
    except (ValueError, OverflowError):
        return None  # a value from outside the space, which an external optimizer was allowed
