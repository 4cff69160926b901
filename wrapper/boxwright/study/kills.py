"""Runs that a person wants killed: on disk before anything is done, so that the next controller knows of it, too."""

from __future__ import annotations

from boxwright.execute.messages import Exit
from boxwright.store.database import Store

BY_PERSON = "killed by a person"
"""The reason given to the slot agent, which leaves it in ``exit.json``."""


class KillOrders:
    """The orders to kill a run that this and earlier controllers were given."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._runs: set[int] = set()

    def give(self, run: int) -> None:
        """Record the order.

        Raises:
            StudyError: It cannot be recorded.
        """
        self._store.set_meta(_key(run), BY_PERSON)
        self._runs.add(run)

    def take_up(self, run: int) -> bool:
        """Return whether an earlier controller was given the order to kill this run."""
        is_given = bool(self._store.meta(_key(run)))
        if is_given:
            self._runs.add(run)
        return is_given

    def cover(self, run: int, exit_: Exit | None = None) -> bool:
        """Return whether this run was to be killed; its exit knows so even after the database was lost."""
        return run in self._runs or (exit_ is not None and exit_.detail.startswith(BY_PERSON))


def _key(run: int) -> str:
    return f"kill {run}"
