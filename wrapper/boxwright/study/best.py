"""The incumbent while runs come in, without asking the database each time."""

from __future__ import annotations

from boxwright.store.config_records import ConfigRecord, ConfigRecords
from boxwright.store.database import Store
from boxwright.store.records import RunRecord
from boxwright.terms import Status


class Best:
    """Keeps the incumbent, as ``Store.incumbent`` would name it.

    Attributes:
        incumbent: None while nothing has succeeded.
    """

    def __init__(self, *, noisy: bool, least_runs: int = 1) -> None:
        self.incumbent: ConfigRecord | None = None
        self._configs = ConfigRecords(least_runs=least_runs) if noisy else None

    def take_up(self, store: Store) -> None:
        """Begin with what the store knows."""
        if self._configs is None:
            self.incumbent = store.incumbent()
            return
        for record in store.runs(settling=True):
            self._configs.add(record)
        self.incumbent = self._configs.best()

    def hear(self, record: RunRecord) -> None:
        """Take in a run that settles its trial."""
        if self._configs is not None:
            self._configs.add(record)
            self.incumbent = self._configs.best()
            return
        counts = record.status in (Status.SUCCESS, Status.TIMEOUT)  # a crash may have a cost, but is no answer
        if counts and record.cost is not None:
            best = self.incumbent
            # Of equals the lower number, whichever ended first: as the database has it.
            if best is None or best.cost is None or (record.cost, record.run) < (best.cost, best.run):
                self.incumbent = ConfigRecord(record)
