"""The slot agent: one process per slot, which carries out one run after another. Linux only.

``python -m boxwright.execute.agent FD LOCK SLOT [tied]``: an inherited stream socket to the controller, the lock file
of the slot, and the slot as JSON. It reads requests, writes ``exit.json`` into each run's folder, and answers. When
the controller is gone it finishes its run and ends, but at once if it is tied to it; SIGTERM stops its run and ends
it, too.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path

import msgspec

from boxwright.errors import one_line
from boxwright.execute.exits import write_exit
from boxwright.execute.inbox import STOPPED_BY_PERSON, Inbox
from boxwright.execute.limits import Limits
from boxwright.execute.lock import hold
from boxwright.execute.messages import Ended, Exit, Finished, PostExit, PostStep, Ready, Request
from boxwright.execute.minding import become_subreaper, end_with_parent, restore_signals
from boxwright.execute.supervise import Command, CommandEnd, carry_out
from boxwright.execute.told_time import ToldTime
from boxwright.terms import Slot

# Nobody but the file hears of a run whose controller is gone, so a full disk gets some time to be mended.
_WRITE_ATTEMPTS = 10
_WRITE_PAUSE_S = 1.0

TIED = "tied"
"""Says that the agent is to stop its run and end when the process that has started it does."""


def main(words: list[str]) -> int:
    """Carry out requests until the controller is gone or SIGTERM comes; return the exit code."""
    fd, lock, slot = int(words[0]), Path(words[1]), msgspec.json.decode(words[2], type=Slot)
    connection = socket.socket(fileno=fd)
    connection.set_inheritable(False)
    restore_signals()
    become_subreaper()
    if TIED in words[3:]:
        end_with_parent()
    pin(slot.cores)
    hold(lock, slot)
    inbox = Inbox(connection)
    inbox.send(Ready(os.getpid()))
    while (request := inbox.next_request()) is not None:
        exit_, left = run(request, inbox)
        exit_ = leave(exit_, Path(request.folder), inbox)
        inbox.send(Finished(exit_, is_last=inbox.told_to_end or bool(left)))
        if left:
            # Processes that cannot be killed must not be taken for those of the next run.
            print(f"run {request.run}: still there: {', '.join(map(str, left))}", file=sys.stderr)  # noqa: T201
            return 1
    return 0


def run(request: Request, inbox: Inbox) -> tuple[Exit, tuple[int, ...]]:
    """Carry out the command and its post step; return how it ended, and the pids that could not be ended."""
    started, began = time.time(), time.monotonic()
    end, told_s = _carry_out(request, inbox)
    post = None
    if request.post and end.ended_by is Ended.EXITED and not end.left and (end.exit_code == 0 or request.post_always):
        post = _carry_out_post(request, request.post, inbox)
    ended_by, detail = end.ended_by, end.detail
    if post is not None and post.ended_by is Ended.CANCELLED:
        ended_by, detail = post.ended_by, post.detail
    if ended_by is Ended.EXITED and inbox.told_to_end:  # a part of it may have got the TERM, too
        ended_by, detail = Ended.CANCELLED, STOPPED_BY_PERSON
    left = end.left + (post.left if post else ())
    if left:
        detail = f"{detail}; could not be killed: {', '.join(map(str, left))}".lstrip("; ")
    exit_ = Exit(
        run=request.run,
        ended_by=ended_by,
        exit_code=end.exit_code,
        detail=detail,
        started=started,
        ended=started + (time.monotonic() - began),  # the clock may be set while a run goes on
        wall_s=end.wall_s,
        cpu_s=end.cpu_s + (post.cpu_s if post else 0.0),
        max_rss_bytes=max(end.max_rss_bytes, post.max_rss_bytes if post else 0),
        stragglers=end.stragglers + (post.stragglers if post else 0),
        told_s=told_s,
        post=_post_exit(post) if post else None,
    )
    return exit_, left


def _carry_out(request: Request, inbox: Inbox) -> tuple[CommandEnd, float | None]:
    """Carry out the command; return how it ended, and the CPU time that it has told last."""
    limits = Limits(request.cutoff_s, request.grace_s, request.memory_bytes, request.output_bytes)
    folder = Path(request.folder)
    workdir = None if request.workdir is None else Path(request.workdir)
    command = Command(request.argv, request.env, folder, "stdout.log", "stderr.log", limits, workdir)
    if not request.time_port:
        return carry_out(command, request.run, inbox), None
    with ToldTime() as told:
        if told.port:
            command = replace(command, env={**request.env, request.time_port: str(told.port)}, told=told)
        end = carry_out(command, request.run, inbox)
        told.look()  # all that it has sent is there: its processes have ended
        return end, told.cpu_s


def _carry_out_post(request: Request, step: PostStep, inbox: Inbox) -> CommandEnd:
    limits = Limits(step.cutoff_s, request.grace_s, request.memory_bytes, request.output_bytes)
    folder = Path(request.folder)
    command = Command(step.argv, request.env, folder, "postprocess.log", "postprocess.err", limits)
    return carry_out(command, request.run, inbox)


def _post_exit(end: CommandEnd) -> PostExit:
    return PostExit(ended=end.ended_by, exit_code=end.exit_code, detail=end.detail, wall_s=end.wall_s)


def leave(exit_: Exit, folder: Path, inbox: Inbox) -> Exit:
    """Write ``exit.json``; return the exit, with a remark in its detail if it could not be written."""
    remark = ""
    for attempt in range(_WRITE_ATTEMPTS):
        try:
            write_exit(folder, exit_)
        except OSError as error:
            remark = f"exit.json could not be written: {error.strerror}"
            if not inbox.controller_is_gone:
                break
            if attempt + 1 < _WRITE_ATTEMPTS and folder.is_dir():
                time.sleep(_WRITE_PAUSE_S)
        else:
            return exit_
    print(one_line(f"run {exit_.run}: {remark}"), file=sys.stderr)  # noqa: T201
    return msgspec.structs.replace(exit_, detail=f"{exit_.detail}; {remark}".lstrip("; "))


def pin(cores: tuple[int, ...]) -> None:
    """Keep to these cores, and with that all runs, which inherit it."""
    if cores:
        try:
            os.sched_setaffinity(0, cores)
        except OSError as error:  # the cores were taken away since the slots were planned
            print(f"not pinned to cores {cores}: {error.strerror}", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
