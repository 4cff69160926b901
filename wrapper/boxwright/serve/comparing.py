"""Two or more studies side by side: what they were asked, what they found, how they came to it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from boxwright.errors import one_line
from boxwright.report import charts
from boxwright.report.charts.figure import DASHES, Figure, empty, figure, text_of
from boxwright.report.charts.sampling import numbers
from boxwright.report.words import value_text
from boxwright.serve.charts import json_of
from boxwright.serve.desk import Desk
from boxwright.serve.overview import standing
from boxwright.serve.rendering import page
from boxwright.serve.studies import studies_of

_MOST = 8
_MOST_TEXT = 200
_TITLE = "Best so far"


def compare(request: Request) -> Response:
    """Show studies beside each other; all of them if the address names none."""
    desks = _asked(request)
    bests = [desk.incumbent() for desk in desks]
    return page(
        request,
        "compare",
        tab="compare",
        desks=desks,
        all_desks=list(studies_of(request).desks.values()),
        standings=[standing(desk) for desk in desks],
        bests=bests,
        configs=_differing([{} if best is None else _texts(best.config) for best in bests]),
        scenarios=_differing([_texts(dict(_leaves(msgspec.to_builtins(desk.scenario)))) for desk in desks]),
    )


def compare_json(request: Request) -> Response:
    """Return the best so far of several studies in one chart."""
    theme: charts.Theme = "dark" if request.query_params.get("theme") == "dark" else "light"
    return json_of(charts.themed(_figure(_asked(request)), theme))


def _asked(request: Request) -> list[Desk]:
    known = studies_of(request).desks
    wanted = list(dict.fromkeys(request.query_params.getlist("s"))) or list(known)
    if any(key not in known for key in wanted):
        raise HTTPException(404, "There is no such study here.")
    desks = [known[key] for key in wanted[:_MOST]]
    for desk in desks:
        desk.refresh()
    return desks


def _figure(desks: Sequence[Desk]) -> Figure:
    lines = [(desk, desk.steps(), int(desk.data().settles.sum())) for desk in desks]
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": text_of(desk.name),
            "x": [*(step.settled for step in steps), settled],
            "y": numbers(np.array([*(step.quality for step in steps), steps[-1].quality])),
            "line": {"shape": "hv", "width": 2.5, "color": index, "dash": DASHES[index % len(DASHES)]},
        }
        for index, (desk, steps, settled) in enumerate(lines)
        if steps
    ]
    if not traces:
        return empty(_TITLE, "No run has succeeded yet.")
    metrics = dict.fromkeys(text_of(desk.objective.metric) for desk in desks)
    note = "The studies are after different metrics." if len(metrics) > 1 else ""
    return figure(
        _TITLE,
        traces,
        note=note,
        xaxis={"title": {"text": "trials settled"}, "rangemode": "tozero"},
        yaxis={"title": {"text": " / ".join(metrics)}},
    )


def _differing(columns: Sequence[Mapping[str, str]]) -> list[tuple[str, list[str]]]:
    """Return names with the values of each where they are not all the same."""
    names = dict.fromkeys(name for column in columns for name in column)
    rows = [(name, [column.get(name, "–") for column in columns]) for name in names]
    return [row for row in rows if len(set(row[1])) > 1]


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: value_text(value) if isinstance(value, bool | int | float | str) else _json_line(value)
        for name, value in values.items()
        if value is not None
    }


def _json_line(value: object) -> str:
    return one_line(json.dumps(value, ensure_ascii=False))[:_MOST_TEXT]


def _leaves(table: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value
