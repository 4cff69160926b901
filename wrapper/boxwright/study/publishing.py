"""Has a study uploaded while it runs, if its scenario wants that; the study itself waits only at its very end."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from boxwright.publish.uploader import ALL_UP, SOMETHING_LEFT
from boxwright.scenario.publish import Publish

_MORE_S = 10.0
"""What the uploader's last file may take beyond its time."""

_LONGEST_S = 60.0


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
    ending = asyncio.Event()
    keeping = asyncio.create_task(_keep(study, ending, tell))
    try:
        yield
    finally:
        ending.set()
        try:
            async with asyncio.timeout(publish.wait_s + _MORE_S):
                is_whole = await keeping
        except TimeoutError:
            is_whole = False
        if not is_whole:
            tell(
                f"publish: not all was uploaded within {publish.wait_s:g} s of the end; `boxwright resume` catches up"
            )


async def _keep(study: Path, ending: asyncio.Event, tell: Callable[[str], None]) -> bool:
    """Run the uploader until it ends by itself; return whether all is uploaded. One that dies is started again."""
    pause_s = 1.0
    while True:
        try:
            code = await _run(study, ending, tell)
        except OSError as error:
            tell(f"publish: cannot be started: {error.strerror or error}")
            return False
        if code in (ALL_UP, SOMETHING_LEFT):
            return code == ALL_UP
        if pause_s == 1:
            how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
            tell(f"publish: the uploader {how}; it is started again")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ending.wait(), pause_s)
        pause_s = min(_LONGEST_S, 2 * pause_s)


async def _run(study: Path, ending: asyncio.Event, tell: Callable[[str], None]) -> int:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "boxwright.publish.uploader", str(study)),
        stdin=PIPE,
        stdout=PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C in the terminal is for the study
    )
    closing = asyncio.create_task(_close(process, ending))
    try:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            tell(line.decode("utf-8", "replace").rstrip("\n"))
        return await process.wait()
    finally:
        closing.cancel()
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _close(process: Process, ending: asyncio.Event) -> None:
    """Let the uploader know that the study is over."""
    await ending.wait()
    assert process.stdin is not None
    process.stdin.close()
