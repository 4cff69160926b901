"""How the controller tells a watcher (a progress display, a test) what goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from boxwright.store.config_records import ConfigRecord
from boxwright.store.records import RunRecord
from boxwright.terms import Slot, Trial

Log: TypeAlias = Callable[[str], None]
"""Adds a line to ``study.log``."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a study stands. ``total`` is None where the number of trials is not known before the end."""

    settled: int
    total: int | None
    failed: int
    incumbent: ConfigRecord | None


class Watcher(Protocol):
    """Hears what goes on; must return at once."""

    def study_started(self, progress: Progress, slots: tuple[Slot, ...]) -> None:
        """The study is taken up."""
        ...

    def slots_changed(self, slots: tuple[Slot, ...], text: str) -> None:
        """Other slots than before are there; the text says of pilots in one line why."""
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

    def slots_changed(self, slots: tuple[Slot, ...], text: str) -> None:
        """Ignore it."""

    def run_started(self, run: int, trial: Trial, slot: Slot) -> None:
        """Ignore it."""

    def run_ended(self, record: RunRecord, progress: Progress) -> None:
        """Ignore it."""

    def stopping(self) -> None:
        """Ignore it."""

    def note(self, text: str) -> None:
        """Ignore it."""


class SafeWatcher:
    """Tells another watcher until that cannot be reached, and from then on nobody.

    What shows progress writes to a terminal or a pipe, which may be gone at any moment; a study goes on without it.
    """

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def study_started(self, progress: Progress, slots: tuple[Slot, ...]) -> None:
        """Pass it on."""
        with self._silenced_by_trouble():
            self._watcher.study_started(progress, slots)

    def slots_changed(self, slots: tuple[Slot, ...], text: str) -> None:
        """Pass it on."""
        with self._silenced_by_trouble():
            self._watcher.slots_changed(slots, text)

    def run_started(self, run: int, trial: Trial, slot: Slot) -> None:
        """Pass it on."""
        with self._silenced_by_trouble():
            self._watcher.run_started(run, trial, slot)

    def run_ended(self, record: RunRecord, progress: Progress) -> None:
        """Pass it on."""
        with self._silenced_by_trouble():
            self._watcher.run_ended(record, progress)

    def stopping(self) -> None:
        """Pass it on."""
        with self._silenced_by_trouble():
            self._watcher.stopping()

    def note(self, text: str) -> None:
        """Pass it on."""
        with self._silenced_by_trouble():
            self._watcher.note(text)

    @contextmanager
    def _silenced_by_trouble(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            self._watcher = NoWatcher()
