"""What external optimizers ask for, and what they are answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from boxwright.terms import Config, Status, Value

BY_OPTIMIZER = "killed by its optimizer"
"""How the reason of a run begins that nobody wanted any more."""


class OverError(Exception):
    """The study ends, and this evaluation was not carried out."""


@dataclass(frozen=True, slots=True)
class Request:
    """What an optimizer wants to know.

    Attributes:
        texts: Parameters as texts of a command line; one that is not named takes its default.
        values: Parameters as values.
        instance: None where there is none.
        seed: For the command; None for the study's.
        cutoff_s: Seconds that the optimizer gives the run; None for no limit of its own.
        copy: Which copy of the optimizer asks; None for none that the study has started.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Value] = field(default_factory=dict)
    instance: str | None = None
    seed: int | None = None
    cutoff_s: float | None = None
    copy: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a trial.

    Attributes:
        cost: What an optimizer minimises; None for a failure.
        cutoff_s: Seconds that its run was given; None for no limit.
    """

    trial: int
    run: int
    status: Status
    quality: float | None
    cost: float | None
    metrics: Mapping[str, float]
    config: Config
    seed: int
    runtime_s: float
    additional: str = ""
    reason: str = ""
    cutoff_s: float | None = None


class Ledger(Protocol):
    """What is on disk about settled trials, and what is counted about requests."""

    def answer(self, config: Config, instance: str | None, seed: int) -> Answer | None:
        """Return what settled this trial; None if nothing has."""
        ...

    def count(self, name: str) -> None:
        """Count one more of these: ``refused``, ``outside`` the space and run all the same, ``answered``."""
        ...

    def report(self, trial: int | None, metrics: Mapping[str, float]) -> bool:
        """Attach metrics to the run of a trial that is under way; return False if none is, or it has no number yet.

        Raises:
            RefusedError: They are no metrics of this study, or cannot be written.
        """
        ...
