"""A run as SMAC v2's files tell it, and what of a study is the same for all of its runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from boxwright.materialise.flags import DETERMINISTIC_SEED, NO_SPECIFIC, UNLIMITED_S
from boxwright.scenario import Scenario
from boxwright.scenario.smac2.words import from_template, join_algo
from boxwright.store.records import RunRecord
from boxwright.terms import Status

NO_INSTANCE = "no_instance"
"""What SMAC v2 calls the instance where there is none."""

NO_VALUE = 1e9
"""The quality of a run that has none: what SMAC v2 counts a crash as at least."""

UNKNOWN_LENGTH = -1.0
"""SMAC v2's word for a run length that is not known."""

CODES = {"TIMEOUT": 0, "SAT": 1, "UNSAT": 2, "CRASHED": -1, "ABORT": -2, "KILLED": -3}
"""By the name of a status, its number in state files."""

_NAMES = {
    Status.SUCCESS: "SAT",
    Status.UNSAT: "CRASHED",  # an invalid combination here; SMAC v2 would take UNSAT for a success
    Status.TIMEOUT: "TIMEOUT",
    Status.MEMOUT: "TIMEOUT",
    Status.CRASHED: "CRASHED",
    Status.ABORT: "ABORT",
    Status.STOPPED: "KILLED",
    Status.KILLED: "KILLED",
    Status.LOST: "CRASHED",
}


@dataclass(frozen=True, slots=True)
class Instance:
    """One problem instance."""

    name: str
    specific: str = NO_SPECIFIC
    features: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToldRun:
    """One run. Times are seconds.

    Attributes:
        status: One of ``CODES``.
        cutoff_s: What this run was given.
        quality: To be made small.
    """

    instance: str
    seed: int
    status: str
    cutoff_s: float
    runtime_s: float
    quality: float
    additional: str = ""
    wall_s: float = 0.0
    length: float = UNKNOWN_LENGTH

    def is_censored(self, scenario_cutoff_s: float) -> bool:
        """Return whether it says only that its configuration takes longer than this."""
        return self.status == "KILLED" or (self.status == "TIMEOUT" and self.cutoff_s < scenario_cutoff_s)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is the same for all runs of a study.

    Attributes:
        created: When it was begun, UNIX seconds.
        pcs: Its space as a PCS file.
        scenario_text: Its scenario as an option file.
        instances: In their order; ``no_instance`` alone where there are none.
        features_file: The bytes of their features' file; None without one.
        cutoff_s: The largest double where there is none.
        is_runtime: Whether the objective is the runtime.
        algo: The command as one text.
        folder: Where it works.
        is_deterministic: Whether its seed is nothing that it depends on.
        least_runs: Of how many runs an evaluation of a configuration consists.
        first_number: The number of the first optimizer seed.
    """

    created: float
    pcs: str
    scenario_text: str
    instances: tuple[Instance, ...]
    features_file: bytes | None
    cutoff_s: float
    is_runtime: bool
    algo: str
    folder: str
    is_deterministic: bool
    least_runs: int
    first_number: int

    def number(self, optimizer_seed: int | None) -> int:
        """Return the number in the names of files: the random seed of an optimizer seed, which are 1, 2, …."""
        return self.first_number + (optimizer_seed or 1) - 1

    def told(self, record: RunRecord, cutoff_s: float | None = None) -> ToldRun:
        """Return a finished run as the files tell it.

        Args:
            record: The run.
            cutoff_s: What it was given, None for the scenario's.
        """
        status = _NAMES[record.status]
        quality = 0.0 if self.is_runtime else NO_VALUE if record.cost is None else record.cost
        runtime_s = record.runtime_s if record.runtime_s is not None else record.wall_s or 0.0
        seed = DETERMINISTIC_SEED if self.is_deterministic and not record.seed else record.seed
        return ToldRun(
            instance=NO_INSTANCE if record.instance is None else record.instance,
            seed=seed,
            status=status,
            cutoff_s=self.cutoff_s if cutoff_s is None else min(cutoff_s, self.cutoff_s),
            runtime_s=runtime_s,
            quality=quality,
            additional=record.additional,
            wall_s=record.wall_s or 0.0,
        )

    def response(self, run: ToldRun) -> float:
        """Return what SMAC v2 models: the quality, or the runtime, and where it is not known the cutoff."""
        if not self.is_runtime:
            return run.quality
        if run.status == "TIMEOUT":
            return run.cutoff_s
        return self.cutoff_s if run.status in ("CRASHED", "ABORT") else run.runtime_s


def cutoff_of(scenario: Scenario) -> float:
    """Return the cutoff that SMAC v2's files name."""
    return UNLIMITED_S if scenario.limits.cutoff_s is None else scenario.limits.cutoff_s


def algo_text(scenario: Scenario) -> str:
    """Return the command as one text; templates as they are, for SMAC v2 has none."""
    command = scenario.command
    words = [from_template(word) or word for word in command.argv]
    try:
        return join_algo(words) if words else str(command.line)
    except ValueError:
        return " ".join(words)


def workdir(scenario: Scenario, folder: Path) -> str:
    """Return the folder that the command works in, or for one folder per run the scenario's."""
    return str(folder / (scenario.command.folder or "."))
