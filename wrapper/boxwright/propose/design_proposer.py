"""Hands out the points of a design, one after the other."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from boxwright.propose.base import ExhaustedError, Proposal, Told
from boxwright.scenario.designs import CsvDesign, PointDesign
from boxwright.terms import Config, Trial, config_key

_BREATH = 256  # points passed over before the event loop gets a turn: taking up a long study must not block it


class DesignProposer:
    """Proposes each configuration of a design once, or as often as it has replicates; satisfies ``Proposer``.

    All points come before the second replicate of the first one: a study that is stopped has seen the whole space.

    Args:
        sweeps: The configurations of the design, in order; once for each replicate. Taken one by one as needed.
        design: Its settings, from which the points are named: ``monte-carlo point 7``, ``csv row 2, replicate 3``.
        noisy: Whether a configuration that comes again in the design is run again, too.
        study_seed: The number that the first run of each configuration is handed.

    Attributes:
        duplicates: Points passed over because the same configuration came earlier in the design.
    """

    def __init__(
        self, sweeps: Iterable[Iterable[Config]], design: PointDesign, *, noisy: bool = False, study_seed: int = 0
    ) -> None:
        self._points = self._walk(sweeps)
        self._label = f"{design.__struct_config__.tag} {'row' if isinstance(design, CsvDesign) else 'point'}"
        self._replicates = design.replicates
        self._noisy = noisy
        self._study_seed = study_seed
        self._known: set[tuple[str, int]] = set()
        self._turn = asyncio.Lock()
        self.duplicates = 0

    async def start(self, finished: Sequence[Told], running: Sequence[Trial]) -> None:
        """Take up a study: what is a trial already is passed over."""
        self._know((*(told.trial for told in finished), *running))

    def _know(self, trials: Iterable[Trial]) -> None:
        self._known = {(config_key(trial.config), trial.seed - self._study_seed) for trial in trials}

    async def next(self) -> Proposal:
        """Return the next configuration of the design.

        Raises:
            ExhaustedError: The design is through.
        """
        async with self._turn:
            for number, proposal in enumerate(self._points, 1):
                if proposal is not None:
                    return proposal
                if number % _BREATH == 0:
                    await asyncio.sleep(0)
        raise ExhaustedError

    def _walk(self, sweeps: Iterable[Iterable[Config]]) -> Iterator[Proposal | None]:
        """Yield for each point what is to be run, None for one that is passed over."""
        for sweep, configs in enumerate(sweeps):
            seen: Counter[str] = Counter()
            suffix = f", replicate {sweep + 1}" if self._replicates > 1 else ""
            for number, config in enumerate(configs, 1):
                key = config_key(config)
                # A number that no later row changes, so that a design can be extended.
                repeat = seen[key] * self._replicates + sweep
                seen[key] += 1
                if seen[key] > 1 and not self._noisy:
                    self.duplicates += 1
                    yield None
                elif (key, repeat) in self._known:
                    self._known.discard((key, repeat))  # a long study need not remember it
                    yield None
                else:
                    yield Proposal(config, f"{self._label} {number}{suffix}", repeat=repeat)

    def extend(self, sweeps: Iterable[Iterable[Config]], trials: Iterable[Trial]) -> None:
        """Go on with a design that has become larger; what is a trial already is passed over."""
        self._know(trials)
        self._points = self._walk(sweeps)

    def running(self, trial: Trial) -> None:
        """Take note of nothing: it has come from here."""

    def finished(self, told: Told) -> None:
        """Take note of nothing: a design does not change."""

    async def close(self) -> None:
        """Nothing is held."""
