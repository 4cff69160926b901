"""One SMAC optimizer that hears of everybody's runs.

SMAC3 has no shared mode; it can be told runs of others, if one knows where it trips. Its intensifier is left out
(runs are deterministic and of one fidelity, so it has nothing to decide, and foreign runs confuse it), all trials
bear one common trial seed, all values are plain Python ones (a configuration's hash is that of its text, where
``np.str_`` and ``str`` differ), and every cost told is finite.

Imports SMAC, which takes seconds; only optimizer processes import this module.
"""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

from ConfigSpace import Configuration
from smac import Scenario
from smac.intensifier.intensifier import Intensifier
from smac.runhistory.dataclasses import TrialInfo, TrialValue
from smac.runhistory.enumerations import StatusType

from boxwright.propose.finite import Remaining
from boxwright.propose.protocol import Exhausted, Init, Proposal, Running, Tell
from boxwright.propose.smac_parts import FiniteEncoder, SharedFacade, SharedSelector, forest
from boxwright.space import Space, plain_config, space_from_json
from boxwright.terms import Config, config_key

TRIAL_SEED = 0
"""Common to all optimizer seeds: SMAC compares runs only if their trial seeds are equal."""

COST_LIMIT = 1e100
"""Costs beyond it are cut, so that differences and squares of them stay finite."""


class SmacSeed:
    """One optimizer seed: hears of runs, and proposes."""

    def __init__(self, init: Init) -> None:
        self._space: Space = space_from_json(bytes(init.space).decode())
        self._taken: set[str] = set()
        self._own: set[str] = set()
        self._told: set[str] = set()
        self._failed: dict[str, Config] = {}
        self._worst: float | None = None
        self._failed_cost = 0.0
        self._left = Remaining(self._space)
        self._smac = self._compose(init)

    def _compose(self, init: Init) -> SharedFacade:
        # SMAC writes its settings at the start, and nothing after it if told not to: its folder can go at once.
        with tempfile.TemporaryDirectory(prefix="boxwright-smac-") as folder:
            scenario = Scenario(
                self._space.configspace,
                deterministic=True,
                n_trials=2**31 - 1,  # the controller counts
                seed=init.random_seed,
                output_directory=Path(folder),
            )
            make = SharedFacade
            return make(
                scenario,
                target_function=None,
                model=forest(self._space.configspace, init.random_seed),
                acquisition_maximizer=make.get_acquisition_maximizer(scenario, challengers=init.settings.challengers),
                initial_design=make.get_initial_design(scenario, n_configs=0),  # dealt out by the controller
                random_design=make.get_random_design(scenario, probability=init.settings.random_share),
                intensifier=Intensifier(scenario, max_config_calls=1, seed=TRIAL_SEED),
                runhistory_encoder=FiniteEncoder(scenario),
                config_selector=SharedSelector(scenario, is_taken=self._is_taken, remaining=self._remaining),
                logging_level=False,
                overwrite=True,
            )

    def _is_taken(self, configuration: Configuration) -> bool:
        return config_key(plain_config(configuration)) in self._taken

    def _remaining(self) -> list[Configuration]:
        return self._left.without(self._taken)

    def running(self, message: Running) -> None:
        """Hear of a configuration that is about to run: it is not proposed any more."""
        key = config_key(message.config)
        self._taken.add(key)
        if message.own:
            self._own.add(key)

    def tell(self, message: Tell) -> None:
        """Hear of a settled trial, whoever proposed it."""
        key = config_key(message.config)
        self._taken.add(key)
        self._told.add(key)
        (self._own.add if message.own else self._own.discard)(key)
        cost = message.cost
        if cost is None or not math.isfinite(cost):
            self._failed[key] = message.config
            self._record(message.config, self._failed_cost, failed=True)
            return
        self._failed.pop(key, None)
        cost = max(-COST_LIMIT, min(COST_LIMIT, cost))
        self._worst = cost if self._worst is None else max(self._worst, cost)
        self._record(message.config, cost, failed=False)

    def ask(self, ask_id: int) -> Proposal | Exhausted:
        """Return what this seed would run next; the model is fitted to everything told so far."""
        self._retell_failures()
        configuration = next(self._smac.intensifier.config_generator, None)
        if configuration is None:
            return Exhausted(id=ask_id)
        config = plain_config(configuration)
        self._taken.add(config_key(config))
        return Proposal(
            id=ask_id,
            config=dict(config),
            origin="random" if str(configuration.origin).startswith("Random") else "model",
            own=len(self._told & self._own),
            shared=self._smac.runhistory.finished - len(self._told & self._own),
        )

    def _retell_failures(self) -> None:
        """Let failures cost as much as the worst success so far: worse is known to do harm, and so is silence."""
        if self._worst is None or self._worst == self._failed_cost:
            return
        self._failed_cost = self._worst
        for config in self._failed.values():
            self._record(config, self._failed_cost, failed=True)

    def _record(self, config: Config, cost: float, *, failed: bool) -> None:
        # SMAC's other failures (TIMEOUT, MEMORYOUT) differ only in its statistics, which then miss their costs.
        status = StatusType.CRASHED if failed else StatusType.SUCCESS
        info = TrialInfo(self._space.configuration(config), seed=TRIAL_SEED)
        self._smac.tell(info, TrialValue(cost=cost, status=status), save=False)
