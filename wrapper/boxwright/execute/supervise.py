"""One command from its start until nothing of it is left.

Polite, then firm: TERM to everything, a grace, KILL to everything until the kernel says that no child is left.
As the agent is a child subreaper, "no child is left" covers daemons and grandchildren as well.
"""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from boxwright.errors import one_line
from boxwright.execute.inbox import Inbox
from boxwright.execute.limits import Excess, Limits, Meter, cut_logs, excess_of_output
from boxwright.execute.messages import Ended
from boxwright.execute.told_time import ToldTime
from boxwright.execute.tree import descendants, signal_groups

# Helpers such as `tee` end by themselves a moment after the command, once they have written what they hold.
SETTLE_S = 0.2
STRAGGLER_GRACE_S = 1.0
UNKILLABLE_S = 30.0
# A command that has been asked to end may pass its limits by this factor before its grace is cut short.
GRACE_SLACK = 1.25


@dataclass(frozen=True, slots=True)
class Command:
    """What is to be started, and where its output goes: names of files in the folder."""

    argv: Sequence[str]
    env: Mapping[str, str]
    folder: Path
    stdout: str
    stderr: str
    limits: Limits
    workdir: Path | None = None  # its folder, if None
    told: ToldTime | None = None  # hears what it tells of its CPU time


@dataclass(frozen=True, slots=True)
class CommandEnd:
    """How it ended; the fields are those of ``messages.Exit``.

    Attributes:
        left: Processes that not even KILL has ended (stuck in the kernel, or another user's).
    """

    ended_by: Ended
    exit_code: int | None = None
    detail: str = ""
    wall_s: float = 0.0
    cpu_s: float = 0.0
    max_rss_bytes: int = 0
    stragglers: int = 0
    left: tuple[int, ...] = ()


def carry_out(command: Command, run: int, inbox: Inbox) -> CommandEnd:
    """Start the command, keep it within its limits, and return when nothing of it is alive."""
    try:
        log_fds = _open_log(command.folder / command.stdout), _open_log(command.folder / command.stderr)
    except OSError as error:
        return CommandEnd(Ended.NOT_STARTED, detail=_in_words(error))
    try:
        return _carry_out(command, run, inbox, log_fds)
    finally:
        for fd in log_fds:
            os.close(fd)


def _carry_out(command: Command, run: int, inbox: Inbox, log_fds: tuple[int, int]) -> CommandEnd:
    began = time.monotonic()
    try:
        main_pid = _start(command, log_fds)
    except (OSError, ValueError, IndexError) as error:
        return CommandEnd(Ended.NOT_STARTED, detail=_why_not_started(error, command))
    children = _Children(main_pid)
    meter = Meter(command.limits, log_fds, command.told)
    excess = _watch(children, meter, command.limits, began, run, inbox)
    if excess is not None:
        _end_all(children, inbox, command.limits.grace_s, meter)
    elif children.reap():
        _settle(children, inbox)
        _end_all(children, inbox, min(command.limits.grace_s, STRAGGLER_GRACE_S))
    output_bytes = command.limits.output_bytes
    if output_bytes is not None and (written_bytes := meter.written_bytes()) > output_bytes:
        excess = excess or excess_of_output(written_bytes, output_bytes)
        cut_logs(log_fds, output_bytes)
    return CommandEnd(
        ended_by=excess.limit if excess else Ended.EXITED,
        exit_code=children.exit_code,
        detail=one_line(excess.detail) if excess else "",
        wall_s=(children.main_ended or time.monotonic()) - began,
        cpu_s=children.cpu_s,
        max_rss_bytes=max(meter.peak_bytes, children.max_rss_bytes),
        stragglers=len(children.stragglers),
        left=tuple(children.left),
    )


