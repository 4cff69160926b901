"""What a validation came to: for each configuration its mean on the test runs, and how sure that is.

The mean is over test instances, each with the mean of its seeds. Its standard error is that of the instances' means,
so that it speaks of further instances like these; where there is one instance or none, it is that of the runs, and
speaks of further seeds. The interval is Student's t at 95 %. Runs without a value are counted, and are in no mean.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from boxwright.store.config_records import ConfigRecord
from boxwright.store.database import Store
from boxwright.store.records import RunRecord
from boxwright.study.validation_plan import Candidate, Plan
from boxwright.terms import Value, config_key

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Validated:
    """One configuration.

    Attributes:
        label: Whose it is.
        quality: Its mean on the test runs; None if none has a value.
        standard_error: Of that mean; None for fewer than two instances or runs.
        lower: Lower end of the interval for the mean; None where there is no standard error.
        upper: Its upper end.
        over: What the standard error is over: ``instances`` or ``seeds``.
        units: How many of them.
        runs: Test runs with a value.
        failed: Test runs without one.
        missing: Test runs that have not been made.
        training: The mean in the study itself; None where it has not run there.
        training_runs: How many runs that is of.
    """

    label: str
    config: Mapping[str, Value]
    quality: float | None
    standard_error: float | None
    lower: float | None
    upper: float | None
    over: str
    units: int
    runs: int
    failed: int
    missing: int
    training: float | None
    training_runs: int

    def as_json(self) -> dict[str, object]:
        """Return the record as people script against it: stable names, plain values."""
        return {
            "label": self.label,
            "config": dict(self.config),
            "quality": self.quality,
            "standard_error": self.standard_error,
            "lower": self.lower,
            "upper": self.upper,
            "confidence": CONFIDENCE,
            "over": self.over,
            "units": self.units,
            "runs": self.runs,
            "failed": self.failed,
            "missing": self.missing,
            "training_quality": self.training,
            "training_runs": self.training_runs,
        }


def validated(plan: Plan, store: Store, training: Mapping[str, ConfigRecord]) -> list[Validated]:
    """Return what each candidate of a plan came to, in its order.

    Args:
        plan: What was to be run.
        store: Of the validation.
        training: The study's own results by ``config_key``.
    """
    found = {(config_key(run.config), run.instance, run.seed): run for run in store.runs(settling=True)}
    return [_validated(candidate, plan, found, training) for candidate in plan.candidates]


def _validated(
    candidate: Candidate,
    plan: Plan,
    found: Mapping[tuple[str, str | None, int], RunRecord],
    training: Mapping[str, ConfigRecord],
) -> Validated:
    key = config_key(candidate.config)
    runs = [run for instance, seed in plan.rows if (run := found.get((key, instance, seed))) is not None]
    values: dict[str | None, list[float]] = {}
    for run in runs:
        if run.quality is not None and run.cost is not None:
            values.setdefault(run.instance, []).append(run.quality)
    number = sum(map(len, values.values()))
    is_over_instances = len({instance for instance, _ in plan.rows}) > 1
    units = [_mean(each) for each in values.values()] if is_over_instances else [*_flat(values)]
    mean = _mean(units) if units else None
    error = _standard_error(units)
    half = math.nan if error is None else error * _t_quantile(len(units) - 1)
    before = training.get(key)
    return Validated(
        label=candidate.label,
        config=candidate.config,
        quality=mean,
        standard_error=error,
        lower=None if mean is None or error is None else mean - half,
        upper=None if mean is None or error is None else mean + half,
        over="instances" if is_over_instances else "seeds",
        units=len(units),
        runs=number,
        failed=len(runs) - number,
        missing=len(plan.rows) - len(runs),
        training=None if before is None else before.quality,
        training_runs=0 if before is None else before.runs,
    )


def _flat(values: Mapping[str | None, list[float]]) -> Iterator[float]:
    for each in values.values():
        yield from each


def _mean(values: list[float]) -> float:
    """Return the mean; of equal values exactly theirs, so that they have no spread."""
    if min(values) == max(values):
        return values[0]
    return math.fsum(value / len(values) for value in values)


def _standard_error(values: list[float]) -> float | None:
    """Return the standard error of the mean of independent values; None for fewer than two."""
    if len(values) < 2:
        return None
    mean = _mean(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1) / len(values))


def _t_quantile(freedom: int) -> float:
    """Return what Student's t stays below in absolute value with the probability of the interval."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2))
