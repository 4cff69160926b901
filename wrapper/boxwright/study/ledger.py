"""What is on disk about the trials that external optimizers ask for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from boxwright.parse.logs import quoted
from boxwright.parse.readings import LONGEST_NAME, MOST_METRICS
from boxwright.propose.intake import RefusedError
from boxwright.propose.requests import Answer
from boxwright.store.database import Store
from boxwright.store.given import given_cutoff_s
from boxwright.store.layout import EVALUATIONS, REPORTS
from boxwright.store.records import RunRecord
from boxwright.store.reports import add_report
from boxwright.terms import Config


class StoreLedger:
    """Looks up answers in the study's database, and counts there; satisfies ``propose.requests.Ledger``."""

    def __init__(self, store: Store, objective: str) -> None:
        self._store = store
        self._objective = objective

    def answer(self, config: Config, instance: str | None, seed: int) -> Answer | None:
        """Return what settled this trial; None if nothing has."""
        record = self._store.settling_run(config, instance, seed)
        return None if record is None else _answer(record)

    def count(self, name: str) -> None:
        """Count one more of these."""
        key = f"{EVALUATIONS}{name}"
        self._store.set_meta(key, str(int(self._store.meta(key, "0")) + 1))

    def report(self, trial: int | None, metrics: Mapping[str, float]) -> bool:
        """Attach metrics to the run of a trial that is under way; return False if none is, or it has no number yet.

        Raises:
            RefusedError: They are no metrics of this study, or cannot be written.
        """
        check_names(metrics, self._objective)
        record = None if trial is None else self._store.running_run(trial)
        if len({*(record.metrics if record else ()), *metrics}) > MOST_METRICS:
            raise RefusedError(
                f"{f'run {record.run}' if record else 'this run'} has more than {MOST_METRICS} metrics"
            )
        if record is None:
            return False
        try:
            add_report(self._store.study, record.run, metrics)
        except OSError as error:
            raise RefusedError(f"{REPORTS} cannot be written: {error.strerror}") from error
        self._store.attach_metrics(record.run, metrics)
        return True


def check_names(metrics: Mapping[str, float], objective: str) -> None:
    """Refuse names that no metric has, and that of the objective.

    Raises:
        RefusedError: There is one.
    """
    for name in metrics:
        if name == objective:
            raise RefusedError(f"{quoted(name)} is the objective: the run itself says it")
        if not (name.strip() and name.isprintable() and len(name) <= LONGEST_NAME):
            raise RefusedError(f"{quoted(name)} is no name of a metric: 1 to {LONGEST_NAME} printable characters")


def _answer(record: RunRecord) -> Answer:
    runtime_s = record.wall_s or 0.0 if record.runtime_s is None else record.runtime_s
    return Answer(
        trial=record.trial,
        run=record.run,
        status=record.status,
        quality=record.quality,
        cost=record.cost,
        metrics=record.metrics,
        config=record.config,
        seed=record.seed,
        runtime_s=runtime_s,
        additional=record.additional,
        reason=record.reason,
        cutoff_s=given_cutoff_s(Path(record.folder), unknown=runtime_s),
    )
