"""What runs in a batch job for a study: it reads in a file what it has to know, with the study's keys beside that."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from boxwright.errors import BoxwrightError, one_line
from boxwright.execute.minding import restore_signals

_Order = TypeVar("_Order")


def run_errand(
    path: Path, kind: type[_Order], serve: Callable[[Path, _Order], Coroutine[Any, Any, int]], who: str
) -> int:
    """Read the file and serve until the end; return the exit code.

    Args:
        path: The file.
        kind: What it holds.
        serve: Is given the folder of the keys and what the file holds.
        who: Begins what is said in the job's log.
    """
    restore_signals()
    try:
        order = msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError) as error:
        return say(who, f"no controller is at work on the study any more ({path}: {error})", code=1)
    try:
        return asyncio.run(serve(path.parent, order))
    except (BoxwrightError, OSError) as error:
        return say(who, str(error), code=1)


def say(who: str, text: str, code: int = 0) -> int:
    """Put one line into the job's log; return the exit code."""
    print(f"{time.strftime('%F %T')} {who}: {one_line(text)}", flush=True)  # noqa: T201
    return code
