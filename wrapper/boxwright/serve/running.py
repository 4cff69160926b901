"""What goes on: events of a study, what a run writes, how it learns; and the log and the scenario of a study."""

from __future__ import annotations

from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from boxwright.report import charts
from boxwright.report.charts.figure import DASHES, empty, figure, text_of
from boxwright.serve.charts import json_of
from boxwright.serve.logs import learning_curves
from boxwright.serve.one_run import STREAMS
from boxwright.serve.overview import events, shell
from boxwright.serve.rendering import page
from boxwright.serve.streaming import event_stream, log_events, study_events
from boxwright.serve.studies import desk_of, run_of, studies_of
from boxwright.store.layout import SCENARIO

_MOST_EVENTS = 1000


async def follow_study(request: Request) -> Response:
    """Say each time that a study has changed."""
    desk = await run_in_threadpool(desk_of, request)
    return event_stream(study_events(desk, studies_of(request).watch))


async def follow_log(request: Request) -> Response:
    """Say what is added to a log of a run: from ``from`` on, or from where a lost connection was."""
    desk = await run_in_threadpool(desk_of, request)
    record = await run_in_threadpool(run_of, desk, request)
    stream = request.path_params["stream"]
    if stream not in STREAMS:
        raise HTTPException(404, "There is no such log.")
    start = request.headers.get("last-event-id") or request.query_params.get("from", "0")
    position = int(start) if start.isascii() and start.isdigit() and len(start) < 19 else 0
    return event_stream(
        log_events(studies_of(request).watch, desk.folder, Path(record.folder), f"{stream}.log", position)
    )


def curves_json(request: Request) -> Response:
    """Return as a chart what a run says again and again with a number."""
    desk = desk_of(request)
    record = run_of(desk, request)
    theme: charts.Theme = "dark" if request.query_params.get("theme") == "dark" else "light"
    curves = learning_curves(desk.folder, Path(record.folder, "stdout.log"))
    title = f"What run {record.run} prints"
    if not curves:
        return json_of(charts.themed(empty(title, "It prints no number again and again."), theme))
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": text_of(name),
            "x": list(range(1, len(values) + 1)),
            "y": values,
            "line": {"color": index, "dash": DASHES[index % len(DASHES)]},
        }
        for index, (name, values) in enumerate(curves.items())
    ]
    note = "Read from lines such as “loss: 0.3” on stdout; a name that comes once or twice is no curve."
    return json_of(charts.themed(figure(title, traces, note=note, xaxis={"title": {"text": "times printed"}}), theme))


def events_page(request: Request) -> Response:
    """Show what happened, the latest first."""
    desk = desk_of(request)
    return page(request, "events", **shell(desk, "events"), events=events(desk, _MOST_EVENTS), most=_MOST_EVENTS)


def scenario_page(request: Request) -> Response:
    """Show what the study was asked for."""
    desk = desk_of(request)
    text = (desk.folder / SCENARIO).read_text("utf-8", "replace")
    return page(request, "scenario", **shell(desk, "scenario"), text=text)
