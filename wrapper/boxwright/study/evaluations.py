"""Evaluations that come in over ``control.sock``: one line in, one line out once the run is over.

In between, the client may report metrics of the run; each such line is answered by one of its own, before the last. A
client that closes its end before the answer withdraws its request, and the run that nobody else wants is stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from boxwright.errors import one_line
from boxwright.json_faults import NOT_JSON
from boxwright.parse.readings import MOST_METRICS
from boxwright.propose.external import External
from boxwright.propose.intake import RefusedError
from boxwright.propose.requests import Answer, OverError, Request
from boxwright.store.layout import run_folder
from boxwright.terms import Value

_MOST_PARAMETERS = 10_000
_Seed = Annotated[int, Meta(ge=-(2**62), le=2**62)]


class Evaluate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a client sends; see ``propose.requests.Request``."""

    do: Literal["evaluate"]
    texts: Annotated[dict[str, str], Meta(max_length=_MOST_PARAMETERS)] = {}
    values: Annotated[dict[str, Value], Meta(max_length=_MOST_PARAMETERS)] = {}
    instance: Annotated[str, Meta(min_length=1, max_length=4096)] | None = None
    seed: _Seed | None = None
    cutoff_s: Annotated[float, Meta(gt=0)] | None = None
    copy: Annotated[int, Meta(ge=1, le=2**31)] | None = None


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a client sends in between: metrics to be attached to the run."""

    do: Literal["report"]
    metrics: Annotated[dict[str, float], Meta(min_length=1, max_length=MOST_METRICS)]


class Reported(msgspec.Struct, frozen=True, omit_defaults=True):
    """What it is sent back: ``reported`` once they are on disk, or ``unreported`` and why."""

    state: Literal["reported", "unreported"]
    text: str = ""


class Evaluated(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a client is sent: all that an ``Answer`` has, where there is one.

    Attributes:
        state: ``done``, ``refused`` or ``over``; the text says why.
        status: What became of the run, as in the study.
        cost: What is to be minimised; absent for a failure.
        cutoff_s: Seconds that the run was given; absent for no limit.
    """

    state: Literal["done", "refused", "over"]
    text: str = ""
    trial: int = 0
    run: int = 0
    status: str = ""
    quality: float | None = None
    cost: float | None = None
    metrics: Mapping[str, float] = {}
    config: Mapping[str, Value] = {}
    seed: int = 0
    runtime_s: float = 0.0
    additional: str = ""
    reason: str = ""
    cutoff_s: float | None = None
    folder: str = ""


async def evaluate(
    line: bytes, external: External | None, reader: asyncio.StreamReader, say: Callable[[Reported], None], study: str
) -> Evaluated | None:
    """Carry out what a client asks for; return None if it has gone in the meantime.

    Args:
        line: Its first one.
        external: Who proposes what clients ask for; None in a study without an optimizer of the person's own.
        reader: Of its further ones.
        say: Sends it something before the end.
        study: The study's folder.
    """
    try:
        if external is None:
            raise RefusedError("this study chooses its configurations itself: it has no optimizer.command")
        answer = external.ask(_request(line))
        if not answer.done() and not await _wait(answer, reader, lambda more: say(_report(more, external, answer))):
            return None
        return _evaluated(answer.result(), study)
    except RefusedError as error:
        return Evaluated("refused", str(error))
    except OverError as error:
        return Evaluated("over", str(error))


def _request(line: bytes) -> Request:
    try:
        wanted = msgspec.json.decode(line, type=Evaluate)
    except NOT_JSON as error:
        raise RefusedError(one_line(f"not understood: {error}")) from error
    texts = [*wanted.texts.values(), *(value for value in wanted.values.values() if isinstance(value, str))]
    if any("\0" in text for text in (*texts, *wanted.texts, *wanted.values, wanted.instance or "")):
        raise RefusedError("a text holds a NUL character, which no command line can")
    return Request(wanted.texts, wanted.values, wanted.instance, wanted.seed, wanted.cutoff_s, wanted.copy)


def _report(line: bytes, external: External, answer: asyncio.Future[Answer]) -> Reported:
    try:
        external.report(answer, msgspec.json.decode(line, type=Report).metrics)
    except NOT_JSON as error:
        return Reported("unreported", one_line(f"not understood: {error}"))
    except RefusedError as error:
        return Reported("unreported", str(error))
    return Reported("reported")


async def _wait(answer: asyncio.Future[Answer], reader: asyncio.StreamReader, hear: Callable[[bytes], None]) -> bool:
    """Wait for the answer, hearing what the client says; return False, all withdrawn, if it has gone before it."""
    try:
        while True:
            more = asyncio.ensure_future(reader.readline())
            both: set[asyncio.Future[Any]] = {answer, more}
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                more.cancel()  # no effect on one that is there
            line = await _line(more)
            if answer.done() or not line:
                return answer.done()
            hear(line)
    finally:
        answer.cancel()


async def _line(more: asyncio.Future[bytes]) -> bytes:
    """Return a whole line; an empty one where there is none: the client has gone, or writes without an end."""
    with contextlib.suppress(asyncio.CancelledError, OSError, ValueError):
        line = await more
        return line if line.endswith(b"\n") else b""
    return b""


def _evaluated(answer: Answer, study: str) -> Evaluated:
    folder = str(run_folder(Path(study), answer.run))
    return Evaluated("done", folder=folder, **dataclasses.asdict(answer))
