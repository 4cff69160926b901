"""Hands out the points of a design, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from boxwright.propose.base import ExhaustedError, Proposal, Told
from boxwright.terms import Config, Trial, config_key

_BREATH = 256  # points passed over before the event loop gets a turn: taking up a long study must not block it


class DesignProposer:
    """Proposes each configuration of a design once; satisfies ``Proposer``.

    Args:
        points: Configurations, each with its origin in words.

    Attributes:
        duplicates: Points passed over because the same configuration came earlier in the design.
    """

    def __init__(self, points: Iterable[tuple[Config, str]]) -> None:
        self._points = iter(points)
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
            for passed, (config, origin) in enumerate(self._points, 1):
                key = config_key(config)
                if key in self._seen:
                    self.duplicates += 1
                else:
                    self._seen.add(key)
                    if key not in self._trials:
                        return Proposal(config=config, origin=origin)
                if passed % _BREATH == 0:
                    await asyncio.sleep(0)
        raise ExhaustedError

    def running(self, trial: Trial) -> None:
        """Take note of nothing: a design does not change."""

    def finished(self, told: Told) -> None:
        """Take note of nothing: a design does not change."""

    async def close(self) -> None:
        """Nothing is held."""
