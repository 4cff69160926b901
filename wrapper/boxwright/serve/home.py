"""The view of all studies that a server shows, side by side; and the page that a one-time link opens."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from boxwright.serve.overview import standing
from boxwright.serve.rendering import page, refusal_page
from boxwright.serve.studies import studies_of

_A_YEAR_S = 365 * 24 * 3600


def home(request: Request) -> Response:
    """Show all studies; where there is but one, go to it."""
    desks = list(studies_of(request).desks.values())
    if len(desks) == 1:
        return RedirectResponse(f"/s/{desks[0].key}/", 303)
    for desk in desks:
        desk.refresh()
    rows = [(desk, standing(desk), desk.incumbent()) for desk in desks]
    return page(request, "home", rows=rows, tab="home")


def open_link(request: Request) -> Response:
    """Open a session for whoever comes by a one-time link, and use the link up."""
    access = studies_of(request).access
    session = access.redeem(request.query_params.get("key", ""))
    if session is None:
        return refusal_page(403)
    # A page and no redirect: after a link in a mail or chat, browsers keep strict cookies from a redirect's target.
    answer = page(request, "opened")
    answer.set_cookie(access.cookie, session, max_age=_A_YEAR_S, httponly=True, samesite="strict", path="/")
    return answer


def new_link(request: Request) -> Response:
    """Show a further one-time link, for another browser."""
    link = studies_of(request).access.new_link()
    return page(request, "link", link=f"{request.url.scheme}://{request.headers['host']}{link}", tab="link")
