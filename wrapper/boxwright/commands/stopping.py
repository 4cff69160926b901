"""``kill`` one run, ``stop`` the study, or change its ``slots``: orders to its controller."""

from __future__ import annotations

import sys
from pathlib import Path

from boxwright.commands.opening import find_run, open_study
from boxwright.errors import UserError


def kill(study: str | Path, run: int) -> None:
    """Stop one run of a running study for good: its trial counts as KILLED.

    Raises:
        UserError: Nobody is at work on the study, or the run is not running.
    """
    from boxwright.study.control import Order, give_order

    opened = open_study(study)
    with opened.store as store:
        record = find_run(store, run)
    if record.status != "RUNNING":
        raise UserError(f"run {run} is not running: {record.status}.", place=str(opened.folder))
    answer = give_order(opened.folder, Order(do="kill", run=run))
    if not answer.done:
        raise UserError(f"{answer.text}.", place=str(opened.folder))


def stop(study: str | Path, *, now: bool = False) -> None:
    """Let a running study start no new run; with ``now``, stop the runs under way as well. It can be resumed.

    Raises:
        UserError: Nobody is at work on the study.
    """
    from boxwright.study.control import Order, give_order

    give_order(open_study(study).folder, Order(do="stop", now=now))


def slots(study: str | Path, number: int | str) -> str:
    """Change how many slots a running study has in batch jobs; return in one line what was done.

    Args:
        study: Its folder.
        number: ``+8`` and ``-4`` change it, ``12`` sets it.

    Raises:
        UserError: Nobody is at work on the study, its slots are those of this machine, or it is no such number.
    """
    from boxwright.study.control import Order, give_order

    folder = open_study(study).folder
    answer = give_order(folder, Order(do="slots", slots=str(number)))
    if not answer.done:
        raise UserError(f"{answer.text}.", place=str(folder))
    return answer.text


def kill_command(study: str, run: int) -> int:
    """Do ``boxwright kill``."""
    kill(study, run)
    sys.stderr.write(f"run {run} is being stopped\n")
    return 0


def stop_command(study: str, *, now: bool) -> int:
    """Do ``boxwright stop``."""
    stop(study, now=now)
    sys.stderr.write("runs are being stopped\n" if now else "no new runs; those under way go on to their end\n")
    return 0


def slots_command(number: str, study: str) -> int:
    """Do ``boxwright slots``."""
    sys.stderr.write(f"{slots(study, number)}\n")
    return 0
