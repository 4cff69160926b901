"""Charts as the page asks for them: which one, of which parameters, in which theme."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from boxwright.errors import UserError, nearest, one_line
from boxwright.report import charts
from boxwright.report.charts import ChartData, Figure, Theme
from boxwright.serve.desk import Desk
from boxwright.serve.kept import Kept
from boxwright.serve.overview import shell
from boxwright.serve.rendering import page
from boxwright.serve.studies import desk_of

KINDS = {
    "best": "best so far",
    "metric": "a metric by a parameter",
    "two": "two parameters and the objective",
    "parallel": "parallel coordinates",
    "importance": "importance of parameters",
    "seeds": "optimizer seeds compared",
    "time": "time per run",
    "lanes": "slots over time",
}
_MOST_PARALLEL = 30
_FIRST_PARALLEL = 12


def charts_page(request: Request) -> Response:
    """Show one chart, and what others there are."""
    desk = desk_of(request)
    data = desk.data()
    asked = request.query_params
    names = [axis.name for axis in data.axes]
    varied = [axis.name for axis in data.varied] or names
    chosen = {
        "kind": _one_of(asked.get("kind"), list(KINDS), "chart"),
        "metric": _one_of(asked.get("metric"), _metrics(desk, data), "metric"),
        "x": _one_of(asked.get("x"), names, "parameter", varied[:1]),
        "y": _one_of(asked.get("y"), names, "parameter", varied[1:2] or varied[:1]),
    }
    parallel = _parallel(asked, names, varied)
    return page(
        request,
        "charts",
        **shell(desk, "charts"),
        kinds=KINDS,
        chosen=chosen,
        names=names,
        parallel=parallel,
        metrics=_metrics(desk, data),
        source=figure_fields(chosen, parallel),
    )


def figure_fields(chosen: Mapping[str, str], parallel: list[str]) -> dict[str, object]:
    """Return the fields of the address of a chart that it depends on."""
    wanted = {"metric": ("metric", "x"), "two": ("x", "y")}.get(chosen["kind"], ())
    fields: dict[str, object] = {"kind": chosen["kind"], **{name: chosen[name] for name in wanted}}
    return fields | ({"p": parallel} if chosen["kind"] == "parallel" else {})


def figure_json(request: Request) -> Response:
    """Return one chart as Plotly takes it."""
    desk = desk_of(request)
    asked = request.query_params
    theme: Theme = "dark" if asked.get("theme") == "dark" else "light"
    found, is_coming = _figure(desk, asked)
    if found is None:
        answer = Response("being worked out …", 202, media_type="text/plain")
    else:
        answer = json_of(charts.themed(found, theme))
    if is_coming:
        answer.headers["x-coming"] = "1"  # a newer one: ask again in a moment
    return answer


def json_of(figure: Figure) -> Response:
    """Return a figure as an answer."""
    return Response(json.dumps(figure, separators=(",", ":"), allow_nan=False), media_type="application/json")


def _figure(desk: Desk, asked: QueryParams) -> tuple[Figure | None, bool]:
    """Return a chart, None while it is worked out for the first time; and whether a newer one is being worked out."""
    data = desk.data()
    names = [axis.name for axis in data.axes]
    varied = [axis.name for axis in data.varied] or names
    kind = _one_of(asked.get("kind"), list(KINDS), "chart")
    x = _one_of(asked.get("x"), names, "parameter", varied[:1])
    y = _one_of(asked.get("y"), names, "parameter", varied[1:2])
    if kind == "importance":
        return _importance(desk, data)
    makers: dict[str, Callable[[], Figure]] = {
        "best": lambda: charts.best_so_far(data, desk.steps()),
        "seeds": lambda: charts.seeds_compared(data),
        "metric": lambda: charts.metric_by_parameter(
            data, _one_of(asked.get("metric"), _metrics(desk, data), "metric"), x
        ),
        "two": lambda: charts.two_parameters(data, x, y),
        "parallel": lambda: charts.parallel_coordinates(data, tuple(_parallel(asked, names, varied))),
        "time": lambda: charts.time_per_run(data),
        "lanes": lambda: charts.slot_lanes(data, time.time()),
    }
    return makers[kind](), False


def _importance(desk: Desk, data: ChartData) -> tuple[Figure | None, bool]:
    # It trains a forest, which takes seconds: once for all who ask, and seldom while the study goes on.
    kept: Kept[Figure] = desk.importance
    return kept.soon(desk.mirror.generation, lambda: charts.importance_chart(data, charts.importance(data)))


def _metrics(desk: Desk, data: ChartData) -> list[str]:
    return list(dict.fromkeys((desk.objective.metric, *data.metrics)))


def _parallel(asked: QueryParams, names: list[str], varied: list[str]) -> list[str]:
    wanted = list(dict.fromkeys(asked.getlist("p"))) or varied[:_FIRST_PARALLEL]
    return [_one_of(name, names, "parameter") for name in wanted][:_MOST_PARALLEL]


def _one_of(wanted: str | None, known: list[str], what: str, default: Any = ()) -> str:
    if not wanted:
        return next(iter([*default, *known]), "")
    if wanted not in known:
        raise UserError(f'no {what} "{one_line(wanted)}". {nearest(wanted, known, in_order=True)}', place="address")
    return wanted
