"""Runs that a person, or an external optimizer, wants killed.

It is on disk before anything is done, so that the next controller knows of it, too.
"""

from __future__ import annotations

from boxwright.execute.messages import Exit
from boxwright.propose.requests import BY_OPTIMIZER
from boxwright.store.database import Store
from boxwright.terms import Outcome, Status

BY_PERSON = "killed by a person"
"""The reason given to the slot agent, which leaves it in ``exit.json``."""


class KillOrders:
    """The orders to kill a run that this and earlier controllers were given."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._runs: dict[int, str] = {}

    def give(self, run: int, reason: str = BY_PERSON) -> None:
        """Record the order.

        Raises:
            StudyError: It cannot be recorded.
        """
        self._store.set_meta(_key(run), reason)
        self._runs[run] = reason

    def take_up(self, run: int) -> str:
        """Return why an earlier controller was to kill this run; empty if it was not."""
        reason = self._store.meta(_key(run))
        if reason:
            self._runs[run] = reason
        return reason

    def outcome(self, run: int) -> Outcome:
        """Return what this run, which was to be killed, has come to."""
        return Outcome(Status.KILLED, reason=self._runs.get(run, BY_PERSON))

    def cover(self, run: int, exit_: Exit | None = None) -> bool:
        """Return whether this run was to be killed; its exit knows so even after the database was lost."""
        return run in self._runs or (exit_ is not None and exit_.detail.startswith((BY_PERSON, BY_OPTIMIZER)))


def _key(run: int) -> str:
    return f"kill {run}"