class _Children:
    """What has been learned of the command's processes by waiting for them.

    Attributes:
        exit_code: Of the main process, once it has ended; with it comes ``main_ended``, monotonic seconds.
        cpu_s: A process that is waited for brings the time of those that it has waited for itself.
        stragglers: Those that had to be signalled after the main process had ended.
        left: Those that could not be ended.
    """

    def __init__(self, main_pid: int) -> None:
        self.exit_code: int | None = None
        self.main_ended: float | None = None
        self.cpu_s = 0.0
        self.max_rss_bytes = 0
        self.stragglers: set[int] = set()
        self.left: list[int] = []
        self._main_pid = main_pid

    def reap(self) -> bool:
        """Collect those that have ended; return whether any is left."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            self.cpu_s += usage.ru_utime + usage.ru_stime
            self.max_rss_bytes = max(self.max_rss_bytes, usage.ru_maxrss * 1024)
            if pid == self._main_pid:
                self.exit_code = os.waitstatus_to_exitcode(status)
                self.main_ended = time.monotonic()

    def signal(self, number: signal.Signals) -> None:
        """Signal all of them."""
        processes = descendants(os.getpid())
        if self.exit_code is not None:
            self.stragglers.update(process.pid for process in processes if process.is_alive)
        signal_groups(processes, number)


def _start(command: Command, log_fds: tuple[int, int]) -> int:
    process = subprocess.Popen(
        command.argv,
        cwd=command.workdir or command.folder,
        env=command.env,
        stdin=subprocess.DEVNULL,
        stdout=log_fds[0],
        stderr=log_fds[1],
        start_new_session=True,
    )
    process.returncode = 0  # _Children waits for it; without this, Popen would want to do so, too
    return process.pid


def _watch(children: _Children, meter: Meter, limits: Limits, began: float, run: int, inbox: Inbox) -> Excess | None:
    """Wait for the end of the main process; return the limit that comes first, if one does."""
    cutoff = began + limits.cutoff_s if limits.cutoff_s is not None else float("inf")
    next_look = began + meter.pause_s
    while True:
        children.reap()
        if children.exit_code is not None:
            return None
        reason = inbox.reason_to_stop(run)
        if reason is not None:
            return Excess(Ended.CANCELLED, reason)
        now = time.monotonic()
        if now >= cutoff:
            return Excess(Ended.CUTOFF, f"still running after {limits.cutoff_s:g} s")
        if now >= next_look:
            excess = meter.look(descendants(os.getpid()))
            if excess is not None:
                return excess
            next_look = time.monotonic() + meter.pause_s
        inbox.wait(max(0.0, min(cutoff, next_look) - time.monotonic()))


def _settle(children: _Children, inbox: Inbox) -> None:
    end = time.monotonic() + SETTLE_S
    while children.reap() and (rest_s := end - time.monotonic()) > 0:
        inbox.wait(rest_s)


def _end_all(children: _Children, inbox: Inbox, grace_s: float, meter: Meter | None = None) -> None:
    """Ask everything to end, and insist after the grace, or earlier if it goes on to fill memory or disk."""
    if not children.reap():
        return
    children.signal(signal.SIGTERM)
    end = time.monotonic() + grace_s
    while children.reap() and (rest_s := end - time.monotonic()) > 0:
        if meter is not None and meter.look(descendants(os.getpid()), slack=GRACE_SLACK):
            break
        inbox.wait(min(rest_s, meter.pause_s) if meter is not None else rest_s)
    _kill_all(children, inbox)


def _kill_all(children: _Children, inbox: Inbox) -> None:
    end = time.monotonic() + UNKILLABLE_S
    pause_s = 0.001
    while children.reap():
        if time.monotonic() > end:
            children.left = [process.pid for process in descendants(os.getpid())]
            return
        children.signal(signal.SIGKILL)
        inbox.wait(pause_s)
        pause_s = min(pause_s * 2, 0.05)


def _open_log(path: Path) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o666)
    except FileExistsError:
        # Never written into as it stands: it may be a hard link to a person's own file.
        path.unlink()
        return os.open(path, flags, 0o666)


def _why_not_started(error: OSError | ValueError | IndexError, command: Command) -> str:
    if isinstance(error, IndexError):
        return "the command is empty"
    if isinstance(error, ValueError):
        return one_line(f"{command.argv[0]}: {error}")
    words = _in_words(error)
    if error.errno == errno.ENOENT and _is_program(command):
        words += " (the program after its #! was not found)"
    if error.errno == errno.ENOEXEC:
        words += " (a script needs a first line with #!)"
    return words


def _is_program(command: Command) -> bool:
    with suppress(OSError):
        return "/" in command.argv[0] and command.folder.joinpath(command.argv[0]).is_file()
    return False


def _in_words(error: OSError) -> str:
    name = error.filename
    text = os.fsdecode(name) if isinstance(name, (str, bytes)) else str(name)
    return one_line(f"{text}: {error.strerror}")
