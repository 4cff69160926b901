"""Every request passes here first: its host, its origin, its session, and the token of its form."""

from __future__ import annotations

import time
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from boxwright.serve.access import Access
from boxwright.serve.rendering import refusal_page

MOST_FORM_BYTES = 64 * 1024
OPEN = "/open"
OF_ANYBODY = (OPEN, "/static/style.css", "/static/icon.svg")
"""What a browser without a session may have: the link's page, and what that looks like."""

_EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
"""Plotly makes an empty style element and puts its rules in by script, which only takes leave for the empty text."""

_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; img-src 'self' data: blob:; "
    f"style-src 'self' {_EMPTY_STYLE}; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # with less, browsers say no Origin when a form is sent
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """Refuses what does not come from the page itself, and puts the same strict headers on every answer."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError(f"no {scope['type']} here")
        began = time.perf_counter()
        request = Request(scope, receive)
        answer = await self._refusal(request)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                # The page asks the less often the more its answers cost.
                headers["server-timing"] = f"app;dur={1000 * (time.perf_counter() - began):.0f}"
            await send(message)

        await (answer or self._app)(scope, receive, send_with_headers)

    async def _refusal(self, request: Request) -> Response | None:  # noqa: PLR0911  one for each reason
        """Return why a request is refused; None lets it pass, with its session and its form in ``request.state``."""
        hosts = request.headers.getlist("host")
        if len(hosts) != 1 or not self._access.is_own_host(hosts[0]):
            return PlainTextResponse("This server is not called so.\n", 421)
        origin = request.headers.get("origin")
        is_post = request.method == "POST"
        if origin != f"{request.url.scheme}://{hosts[0]}" and (is_post or origin is not None):
            return PlainTextResponse("A page of another origin may not ask this.\n", 403)
        if request.method not in ("GET", "HEAD", "POST"):
            return PlainTextResponse("GET, HEAD or POST.\n", 405, {"allow": "GET, HEAD, POST"})
        if request.url.path in OF_ANYBODY and not is_post:
            return None
        session = request.cookies.get(self._access.cookie, "")
        token = self._access.form_token(session)
        if token is None:
            return refusal_page(403)
        request.state.token = token
        if is_post:
            request.state.form = await _form(request)
            if request.state.form is None or request.state.form.get("token") != token:
                return PlainTextResponse("The form is not of this session. Load the page again.\n", 403)
        return None


async def _form(request: Request) -> dict[str, str] | None:
    """Return the fields of a form, the last of each name; None if it is none, or too large."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        return None
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_FORM_BYTES:
            return None
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return None
    return {name: values[-1] for name, values in fields.items()}
