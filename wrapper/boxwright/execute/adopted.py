"""Runs that a killed controller left behind: watched through their folder and the lock of their slot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from boxwright.execute.exits import read_exit
from boxwright.execute.leftovers import kill_leftovers
from boxwright.execute.lock import Owner, ask_owner_to_end, is_held, lock_path, read_owner
from boxwright.execute.messages import Event, RunEnded, SlotLost

POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Adopted:
    """One such run.

    Attributes:
        owner: Who held the slot when it was adopted; None where that cannot be read.
    """

    run: int
    folder: Path
    slot: int
    lock: Path
    owner: Owner | None


def adopt(study: Path, run: int, folder: Path, slot_number: int) -> Adopted:
    """Return the run with whoever holds its slot now."""
    lock = lock_path(study, slot_number)
    return Adopted(run, folder, slot_number, lock, read_owner(lock))


def cancel_adopted(adopted: Adopted) -> None:
    """Ask its agent to stop the run and to end."""
    if read_owner(adopted.lock) == adopted.owner:
        ask_owner_to_end(adopted.lock)


async def wait_for_adopted(
    adopted: Adopted, mark: str, own_pids: Callable[[], Collection[int]], emit: Callable[[Event], None]
) -> None:
    """Wait until the run is over, or its agent gone, and say so.

    Args:
        adopted: The run.
        mark: First part of the token in the environment of the run's processes.
        own_pids: Agents of this controller: what they hold is no sign that the old one is alive.
        emit: Takes the event.
    """
    while True:
        # In this order: the agent writes exit.json before it lets go of the lock.
        is_gone = _agent_is_gone(adopted, own_pids())
        exit_ = read_exit(adopted.folder, adopted.run)
        if exit_ is not None:
            emit(RunEnded(adopted.slot, exit_))
            return
        if is_gone:
            await asyncio.to_thread(kill_leftovers, f"{mark}:{adopted.run}")
            emit(SlotLost(adopted.slot, adopted.run, "its agent ended, or was killed, without exit.json"))
            return
        await asyncio.sleep(POLL_S)


def _agent_is_gone(adopted: Adopted, own_pids: Collection[int]) -> bool:
    if adopted.owner is None or adopted.owner.pid in own_pids:
        return True
    return not is_held(adopted.lock) or read_owner(adopted.lock) != adopted.owner
