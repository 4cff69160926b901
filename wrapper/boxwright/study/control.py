"""``control.sock``: how a person reaches the controller of a running study. Mode 0600, one JSON line each way."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TextIO

import msgspec

from boxwright.errors import StudyError, UserError
from boxwright.execute.lock import is_held, slot_locks
from boxwright.json_faults import NOT_JSON
from boxwright.store.layout import CONTROL_SOCKET, CONTROLLER_LOCK, VALIDATION

if TYPE_CHECKING:
    from boxwright.propose.external import External
    from boxwright.study.evaluations import Evaluated, Reported

_Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_MAX_LINE_BYTES = 1024 * 1024
_LAST_ANSWERS_S = 1.0
_BACKLOG = 4096
"""Calls of `boxwright algo` may come by the hundred at once."""
_LINE_PATIENCE_S = 10
_LOCK_PATIENCE_S = 0.5
_LOCK_PAUSE_S = 0.01


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person wants of the controller.

    Attributes:
        do: ``kill``, ``retry`` (a failed run) and ``again`` (with another seed) are about one run, the others about
            the study; ``extend`` gives it more runs.
        run: The run that is meant.
        now: Whether to stop the runs under way as well.
        runs: How many there are to be in all.
        slots: How many slots are wanted: ``+8``, ``-4`` or ``12``.
    """

    do: Literal["ping", "stop", "kill", "pause", "continue", "retry", "again", "extend", "slots"]
    run: _Number | None = None
    now: bool = False
    runs: _Number | None = None
    slots: str = ""


class Answer(msgspec.Struct, frozen=True):
    """What the controller did about it."""

    done: bool
    text: str = ""


@contextmanager
def controller_lock(study: Path) -> Iterator[None]:
    """Hold a study: one controller at a time.

    Raises:
        UserError: Another process holds it, or the folder cannot be written.
    """
    try:
        file = (study / CONTROLLER_LOCK).open("a+")
    except OSError as error:
        raise UserError(f"cannot be written to: {error.strerror}", place=str(study)) from error
    with file:
        _lock(file, study)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def _lock(file: TextIO, study: Path) -> None:
    give_up = time.monotonic() + _LOCK_PATIENCE_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            # Whoever asks whether the study is being run holds it, too, for an instant.
            if time.monotonic() < give_up:
                time.sleep(_LOCK_PAUSE_S)
                continue
            file.seek(0)
            holder = file.read(20).strip() or "?"
            raise UserError(
                f"is being run by process {holder}. Wait for it, or `boxwright stop` it.", place=str(study)
            ) from error
        except OSError as error:
            raise UserError(
                f"cannot be locked: {error.strerror}. Use a file system with locks (flock), such as a local disk.",
                place=str(study),
            ) from error
        return


def is_running(study: Path) -> bool:
    """Return whether a controller is at work on the study."""
    try:
        with (study / CONTROLLER_LOCK).open("r") as file:  # a study in a read-only folder has its state, too
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # no such file, or no locks here
        return False
    return False


@contextmanager
def socket_path(study: Path) -> Iterator[str]:
    """Yield a path to the socket that is short enough, however deep the study lies (the limit is 108 bytes)."""
    folder = os.open(study, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{CONTROL_SOCKET}"
    finally:
        os.close(folder)


@asynccontextmanager
async def control_server(
    study: Path, obey: Callable[[bytes], Answer], external: External | None = None
) -> AsyncIterator[None]:
    """Listen for orders, which are obeyed, and for evaluations, while the study runs.

    Where no socket can be made (some network disks), do without.

    Raises:
        StudyError: There can be none, and an external optimizer would have no way to its study.
    """
    serving: set[asyncio.Task[None]] = set()

    # Who only asks for a study's state imports this module too, and is spared the space and all that it loads.
    from boxwright.study.evaluations import Evaluated, evaluate

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        task.add_done_callback(serving.discard)
        with contextlib.closing(writer), contextlib.suppress(OSError, asyncio.TimeoutError):
            answer: Answer | Evaluated | None
            try:
                line = await asyncio.wait_for(reader.readline(), timeout=_LINE_PATIENCE_S)
            except ValueError:
                await asyncio.wait_for(_rest_of_line(reader), timeout=_LINE_PATIENCE_S)
                answer = Evaluated("refused", f"the line is longer than {_MAX_LINE_BYTES >> 20} MiB")
            else:
                if _is_evaluation(line):
                    answer = await evaluate(line, external, reader, lambda said: _write(writer, said), str(study))
                else:
                    answer = obey(line)
            if answer is not None:
                _write(writer, answer)
                await writer.drain()

    listener = socket.socket(socket.AF_UNIX)
    server = None
    with socket_path(study) as path, contextlib.suppress(OSError):
        (study / CONTROL_SOCKET).unlink(missing_ok=True)
        mask = os.umask(0o177)
        try:
            listener.bind(path)
        finally:
            os.umask(mask)
        server = await asyncio.start_unix_server(serve, sock=listener, limit=_MAX_LINE_BYTES, backlog=_BACKLOG)
    if server is None and external is not None:
        listener.close()
        raise StudyError(f"{study / CONTROL_SOCKET}: no socket can be made here. Use a local disk for the study.")
    try:
        yield
    finally:
        if serving:
            await asyncio.wait(serving, timeout=_LAST_ANSWERS_S)
        if server is not None:
            server.close()
        listener.close()
        (study / CONTROL_SOCKET).unlink(missing_ok=True)


def _write(writer: asyncio.StreamWriter, answer: Answer | Evaluated | Reported) -> None:
    writer.write(msgspec.json.encode(answer) + b"\n")


async def _rest_of_line(reader: asyncio.StreamReader) -> None:
    """Read what is left of a line: a client that is still writing would not hear the answer."""
    while (data := await reader.read(_MAX_LINE_BYTES)) and b"\n" not in data:
        pass


class _Wanted(msgspec.Struct):
    do: str


def _is_evaluation(line: bytes) -> bool:
    with contextlib.suppress(*NOT_JSON):
        return msgspec.json.decode(line, type=_Wanted).do == "evaluate"
    return False


def give_order(study: Path, order: Order, *, wait_s: float = 10.0) -> Answer:
    """Send one order to the controller of a study and return its answer.

    Raises:
        UserError: Nobody is at work on the study.
    """
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(wait_s)
        try:
            with socket_path(study) as path:
                line.connect(path)
            line.sendall(msgspec.json.encode(order) + b"\n")
            data = b""
            while not data.endswith(b"\n") and (more := line.recv(_MAX_LINE_BYTES)):
                data += more
            return msgspec.json.decode(data, type=Answer)
        except (OSError, *NOT_JSON) as error:
            raise UserError(_why_no_answer(study, wait_s), place=str(study)) from error


def _why_no_answer(study: Path, wait_s: float) -> str:
    if is_running(study / VALIDATION):
        return f"it is being validated: that is a study of its own, {study / VALIDATION}."
    if is_running(study):
        return f"its controller gave no answer within {wait_s:g} s. Try again."
    busy = sum(map(is_held, slot_locks(study)))
    if not busy:
        return "no controller is at work here (nothing is running)."
    runs = "a run that it started goes on" if busy == 1 else f"{busy} runs that it started go on"
    return f"no controller is at work here, but {runs}; `boxwright resume` takes the study up."
