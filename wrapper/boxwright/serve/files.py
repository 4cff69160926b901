"""Files of a run: to be looked at as text or as a picture, or to be taken along. None is ever run by the browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from boxwright.serve.desk import Desk
from boxwright.serve.inside import open_inside
from boxwright.serve.logs import read_excerpt
from boxwright.serve.overview import shell
from boxwright.serve.rendering import page
from boxwright.serve.studies import desk_of, run_of
from boxwright.store.records import RunRecord

PICTURES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
"""By ending, what a browser may show. No SVG: it may hold a script."""

_SHOWN_BYTES = 256 * 1024
_BLOCK_BYTES = 256 * 1024
_HARMLESS = {"content-security-policy": "default-src 'none'; sandbox"}


def view_file(request: Request) -> Response:
    """Show part of a file as text, or a picture."""
    desk, record, name = _asked(request)
    start = request.query_params.get("from", "0")
    try:
        part = read_excerpt(
            desk.folder,
            _inside(record, name),
            start=int(start) if start.isascii() and start.isdigit() else 0,
            count=_SHOWN_BYTES,
        )
    except (OSError, ValueError, OverflowError):
        raise HTTPException(404, "There is no such file in this run.") from None
    return page(
        request,
        "file",
        **shell(desk, "runs"),
        record=record,
        name=name,
        link=link_of(name),
        part=part,
        block=_SHOWN_BYTES,
        is_picture=Path(name).suffix.lower() in PICTURES,
        is_binary="\0" in part.text or "\\x00" in part.text,
    )


def raw_file(request: Request) -> Response:
    """Hand a file out as it is, to be saved and not to be opened."""
    desk, record, name = _asked(request)
    file = _open(desk, record, name)
    shown = Path(name).name.encode("utf-8", "replace").decode()
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(shown, safe='')}",
        "content-length": str(os.fstat(file.fileno()).st_size),
        **_HARMLESS,
    }
    return StreamingResponse(_blocks(file), media_type="application/octet-stream", headers=headers)


def picture(request: Request) -> Response:
    """Hand a picture out, to be shown within a page."""
    desk, record, name = _asked(request)
    kind = PICTURES.get(Path(name).suffix.lower())
    if kind is None:
        raise HTTPException(404, "That is no picture that can be shown.")
    return StreamingResponse(_blocks(_open(desk, record, name)), media_type=kind, headers=_HARMLESS)


def link_of(name: str) -> str:
    """Return the name of a file as a part of an address, whatever bytes it consists of."""
    return quote(os.fsencode(name))


def _asked(request: Request) -> tuple[Desk, RunRecord, str]:
    """Return study, run and name; the name from the bytes of the address, which need not be UTF-8."""
    desk = desk_of(request)
    record = run_of(desk, request)
    raw = bytes(request.scope.get("raw_path") or quote(request.url.path).encode())
    parts = raw.partition(b"?")[0].split(b"/", 6)  # /s/<study>/runs/<run>/<view>/<name>
    return desk, record, os.fsdecode(unquote_to_bytes(parts[6])) if len(parts) == 7 else ""


def _open(desk: Desk, record: RunRecord, name: str) -> FileIO:
    try:
        return open_inside(desk.folder, _inside(record, name))
    except (OSError, ValueError):
        raise HTTPException(404, "There is no such file in this run.") from None


def _inside(record: RunRecord, name: str) -> Path:
    """Return the path of a file of a run.

    Raises:
        FileNotFoundError: It would lead out of the run's folder.
    """
    if not name or name.startswith("/") or any(part in ("", ".", "..") for part in name.split("/")):
        raise FileNotFoundError(name)
    return Path(record.folder, name)


def _blocks(file: FileIO) -> Iterator[bytes]:
    with file:
        left = os.fstat(file.fileno()).st_size  # as much as was announced, however the file grows
        while left and (block := file.read(min(_BLOCK_BYTES, left))):
            left -= len(block)
            yield block
