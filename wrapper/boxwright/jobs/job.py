"""What runs in a batch job that is there for one run: the slot agent's own function, for one request. Linux only.

``python -m boxwright.jobs.job BATCH``: the file that lists the runs of this submission. Which of them is this job's,
``BOXWRIGHT_JOB_INDEX`` says. The run goes on whatever becomes of the controller; ``exit.json`` says how it ended.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from pathlib import Path
from types import FrameType

import msgspec

from boxwright.errors import BoxwrightError, one_line
from boxwright.execute.agent import leave, pin, run
from boxwright.execute.inbox import Inbox
from boxwright.execute.inherited import with_inherited
from boxwright.execute.messages import Ended, Exit, Request
from boxwright.execute.minding import become_subreaper, end_with_parent, restore_signals
from boxwright.jobs.files import REQUEST, UNKNOWN, Batch, Claim, claim, read_file
from boxwright.materialise.environment import GPU_VARIABLES
from boxwright.pilots.checkpoints import mark_signalled, signal_main_process, was_signalled
from boxwright.pilots.endings import doubt_s, ended_with_job
from boxwright.pilots.shares import Shares, deal_shares

ENDED_BY_SCHEDULER = "its batch job was ended"


def main(words: list[str]) -> int:
    """Carry out the run of this job; return 0 if ``exit.json`` says how it ended."""
    restore_signals()
    become_subreaper()
    end_with_parent()  # where a scheduler kills the script alone
    ours, theirs = socket.socketpair()
    inbox = Inbox(theirs)  # from here on TERM is heard
    ours.close()
    job, index = os.environ.get("BOXWRIGHT_JOB") or UNKNOWN, int(os.environ.get("BOXWRIGHT_JOB_INDEX", "0"))
    batch = read_file(Path(words[0]), Batch)
    if batch is None or not 0 <= index < len(batch.folders):
        return _complain(f"{words[0]} names no run {index}")
    folder = Path(batch.folders[index])
    try:
        if not claim(folder, Claim(job=job, host=socket.gethostname())):
            return _complain(f"{folder}: the run was taken back, or another job has it")
        request = read_file(folder / REQUEST, Request)
        if request is None:
            return _complain(f"{folder}: its request cannot be read")
        (folder / REQUEST).unlink()
    except OSError as error:
        return _complain(f"{folder}: {error.strerror}")
    return _carry_out(request, batch, inbox)


def _carry_out(request: Request, batch: Batch, inbox: Inbox) -> int:
    folder = Path(request.folder)
    try:
        shares = deal_shares(1, batch.gpus, batch.cores, os.environ)
    except BoxwrightError as error:
        exit_ = Exit(run=request.run, ended_by=Ended.NOT_STARTED, detail=f"{socket.gethostname()}: {error}")
        leave(exit_, folder, inbox)
        return 1
    pin(shares.slots[0].cores)
    _announce_end(request, folder, batch.signal_before_end_s)
    exit_, left = run(_on_this_node(request, shares), inbox)
    if ended_with_job(exit_, told=_is_told(exit_, inbox), signalled=was_signalled(folder)):
        exit_ = msgspec.structs.replace(exit_, ended_by=Ended.CANCELLED, detail=ENDED_BY_SCHEDULER)
    leave(exit_, folder, inbox)
    return 1 if left else 0


def _on_this_node(request: Request, shares: Shares) -> Request:
    """Return the request with what the job has here."""
    request = with_inherited(request)
    gpus = ",".join(shares.slots[0].gpus)
    if not gpus:
        return request
    env = {**request.env, **dict.fromkeys(GPU_VARIABLES, gpus), "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    return msgspec.structs.replace(request, env=env)


def _is_told(exit_: Exit, inbox: Inbox) -> bool:
    """Return whether the job is told to end, now or in a moment."""
    end = time.monotonic() + doubt_s(exit_, is_last=True)
    while not inbox.told_to_end and (rest_s := end - time.monotonic()) > 0:
        inbox.wait(rest_s)
    return inbox.told_to_end


def _announce_end(request: Request, folder: Path, before_s: int | None) -> None:
    """Have the command hear of its job's end in time, once: it may save what it has.

    Slurm sends a signal of its own; elsewhere a clock does.
    """
    token = request.env.get("BOXWRIGHT_TOKEN", "")
    told = False

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        nonlocal told
        if before_s is not None and not told:
            told = True
            mark_signalled(folder)
            signal_main_process(token)

    signal.signal(signal.SIGUSR1, on_signal)  # in any case: who does not know it, dies of it
    end = os.environ.get("BOXWRIGHT_JOB_END", "")
    if before_s is not None and end.isdecimal():
        signal.signal(signal.SIGALRM, on_signal)
        signal.setitimer(signal.ITIMER_REAL, max(1.0, float(end) - before_s - time.time()))


def _complain(words: str) -> int:
    print(one_line(words), file=sys.stderr)  # noqa: T201
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
