"""The vocabulary: the frozen values that the other modules hand to each other.

Imports nothing of ours and nothing heavy. A *configuration* is one full setting of the parameters, a
*trial* is a configuration with its instance, seed and budget, a *run* is one execution of a trial, and an
*outcome* is what a run came to.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Value: TypeAlias = bool | int | float | str
"""What a parameter may be set to: always a plain Python value, so that equal ones hash alike."""

Config: TypeAlias = Mapping[str, Value]
"""One configuration: the active parameters by name."""


class Direction(enum.StrEnum):
    """Whether the objective gets better by falling or by rising."""

    MINIMIZE = "minimize"
    MAXIMIZE = "maximize"


class Status(enum.StrEnum):
    """What became of a run."""

    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    UNSAT = "UNSAT"
    TIMEOUT = "TIMEOUT"
    MEMOUT = "MEMOUT"
    CRASHED = "CRASHED"
    ABORT = "ABORT"  # the run asks for the study to stop
    STOPPED = "STOPPED"  # ended early on purpose
    KILLED = "KILLED"  # by a person
    LOST = "LOST"  # its slot vanished, or the study was interrupted; the trial gets a new run

    @property
    def is_final(self) -> bool:
        """Whether the trial is settled by this status, so that it gets no further run of its own accord."""
        return self not in (Status.RUNNING, Status.LOST)

    @property
    def is_failure(self) -> bool:
        """Whether a trial that was settled by this status is without an answer."""
        return self not in (Status.RUNNING, Status.SUCCESS, Status.UNSAT, Status.STOPPED)


@dataclass(frozen=True, slots=True)
class Trial:
    """What is to be run: a configuration on an instance, with a seed and a budget.

    Attributes:
        number: 1, 2, … in the order in which trials were first recorded.
        config: Active parameters only.
        instance: Name of the problem instance, None where the scenario has none.
        seed: The number handed to the command.
        budget: Fidelity (epochs, samples), None where the scenario has none.
        optimizer_seed: Which optimizer seed proposed it (1, 2, …), None for a design.
        origin: In words, e.g. ``monte-carlo point 7`` or ``initial design`` or ``model``.
        cutoff_s: Seconds that its optimizer gives the next run of it, None for what the scenario says; no part of
            what the trial is, so not recorded with it.
    """

    number: int
    config: Config
    instance: str | None = None
    seed: int = 0
    budget: float | None = None
    optimizer_seed: int | None = None
    origin: str = ""
    cutoff_s: float | None = None


AGAIN = "again, as run "
"""How the origin of a trial begins that a person asked for: the configuration of a run, with another seed."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The share of this machine that one run gets.

    Attributes:
        number: 0, 1, ….
        gpus: Ids as CUDA_VISIBLE_DEVICES takes them; empty for a run without a GPU.
        cores: CPU numbers to be pinned to; empty for no pinning.
        threads: How many threads a library should start: the number of cores of the slot, at least 1.
    """

    number: int
    gpus: tuple[str, ...] = ()
    cores: tuple[int, ...] = ()
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to, once its output was read.

    Attributes:
        status: Never RUNNING.
        quality: Value of the objective in the user's own direction; None where there is none. Always finite.
        metrics: Every metric read, the objective among them; always finite.
        runtime_s: What the run itself reported, None where it reported nothing.
        runlength: Likewise.
        additional: The sixth field of a result line, or other text the run added.
        reason: Why it is not a plain success, in one line; empty for a success.
    """

    status: Status
    quality: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    runtime_s: float | None = None
    runlength: float | None = None
    additional: str = ""
    reason: str = ""


def config_key(config: Config) -> str:
    """Return one text for one configuration: equal configurations, and only those, have equal texts.

    Names are sorted; ``1``, ``1.0`` and ``True`` stay different.
    """
    return json.dumps(dict(config), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def cost_of(quality: float, direction: Direction) -> float:
    """Return what an optimizer minimises: the quality, with its sign turned where more is better."""
    return -quality if direction is Direction.MAXIMIZE else quality
