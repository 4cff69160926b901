"""How the controller tells a watcher (a progress display, a test) what goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from boxwright.store.records import RunRecord
from boxwright.terms import Slot, Trial


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a study stands. ``total`` is None where the number of trials is not known before the end."""

    settled: int
    total: int | None
    failed: int
    incumbent: RunRecord | None


class Watcher(Protocol):
    """Hears what goes on; must return at once."""

    def study_started(self, progress: Progress, slots: tuple[Slot, ...]) -> None:
        """The study is taken up."""
        ...

    def run_started(self, run: int, trial: Trial, slot: Slot) -> None:
        """A run was handed to its slot."""
        ...

    def run_ended(self, record: RunRecord, progress: Progress) -> None:
        """A run is over and recorded."""
        ...

    def stopping(self) -> None:
        """No new run is started from now on; may be told several times."""
        ...

    def note(self, text: str) -> None:
        """Something a person may want to know, in one line."""
        ...


class NoWatcher:
    """Watches nothing."""

    def study_started(self, progress: Progress, slots: tuple[Slot, ...]) -> None:
        """Ignore it."""

    def run_started(self, run: int, trial: Trial, slot: Slot) -> None:
        """Ignore it."""

    def run_ended(self, record: RunRecord, progress: Progress) -> None:
        """Ignore it."""

    def stopping(self) -> None:
        """Ignore it."""

    def note(self, text: str) -> None:
        """Ignore it."""
