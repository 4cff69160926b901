"""The page as an application: which address shows what, and what a mistake looks like."""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from boxwright.errors import BoxwrightError, UserError, one_line
from boxwright.serve.acting import act, ask
from boxwright.serve.charts import charts_page, figure_json
from boxwright.serve.comparing import compare, compare_json
from boxwright.serve.files import picture, raw_file, view_file
from boxwright.serve.guard import Guard
from boxwright.serve.home import home, new_link, open_link
from boxwright.serve.listing import listing
from boxwright.serve.one_run import one_run
from boxwright.serve.overview import overview
from boxwright.serve.rendering import STATIC_FILES, page
from boxwright.serve.running import curves_json, events_page, follow_log, follow_study, scenario_page
from boxwright.serve.studies import Studies

_BLOCK_BYTES = 1024 * 1024
_A_DAY = {"cache-control": "private, max-age=86400"}


def make_app(studies: Studies) -> Guard:
    """Return the page of some studies."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await studies.watch.close()

    routes = [
        Route("/", home),
        Route("/open", open_link),
        Route("/link", new_link, methods=["POST"]),
        Route("/compare", compare),
        Route("/compare.json", compare_json),
        Route("/static/plotly.js", plotly_js),
        Route("/static/{name}", static),
        Route("/s/{study}/", overview),
        Route("/s/{study}/runs", listing),
        Route("/s/{study}/charts", charts_page),
        Route("/s/{study}/figure.json", figure_json),
        Route("/s/{study}/events", events_page),
        Route("/s/{study}/scenario", scenario_page),
        Route("/s/{study}/follow", follow_study),
        Route("/s/{study}/do/{act}", ask),
        Route("/s/{study}/do/{act}", act, methods=["POST"]),
        Route("/s/{study}/runs/{run}", one_run),
        Route("/s/{study}/runs/{run}/do/{act}", ask),
        Route("/s/{study}/runs/{run}/do/{act}", act, methods=["POST"]),
        Route("/s/{study}/runs/{run}/curves.json", curves_json),
        Route("/s/{study}/runs/{run}/follow/{stream}", follow_log),
        Route("/s/{study}/runs/{run}/file/{name:path}", view_file),
        Route("/s/{study}/runs/{run}/raw/{name:path}", raw_file),
        Route("/s/{study}/runs/{run}/picture/{name:path}", picture),
    ]
    app = Starlette(
        routes=routes,
        exception_handlers={
            HTTPException: _no_page,
            BoxwrightError: _trouble,
            OSError: _trouble,
        },  # a study may go away
        lifespan=lifespan,
    )
    app.state.studies = studies
    return Guard(app, studies.access)


def static(request: Request) -> Response:
    """Hand out a style sheet, a script or a picture of the page itself."""
    name = request.path_params["name"]
    if name not in STATIC_FILES:
        raise HTTPException(404, "There is no such page.")
    path, kind = STATIC_FILES[name]
    return FileResponse(path, media_type=kind, headers=_A_DAY)


def plotly_js(_: Request) -> Response:
    """Hand out Plotly as its Python package has it."""
    found = importlib.util.find_spec("plotly")
    assert found is not None
    assert found.origin is not None
    script = Path(found.origin).parent / "package_data" / "plotly.min.js"
    answer = FileResponse(script, media_type="text/javascript", headers=_A_DAY)
    answer.chunk_size = _BLOCK_BYTES
    return answer


def _no_page(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return page(request, "message", status_code=error.status_code, text=error.detail, tab="")


def _trouble(request: Request, error: Exception) -> Response:
    status_code = 400 if isinstance(error, UserError) else 503
    return page(request, "message", status_code=status_code, text=one_line(str(error)), tab="")
