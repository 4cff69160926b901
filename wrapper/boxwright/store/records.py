"""What the store gives back: one frozen record per run, ready for tables, JSON and CSV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from boxwright.terms import Status, Trial, Value

LEAST_RUNTIME_S = 0.1
"""A run counts at least so long against limits on the time of all runs (SMAC v2's rule)."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run with the trial it belongs to. Times are UNIX seconds; ``cost`` is what an optimizer minimises."""

    run: int
    trial: int
    status: Status
    quality: float | None
    cost: float | None
    metrics: Mapping[str, float]
    config: Mapping[str, Value]
    instance: str | None
    seed: int
    budget: float | None
    optimizer_seed: int | None
    slot: int
    gpus: tuple[str, ...]
    started: float | None
    ended: float | None
    wall_s: float | None
    cpu_s: float | None
    max_rss_bytes: int | None
    exit_code: int | None
    reason: str
    folder: str
    attempt: int
    origin: str
    runtime_s: float | None
    additional: str
    settles: bool
    """Whether this run is the one that counts for its trial."""

    @property
    def charged_s(self) -> float:
        """Return the seconds that count against a limit on the time of all runs: as reported, else by wall."""
        seconds = self.runtime_s if self.runtime_s is not None else self.wall_s
        return max(LEAST_RUNTIME_S, seconds or 0.0)

    def as_trial(self) -> Trial:
        """Return the trial that the run belongs to."""
        return Trial(
            number=self.trial,
            config=self.config,
            instance=self.instance,
            seed=self.seed,
            budget=self.budget,
            optimizer_seed=self.optimizer_seed,
            origin=self.origin,
        )

    def as_json(self) -> dict[str, object]:
        """Return the record as people script against it: stable names, plain values."""
        return {
            "run": self.run,
            "trial": self.trial,
            "status": str(self.status),
            "quality": self.quality,
            "cost": self.cost,
            "metrics": dict(self.metrics),
            "config": dict(self.config),
            "instance": self.instance,
            "seed": self.seed,
            "budget": self.budget,
            "optimizer_seed": self.optimizer_seed,
            "slot": self.slot,
            "gpus": list(self.gpus),
            "started": self.started,
            "ended": self.ended,
            "wall_s": self.wall_s,
            "cpu_s": self.cpu_s,
            "max_rss_bytes": self.max_rss_bytes,
            "exit_code": self.exit_code,
            "reason": self.reason,
            "folder": self.folder,
            "attempt": self.attempt,
            "origin": self.origin,
            "runtime_s": self.runtime_s,
            "additional": self.additional,
            "settles": self.settles,
        }
