"""Calls one command of a scheduler: never without a time limit, never through a shell."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from boxwright.errors import SchedulerError, one_line

PATIENCE_S = 60.0
"""A busy scheduler answers within some ten seconds; one that takes longer than this is down."""

MOST_BYTES = 1 << 26

# What a job knows of itself must not pass for settings of the jobs that are submitted from it.
_OF_A_JOB = re.compile(
    r"SLURM_(?!CONF$|JWT$|CLUSTERS$).*|PBS_(?!CONF_|DEFAULT$|SERVER$|EXEC$|HOME$).*|LSB_(?!CONFDIR$).*|BOXWRIGHT_JOB.*|"
    r"JOB_ID|JOB_NAME|SGE_TASK_.*|SGE_STDOUT_PATH|SGE_STDERR_PATH|SGE_JOB_SPOOL_DIR|PE|NSLOTS|NHOSTS|"
    r"CUDA_VISIBLE_DEVICES|ROCR_VISIBLE_DEVICES|HIP_VISIBLE_DEVICES|ZE_AFFINITY_MASK|GPU_DEVICE_ORDINAL"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said.

    Attributes:
        code: Exit code.
        words: Its stderr, or else stdout, in one line and not long.
    """

    code: int
    stdout: str
    stderr: str

    @property
    def words(self) -> str:
        """Return what it said went wrong."""
        lines = [line.strip() for line in (self.stderr.strip() or self.stdout.strip()).splitlines() if line.strip()]
        return one_line("; ".join(lines[:8]))[:600] or f"exit code {self.code}"

    def said_by(self, program: str) -> str:
        """Return the same after the name of the program, which many begin each of their lines with."""
        said_again = rf"(^|; ){re.escape(program)}: (error: )?"
        return f"{program}: " + re.sub(said_again, r"\1", self.words)


async def call(
    argv: Sequence[str], *, folder: Path | None = None, stdin: bytes = b"", patience_s: float = PATIENCE_S
) -> Answer:
    """Run a command to its end.

    Args:
        argv: The command.
        folder: Where it starts.
        stdin: What it reads.
        patience_s: It is killed after this.

    Raises:
        SchedulerError: It cannot be started, or takes too long, or floods.
    """
    program = argv[0]
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=folder,
            env=submission_environment(),
            stdin=asyncio.subprocess.PIPE if stdin else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in the terminal is for the controller alone
        )
    except OSError as error:
        raise SchedulerError(f"{program}: {error.strerror}") from error
    try:
        async with asyncio.timeout(patience_s):
            out, err, _ = await asyncio.gather(
                _read(process.stdout), _read(process.stderr), _write(process.stdin, stdin)
            )
            code = await process.wait()
    except TimeoutError:
        raise SchedulerError(f"{program} has not answered within {patience_s:g} s") from None
    except OverflowError:
        raise SchedulerError(f"{program} answers with more than {MOST_BYTES} bytes") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return Answer(code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))


async def _read(stream: asyncio.StreamReader | None) -> bytes:
    assert stream is not None
    pieces, size = [], 0
    while piece := await stream.read(1 << 16):
        pieces.append(piece)
        size += len(piece)
        if size > MOST_BYTES:
            raise OverflowError
    return b"".join(pieces)


async def _write(stream: asyncio.StreamWriter | None, data: bytes) -> None:
    if stream is not None:
        with suppress(BrokenPipeError, ConnectionResetError):  # what it says of that tells more
            stream.write(data)
            await stream.drain()
        stream.close()


def submission_environment() -> dict[str, str]:
    """Return this process's environment without what a batch job around it has set."""
    kept = {name: value for name, value in os.environ.items() if not _OF_A_JOB.fullmatch(name)}
    return {**kept, "LC_ALL": "C"}
