"""Which slots a study has at the moment, and which of them wait for a run."""

from __future__ import annotations

from boxwright.terms import Slot


class Places:
    """Slots by number, which may pass on to another slot while a run of the earlier one is still being settled."""

    def __init__(self) -> None:
        self._slots: dict[int, Slot] = {}
        self._idle: dict[int, None] = {}
        self._busy: set[int] = set()

    def offer(self, slot: Slot) -> None:
        """Hear of a slot that can take a run."""
        self._slots[slot.number] = slot

    def take_away(self, number: int) -> None:
        """Hear of a slot that is gone."""
        self._slots.pop(number, None)
        self._idle.pop(number, None)

    def get(self, number: int) -> Slot | None:
        """Return the slot that has this number now; None if there is none."""
        return self._slots.get(number)

    def begin(self, number: int) -> bool:
        """Take a slot to look for a run for it; return whether it is there and had none."""
        if number in self._busy or number not in self._slots:
            return False
        self._busy.add(number)
        self._idle.pop(number, None)
        return True

    def free(self, number: int) -> None:
        """Hear that a slot has its run no longer."""
        self._busy.discard(number)

    def rest(self, number: int) -> None:
        """Hear that there is no run for a slot."""
        self.free(number)
        if number in self._slots:
            self._idle[number] = None

    @property
    def idle(self) -> tuple[int, ...]:
        """Return the numbers of the slots for which there was no run, the one that waits longest first."""
        return tuple(self._idle)
