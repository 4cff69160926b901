"""Hands out the points of a design, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from boxwright.propose.base import ExhaustedError, Proposal, Told
from boxwright.scenario.model import CsvDesign, Design
from boxwright.terms import Config, Trial, config_key

_BREATH = 256  # points passed over before the event loop gets a turn: taking up a long study must not block it


class DesignProposer:
    """Proposes each configuration of a design once; satisfies ``Proposer``.

    Args:
        configs: The configurations of the design, in order; taken one by one as they are needed.
        design: Its settings, from which the points are named: ``monte-carlo point 7``, ``csv row 2``.

    Attributes:
        duplicates: Points passed over because the same configuration came earlier in the design.
    """

    def __init__(self, configs: Iterable[Config], design: Design) -> None:
        self._points = enumerate(configs, 1)
        self._label = f"{design.__struct_config__.tag} {'row' if isinstance(design, CsvDesign) else 'point'}"
        self._seen: set[str] = set()
        self._trials: set[str] = set()
        self._turn = asyncio.Lock()
        self.duplicates = 0

    async def start(self, finished: Sequence[Told], running: Sequence[Trial]) -> None:
        """Take up a study: configurations that are trials already are passed over."""
        self._trials.update(config_key(told.trial.config) for told in finished)
        self._trials.update(config_key(trial.config) for trial in running)

    async def next(self) -> Proposal:
        """Return the next configuration of the design.

        Raises:
            ExhaustedError: The design is through.
        """
        async with self._turn:
            for number, config in self._points:
                key = config_key(config)
                if key in self._seen:
                    self.duplicates += 1
                else:
                    self._seen.add(key)
                    if key not in self._trials:
                        return Proposal(config=config, origin=f"{self._label} {number}")
                if number % _BREATH == 0:
                    await asyncio.sleep(0)
        raise ExhaustedError

    def running(self, trial: Trial) -> None:
        """Take note of nothing: a design does not change."""

    def finished(self, told: Told) -> None:
        """Take note of nothing: a design does not change."""

    async def close(self) -> None:
        """Nothing is held."""
