"""What is on disk about the trials that external optimizers ask for."""

from __future__ import annotations

from boxwright.propose.external import Answer
from boxwright.store.database import Store
from boxwright.store.layout import EVALUATIONS
from boxwright.store.records import RunRecord
from boxwright.terms import Config


class StoreLedger:
    """Looks up answers in the study's database, and counts there; satisfies ``propose.external.Ledger``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def answer(self, config: Config, instance: str | None, seed: int) -> Answer | None:
        """Return what settled this trial; None if nothing has."""
        record = self._store.settling_run(config, instance, seed)
        return None if record is None else _answer(record)

    def count(self, name: str) -> None:
        """Count one more of these."""
        key = f"{EVALUATIONS}{name}"
        self._store.set_meta(key, str(int(self._store.meta(key, "0")) + 1))


def _answer(record: RunRecord) -> Answer:
    return Answer(
        trial=record.trial,
        run=record.run,
        status=record.status,
        quality=record.quality,
        cost=record.cost,
        metrics=record.metrics,
        config=record.config,
        seed=record.seed,
        runtime_s=record.wall_s or 0.0 if record.runtime_s is None else record.runtime_s,
        additional=record.additional,
        reason=record.reason,
    )
