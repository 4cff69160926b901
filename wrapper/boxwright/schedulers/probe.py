"""A small batch job that tells what a node of the cluster has: ``boxwright doctor --probe``.

``python -m boxwright.schedulers.probe FILE PORT ADDRESS…``: the file to leave the answer in, and where the host that
has submitted the job listens.
"""

from __future__ import annotations

import asyncio
import os
import platform
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from boxwright import __version__
from boxwright.errors import SchedulerError
from boxwright.schedulers.base import JobSpec, Phase, Scheduler
from boxwright.schedulers.finding import file_system
from boxwright.schedulers.script import our_command

_PATIENCE_S = 5.0
_LATE_S = 10.0
_ANSWER = "answer.json"


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """What a job found.

    Attributes:
        reached: The addresses of the submitting host that it has reached.
        file_system: Type of the one that holds the folder.
    """

    host: str
    job: str
    boxwright: str
    python: str
    gpus: str
    file_system: str
    reached: tuple[str, ...]


class NoAnswerError(SchedulerError):
    """The job ended without an answer; its log, if there is one, lies in its folder.

    Attributes:
        job: Its id.
    """

    def __init__(self, words: str, job: str) -> None:
        super().__init__(words)
        self.job = job


async def probe(
    scheduler: Scheduler,
    spec: JobSpec,
    listener: socket.socket,
    addresses: Sequence[str],
    say: Callable[[str], None],
) -> Node:
    """Submit the job, wait for its answer, and return that.

    Args:
        scheduler: Where to.
        spec: The job; its command is put in here.
        listener: What the job is to reach.
        addresses: Where that may be.
        say: Takes a line about what is being waited for.

    Raises:
        NoAnswerError: The job ended without one.
        SchedulerError: It was refused, or the scheduler does not answer.
    """
    answer, port = spec.folder / _ANSWER, int(listener.getsockname()[1])
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), sock=listener)
    async with server:
        command = our_command("boxwright.schedulers.probe", str(answer), str(port), *addresses)
        (job,) = await scheduler.submit(msgspec.structs.replace(spec, argv=command))
        try:
            return await _answer(scheduler, job, answer, say)
        finally:
            with suppress(SchedulerError):
                await scheduler.cancel([job])


async def _answer(scheduler: Scheduler, job: str, path: Path, say: Callable[[str], None]) -> Node:
    said, gone_since = "", 0.0
    while True:
        with suppress(OSError, msgspec.MsgspecError):
            return msgspec.json.decode(path.read_bytes(), type=Node)
        state = (await scheduler.states([job]))[job]
        words = f"job {job}: {state.phase}" + (f" ({state.reason})" if state.reason else "")
        if words != said:
            say(words)
            said = words
        if state.phase is Phase.GONE:
            gone_since = gone_since or time.monotonic()
            if time.monotonic() > gone_since + _LATE_S:
                raise NoAnswerError(
                    f"the job left no answer in {path.parent}: its node does not see this folder, or could not start "
                    f"{sys.executable}",
                    job,
                )
        await asyncio.sleep(0.5)


def main(words: list[str]) -> int:
    """Leave what this node has; return the exit code."""
    path, port = Path(words[0]), int(words[1])
    node = Node(
        host=socket.gethostname(),
        job=os.environ.get("BOXWRIGHT_JOB", ""),
        boxwright=__version__,
        python=platform.python_version(),
        gpus=os.environ.get("CUDA_VISIBLE_DEVICES", ""),
        file_system=file_system(path.parent),
        reached=tuple(address for address in words[2:] if _reaches(address, port)),
    )
    draft = path.with_name(f".{path.name}.new")
    draft.write_bytes(msgspec.json.encode(node))
    draft.replace(path)
    return 0


def _reaches(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=_PATIENCE_S):
            return True
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
