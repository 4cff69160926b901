"""Evaluations that come in over ``control.sock``: one line in, one line out once the run is over.

A client that closes its end before the answer withdraws its request, and the run that nobody else wants is stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from boxwright.propose.external import Answer, External, OverError, Request
from boxwright.propose.intake import RefusedError
from boxwright.store.layout import run_folder
from boxwright.terms import Value

_MOST_PARAMETERS = 10_000
_Seed = Annotated[int, Meta(ge=-(2**62), le=2**62)]


class Evaluate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a client sends; see ``propose.external.Request``."""

    do: Literal["evaluate"]
    texts: Annotated[dict[str, str], Meta(max_length=_MOST_PARAMETERS)] = {}
    values: Annotated[dict[str, Value], Meta(max_length=_MOST_PARAMETERS)] = {}
    instance: Annotated[str, Meta(min_length=1, max_length=4096)] | None = None
    seed: _Seed | None = None
    cutoff_s: Annotated[float, Meta(gt=0)] | None = None
    copy: Annotated[int, Meta(ge=1, le=2**31)] | None = None


class Evaluated(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a client is sent.

    Attributes:
        state: ``done``, ``refused`` or ``over``; the text says why.
        status: What became of the run, as in the study.
        cost: What is to be minimised; absent for a failure.
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
    folder: str = ""


async def evaluate(
    line: bytes, external: External | None, reader: asyncio.StreamReader, study: str
) -> Evaluated | None:
    """Carry out what a client asks for; return None if it has gone in the meantime."""
    try:
        if external is None:
            raise RefusedError("this study chooses its configurations itself: it has no optimizer.command")
        answer = external.ask(_request(line))
        if not answer.done() and not await _wait(answer, reader):
            return None
        return _evaluated(answer.result(), study)
    except RefusedError as error:
        return Evaluated("refused", str(error))
    except OverError as error:
        return Evaluated("over", str(error))


def _request(line: bytes) -> Request:
    try:
        wanted = msgspec.json.decode(line, type=Evaluate)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise RefusedError(f"not understood: {error}") from error
    return Request(wanted.texts, wanted.values, wanted.instance, wanted.seed, wanted.cutoff_s, wanted.copy)


async def _wait(answer: asyncio.Future[Answer], reader: asyncio.StreamReader) -> bool:
    """Wait for the answer; return False, the request withdrawn, if the client has gone before it."""
    gone = asyncio.ensure_future(reader.read(1))
    both: set[asyncio.Future[Any]] = {answer, gone}
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        return answer.done()
    finally:
        answer.cancel()  # no effect on one that is there
        gone.cancel()
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await gone


def _evaluated(answer: Answer, study: str) -> Evaluated:
    return Evaluated(
        "done",
        trial=answer.trial,
        run=answer.run,
        status=str(answer.status),
        quality=answer.quality,
        cost=answer.cost,
        metrics=answer.metrics,
        config=answer.config,
        seed=answer.seed,
        runtime_s=answer.runtime_s,
        additional=answer.additional,
        reason=answer.reason,
        folder=str(run_folder(Path(study), answer.run)),
    )
