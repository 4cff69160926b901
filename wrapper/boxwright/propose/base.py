"""What every proposer is to the study: it is told what runs and what came out, and says what runs next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from boxwright.terms import Config, Status, Trial


class ExhaustedError(Exception):
    """Nothing is left to propose: the design is through, or every configuration of a finite space was tried."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A configuration that should run next.

    Attributes:
        origin: In words: ``monte-carlo point 7``, ``initial design 3``, ``model``.
        optimizer_seed: 1, 2, … for an optimizer seed, None for a design.
        repeat: How many trials this configuration has had: its command is handed ``study.seed`` plus this number.
        instance: What it is to be run on; None where the scenario has no instances.
        seed: The number handed to the command, in place of the study's; None almost always.
        expected_improvement: By how much its cost is expected to fall below the best so far; None if not known.
        cutoff_s: Seconds that this run is given, None for what the scenario says.
        again: Whether it is run even if there is such a trial, whose outcome then does not count any more.
    """

    config: Config
    origin: str
    optimizer_seed: int | None = None
    repeat: int = 0
    expected_improvement: float | None = None
    instance: str | None = None
    seed: int | None = None
    cutoff_s: float | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """A settled trial, as proposers hear of it.

    Attributes:
        cost: What an optimizer minimises; None for a trial without a usable value (a failure).
    """

    trial: Trial
    status: Status
    cost: float | None


class Proposer(Protocol):
    """Says what runs next. All methods are called on the controller's event loop, by one caller."""

    async def start(self, finished: Sequence[Told], running: Sequence[Trial]) -> None:
        """Take up a study: all settled trials as they ended, and those that are running or about to be run again."""
        ...

    async def next(self) -> Proposal:
        """Return what should run next; may be awaited several times at once, once per free slot.

        Raises:
            ExhaustedError: Nothing is left.
        """
        ...

    def running(self, trial: Trial) -> None:
        """Hear that this trial was recorded and starts now."""
        ...

    def finished(self, told: Told) -> None:
        """Hear how a trial ended; it is on disk already."""
        ...

    async def close(self) -> None:
        """Stop every process and free everything."""
        ...


@runtime_checkable
class CountsRuns(Protocol):
    """What an optimizer has besides that goes by how many runs there are to be."""

    def extend(self, runs: int) -> None:
        """Hear that there are to be so many runs in all, more than it was told before."""
        ...
