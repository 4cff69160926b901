"""Server-sent events: that a study has changed, and what a run writes while it writes it."""

from __future__ import annotations

import asyncio
import codecs
import json
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from boxwright.serve.desk import Desk
from boxwright.serve.inside import open_inside
from boxwright.serve.logs import plain_text
from boxwright.serve.watch import Watch
from boxwright.store.layout import EXIT_RECORD

LOOK_S = 0.5
BLOCK_BYTES = 64 * 1024
MOST_BEHIND_BYTES = 1024 * 1024
"""Who is further behind what a run writes is shown its end, and how much was left out."""

_SIGN_OF_LIFE_S = 15.0


def event_stream(events: AsyncIterator[str]) -> StreamingResponse:
    """Return events as an answer that does not end."""
    return StreamingResponse(events, media_type="text/event-stream", headers={"x-accel-buffering": "no"})


async def study_events(desk: Desk, watch: Watch) -> AsyncIterator[str]:
    """Yield an event each time that a study has changed, and one when the server ends with it."""
    yield "retry: 3000\n\n"
    async for generation in watch.changes(desk):
        yield ": still here\n\n" if generation is None else f"event: change\ndata: {generation}\n\n"
    if watch.closing:
        await watch.prepare_last_look(desk)
        yield "event: last\ndata: \n\n"


async def log_events(watch: Watch, study: Path, run_folder: Path, name: str, start: int) -> AsyncIterator[str]:
    """Yield what is added to a log of a run, from a place in it on, until the run is over.

    Args:
        watch: Knows whether the server ends.
        study: The study, below which the run lies.
        run_folder: The folder of the run.
        name: Of the log.
        start: Where the log begins to be of interest, in bytes.
    """
    yield "retry: 2000\n\n"
    tail = _Tail(study, run_folder / name, start)
    quiet_s = 0.0
    while not watch.over:
        over = await run_in_threadpool((run_folder / EXIT_RECORD).exists)
        text = await run_in_threadpool(tail.read)
        if text:
            quiet_s = 0.0
            yield f"id: {tail.position}\nevent: text\ndata: {json.dumps(text)}\n\n"
            if tail.is_behind:
                continue
        elif over:
            yield f"id: {tail.position}\nevent: over\ndata: {tail.position}\n\n"
            return
        elif quiet_s >= _SIGN_OF_LIFE_S:
            quiet_s = 0.0
            yield ": still here\n\n"
        await asyncio.sleep(LOOK_S)
        quiet_s += LOOK_S


class _Tail:
    """Reads on in a log, block by block."""

    def __init__(self, study: Path, path: Path, start: int) -> None:
        self.position = start
        self.is_behind = False
        self._study = study
        self._path = path
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def read(self) -> str:
        """Return what has been added, at most a block of it; empty if nothing has, or there is no such log."""
        try:
            file = open_inside(self._study, self._path)
        except OSError:
            return ""
        with file:
            size = file.seek(0, 2)
            skipped = size - self.position - MOST_BEHIND_BYTES
            left_out = ""
            if skipped > 0:
                self.position += skipped
                self._decoder.reset()
                left_out = f"\n… {skipped:,} bytes left out …\n"
            file.seek(self.position)
            data = file.read(BLOCK_BYTES) or b""
        self.position += len(data)
        self.is_behind = self.position < size
        return left_out + plain_text(self._decoder.decode(data))
