"""Turns what a view found into HTML. Everything is escaped: the templates' environment knows no other way."""

from __future__ import annotations

import functools
import hashlib
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from boxwright import __version__, report
from boxwright.errors import one_line
from boxwright.report.words import counted, mean_quality, number, seconds, size, value_text, zone

_STATIC = Path(__file__).parent / "static"
STATIC_FILES = {
    "style.css": (_STATIC / "style.css", "text/css"),
    "page.js": (_STATIC / "page.js", "text/javascript"),
    "parallel.js": (Path(report.__file__).parent / "parallel.js", "text/javascript"),  # reports have it, too
    "icon.svg": (_STATIC / "icon.svg", "image/svg+xml"),
}

SIGNS = {
    "RUNNING": "▶",
    "SUCCESS": "✓",
    "UNSAT": "∅",
    "TIMEOUT": "◷",
    "MEMOUT": "▤",
    "CRASHED": "✕",
    "ABORT": "■",
    "STOPPED": "◆",
    "KILLED": "⊘",
    "LOST": "?",
}
"""A shape for each status beside its word, for whoever does not tell the colours apart."""


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        mean=mean_quality,
        number=number,
        seconds=seconds,
        size=size,
        value=value_text,
        line=one_line,
        moment=moment,
        part=quote_part,
    )
    environment.globals.update(
        signs=SIGNS,
        version=__version__,
        files=files_version(),
        counted=counted,
        query=query,
        now=time.time,
        zone=zone,
    )
    environment.globals["file_link"] = lambda name: quote(os.fsencode(name))
    return environment


@functools.cache
def files_version() -> str:
    """Return what changes with the page's own files, so that no browser keeps old ones."""
    return hashlib.sha256(b"".join(path.read_bytes() for path, _ in STATIC_FILES.values())).hexdigest()[:12]


def page(request: Request, template: str, /, *, status_code: int = 200, **values: Any) -> Response:
    """Return a page made from a template.

    Args:
        request: Whose session's forms it carries.
        template: Its name, without its ending.
        status_code: Of HTTP.
        values: What the template speaks of.
    """
    token = getattr(request.state, "token", "")
    text = _environment().get_template(f"{template}.html").render(token=token, path=request.url.path, **values)
    # Names of files may hold bytes that are no text.
    return HTMLResponse(text.encode("utf-8", "backslashreplace"), status_code)


def refusal_page(status_code: int) -> Response:
    """Return the page for whoever has no session."""
    return HTMLResponse(_environment().get_template("refused.html").render(), status_code)


def moment(value: float | None) -> str:
    """Return UNIX seconds as the local time of a person: ``14:03:22``, with the day before it if it is not today."""
    if value is None:
        return ""
    try:
        then, today = time.localtime(value), time.localtime()
    except (OverflowError, ValueError, OSError):
        return ""
    return time.strftime("%H:%M:%S" if then[:3] == today[:3] else "%Y-%m-%d %H:%M:%S", then)


def quote_part(text: str | bytes) -> str:
    """Return a text as one part of a path in an address."""
    return quote(text, safe="")


def query(values: Mapping[str, object]) -> str:
    """Return ``?name=value&…`` for an address, without what is empty; a list repeats its name."""
    pairs = [(name, value) for name, value in values.items() if value not in (None, "", [], ())]
    return f"?{urlencode(pairs, doseq=True)}" if pairs else ""
