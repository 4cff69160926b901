"""Has a study uploaded while it runs, if its scenario wants that; the study itself waits only at its very end."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from boxwright.scenario.publish import Publish

_MORE_S = 10.0
"""What the uploader's last file may take beyond its time."""


@asynccontextmanager
async def publishing(publish: Publish | None, study: Path, tell: Callable[[str], None]) -> AsyncIterator[None]:
    """Run the uploader beside the study, and at the end wait for it, as long as the scenario says.

    Args:
        publish: What the scenario says; None for nothing to upload.
        study: The study folder.
        tell: Hears what a person should know, in one line.
    """
    if publish is None:
        yield
        return
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "boxwright.publish.uploader", str(study)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal is for the study
        )
    except OSError as error:
        tell(f"publish: cannot be started: {error.strerror or error}; `boxwright resume` catches up")
        yield
        return
    hearing = asyncio.create_task(_hear(process, tell))
    try:
        yield
    finally:
        await _end(process, hearing, publish.wait_s, tell)


async def _hear(process: asyncio.subprocess.Process, tell: Callable[[str], None]) -> None:
    assert process.stdout is not None
    while line := await process.stdout.readline():
        tell(line.decode("utf-8", "replace").rstrip("\n"))


async def _end(
    process: asyncio.subprocess.Process, hearing: asyncio.Task[None], wait_s: float, tell: Callable[[str], None]
) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(wait_s + _MORE_S):
            await hearing
            code = await process.wait()
    except TimeoutError:
        hearing.cancel()
        process.kill()
        code = await process.wait()
    if code:
        tell(f"publish: not all was uploaded within {wait_s:g} s of the end; `boxwright resume` catches up")
