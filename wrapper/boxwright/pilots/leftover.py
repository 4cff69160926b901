"""Runs that an earlier controller has left, on pilots or on this machine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from boxwright.execute.adopted import POLL_S, Adopted, wait_for_adopted
from boxwright.execute.exits import read_exit
from boxwright.execute.lock import is_held
from boxwright.execute.messages import Event

_ADOPTION_S = 8.0
"""Beyond their grace, runs of an earlier controller's pilots get so long to come to their end: it is at once."""


async def wait_for_left_run(adopted: Adopted, mark: str, grace_s: float, emit: Callable[[Event], None]) -> None:
    """Wait for its end, and say so: pilots stop runs when their controller is gone, agents of this machine do not.

    Args:
        adopted: The run.
        mark: First part of the token in the environment of the run's processes.
        grace_s: Of the run.
        emit: Takes the event.
    """
    give_up = time.monotonic() + grace_s + _ADOPTION_S
    while time.monotonic() < give_up and not is_held(adopted.lock):
        if read_exit(adopted.folder, adopted.run) is not None:
            break
        await asyncio.sleep(POLL_S)
    await wait_for_adopted(adopted, mark, tuple, emit)
