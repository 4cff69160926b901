"""The view of all runs: a table that the server sorts, filters, searches and pages."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from boxwright.serve.desk import Desk
from boxwright.serve.overview import shell
from boxwright.serve.rendering import page
from boxwright.serve.studies import desk_of
from boxwright.serve.table import FIELDS, SIGNS, SIZES, TEXTS, Filter, cell, find, read_view
from boxwright.store.records import RunRecord

_FIRST_PARAMETERS = 8
_FIRST_METRICS = 4
_EMPTY_FILTERS = 1

LABELS = {
    "wall_s": "time",
    "cpu_s": "CPU time",
    "max_rss_bytes": "memory",
    "exit_code": "exit code",
    "optimizer_seed": "optimizer seed",
}
"""How the names of fields read to a person; the others as they are."""


def listing(request: Request) -> Response:
    """Show a page of the table of runs."""
    desk = desk_of(request)
    view = read_view(request.query_params, desk.mirror, default_columns(desk))
    found = find(view, desk.mirror)
    return page(
        request,
        "runs",
        **shell(desk, "runs"),
        view=view,
        found=found,
        cell=cell,
        labels={column: label(desk, column) for column in view.columns},
        choices=_choices(desk),
        filters=(*view.filters, *[Filter("", "=", "")] * _EMPTY_FILTERS),
        signs_known=tuple(SIGNS),
        sizes=SIZES,
        rights={column for column in view.columns if _is_right(column, found.records)},
    )


def default_columns(desk: Desk) -> tuple[str, ...]:
    """Return the columns of whoever has chosen none."""
    metrics = [name for name in dict.fromkeys((*desk.metrics, *desk.mirror.metrics)) if name in desk.mirror.metrics]
    others = [name for name in metrics if name != desk.objective.metric][:_FIRST_METRICS]
    parameters = desk.mirror.parameters[:_FIRST_PARAMETERS]
    return (
        *("run", "status", "quality"),
        *(f"metric.{name}" for name in others),
        *(f"config.{name}" for name in parameters),
        *("wall_s", "slot", "seed", "started"),
    )


def label(desk: Desk, column: str) -> str:
    """Return how a column is headed: the name of the metric that drives the study for its quality."""
    if column == "quality":
        return desk.objective.metric
    group, _, name = column.partition(".")
    return name if group in ("config", "metric") and name else LABELS.get(column, column)


def _is_right(column: str, records: Sequence[RunRecord]) -> bool:
    """Return whether a column holds numbers, which stand at its right: what is empty or text on this page tells."""
    return column not in (*TEXTS, "started", "ended") and not any(
        isinstance(cell(each, column), str) for each in records
    )


def _choices(desk: Desk) -> dict[str, list[tuple[str, str]]]:
    return {
        "of the run": [(column, label(desk, column)) for column in FIELDS],
        "parameters": [(f"config.{name}", name) for name in desk.mirror.parameters],
        "metrics": [(f"metric.{name}", name) for name in desk.mirror.metrics],
    }
