"""What runs in the batch job of one copy of an external optimizer: the copy, and its way to the study. Linux only.

``python -m boxwright.pilots.copy_job ORDER``: a file in the study's folder, with the study's keys beside it. It ends,
with all that the copy has started, when the command does, when the controller is gone or says so, and upon SIGTERM.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from pathlib import Path

from boxwright.errors import BoxwrightError
from boxwright.execute.keeping import Kept, keep
from boxwright.execute.wire import encode_line
from boxwright.pilots.connecting import open_connection
from boxwright.pilots.copies import SOCKET, SOCKET_FOLDER, CopyEnded, CopyOrder, CopyUp, Tunnel, join
from boxwright.pilots.errand import run_errand
from boxwright.pilots.line import Line
from boxwright.pilots.messages import Beat, End
from boxwright.pilots.scratch import scratch_folder

_LOOK_S = 0.5
_LAST_WORDS_S = 5.0


def main(words: list[str]) -> int:
    """See to the copy until the end; return the exit code."""
    return run_errand(Path(words[0]), CopyOrder, _serve, "copy")


async def _serve(keys: Path, order: CopyOrder) -> int:
    line = Line(*await open_connection(keys, order.addresses, order.port), End | Beat)
    line.send(CopyUp(order.number, os.environ.get("BOXWRIGHT_JOB", ""), socket.gethostname()))

    async def call(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await open_connection(keys, order.addresses, order.port)
        except (BoxwrightError, OSError):
            writer.transport.abort()
            return
        there[1].write(encode_line(Tunnel()))
        await join((reader, writer), there)

    with scratch_folder() as folder:
        near = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        # The folder may lie deep, and a socket's path has 108 bytes at most.
        server = await asyncio.start_unix_server(call, f"/proc/self/fd/{near}/{SOCKET}")
        kept = await _begin(order, folder)
        ending = await _wait(line, kept, order)
        server.close()
        os.close(near)
    line.send(ending)
    await line.finish(_LAST_WORDS_S)
    return 0


async def _begin(order: CopyOrder, near: Path) -> Kept:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("BOXWRIGHT_")}
    # The folder of this ``boxwright``, where it is not on the job's PATH.
    search = f"{inherited.get('PATH', os.defpath)}{os.pathsep}{Path(sys.executable).parent}"
    folder = Path(order.folder)
    with (folder / "stdout.log").open("ab") as out, (folder / "stderr.log").open("ab") as err:
        return await keep(
            order.argv,
            folder=folder,
            env={**inherited, "PATH": search, **order.env, SOCKET_FOLDER: str(near)},
            token=order.token,
            grace_s=order.grace_s,
            stdout=out,
            stderr=err,
        )


async def _wait(line: Line, kept: Kept, order: CopyOrder) -> CopyEnded:
    """Wait for the end of the command, or end it with the job or the study; return how it came."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR2):
        loop.add_signal_handler(number, told.set)
    tasks = [asyncio.create_task(work) for work in (_listen(line), _watch(line, order), told.wait())]
    beats = asyncio.create_task(line.beat(order.beat_s))
    await asyncio.wait({kept.end, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    is_by_itself = kept.end.done() and not told.is_set()
    await kept.stop()
    for task in (*tasks, beats):
        task.cancel()
    if not is_by_itself:
        return CopyEnded(problem="its job was ended")
    ending = kept.end.result()
    return CopyEnded(ending.code, ending.problem)


async def _listen(line: Line) -> None:
    """Return when the controller is gone, or wants the end."""
    async for _ in line.messages():
        return


async def _watch(line: Line, order: CopyOrder) -> None:
    """Return when the controller has said nothing for too long."""
    while time.monotonic() - line.heard <= order.patience_s:
        await asyncio.sleep(_LOOK_S)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
