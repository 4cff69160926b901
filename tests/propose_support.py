"""A study reduced to its proposer, for the tests of the shared model."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import psutil
import pytest

from boxwright.propose.base import Proposal, Told
from boxwright.propose.shared import SharedModel
from boxwright.scenario.optimizer import Optimizer
from boxwright.scenario.parameters import SpaceTable
from boxwright.space import Space, load_space
from boxwright.terms import Config, Status, Trial
from support import PATIENCE_S

PLANE = """
x = { type = "float", lower = -5, upper = 10 }
y = { type = "float", lower = 0, upper = 15 }
"""

COUNTS = re.compile(r"seed (\d+): (\d+) own \+ (\d+) shared runs in the model")

STUBBORN = '''
import sys, types

class ModelSeed:
    """Proposes what it heard of first, again and again; or nothing at all."""

    def __init__(self, init):
        self.first, self.settings = None, init.settings

    def running(self, message):
        self.first = self.first or message.config

    tell = running

    def release(self, config):
        pass

    def ask(self, ask_id):
        from boxwright.propose.protocol import Exhausted, Proposal

        if "{origin}" == "nothing left":
            return Exhausted(id=ask_id)
        assert self.settings.noisy
        return Proposal(id=ask_id, config=self.first, origin="{origin}")

module = types.ModuleType("boxwright.propose.model_seed")
module.ModelSeed = ModelSeed
sys.modules["boxwright.propose.model_seed"] = module
'''


def put_stubborn_seeds(folder: Path, monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    """Put seeds that propose one configuration again and again, with this origin, in place of ours.

    With the origin ``nothing left`` they have none to propose.
    """
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(STUBBORN.replace("{origin}", origin))
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=":")


def make_space(text: str) -> Space:
    return load_space(msgspec.toml.decode(text, type=SpaceTable), place="space.toml", folder=Path())


def plane_cost(config: Config) -> float:
    x, y = float(config["x"]), float(config["y"])
    return (y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6) ** 2 + 9.6 * math.cos(x) + 10


@dataclass
class Bench:
    """A study reduced to its proposer: trials are numbered, run for no time, and told."""

    model: SharedModel
    lines: list[str] = field(default_factory=list)
    trials: list[Trial] = field(default_factory=list)
    in_flight: Counter[int] = field(default_factory=Counter)

    @property
    def counts(self) -> list[tuple[int, int, int]]:
        """Seed, own and shared runs of each ask that was logged."""
        found = [COUNTS.fullmatch(line) for line in self.lines]
        return [(int(m[1]), int(m[2]), int(m[3])) for m in found if m]

    async def begin(self) -> Trial:
        trial = self.record(await self.model.next())
        self.model.running(trial)
        return trial

    def record(self, proposal: Proposal) -> Trial:
        assert proposal.optimizer_seed is not None
        assert json.loads(json.dumps(proposal.config)) == proposal.config
        self.in_flight[proposal.optimizer_seed] += 1
        number = len(self.trials) + 1
        trial = Trial(number, proposal.config, optimizer_seed=proposal.optimizer_seed, origin=proposal.origin)
        self.trials.append(trial)
        return trial

    def end(self, trial: Trial, cost: float | None) -> None:
        assert trial.optimizer_seed is not None
        self.in_flight[trial.optimizer_seed] -= 1
        self.model.finished(Told(trial, Status.SUCCESS if cost is not None else Status.CRASHED, cost))

    async def run(self, runs: int, slots: int, cost_of: Callable[[Config], float | None]) -> None:
        """Carry out so many runs over so many slots."""

        async def slot() -> None:
            while len(self.trials) + waiting[0] < runs:
                waiting[0] += 1
                proposal = await self.model.next()
                waiting[0] -= 1
                trial = self.record(proposal)
                self.model.running(trial)
                await asyncio.sleep(0.01)
                self.end(trial, cost_of(trial.config))

        waiting = [0]
        await asyncio.gather(*(slot() for _ in range(slots)))


async def _until_gone(pid: int) -> None:
    """Wait for the end of a process; whoever its parent is by now may take a while to collect it."""
    deadline = time.monotonic() + PATIENCE_S
    with contextlib.suppress(psutil.NoSuchProcess):
        while psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline, f"process {pid} is still there"
            await asyncio.sleep(0.01)


@asynccontextmanager
async def bench(
    folder: Path,
    space: Space,
    settings: Optimizer,
    seeds: int,
    finished: Sequence[Told] = (),
    running: Sequence[Trial] = (),
    *,
    noisy: bool = False,
    study_seed: int = 0,
    target: float | None = None,
) -> AsyncIterator[Bench]:
    lines: list[str] = []
    model = SharedModel(
        space, settings, seeds, folder / "logs", lines.append, noisy=noisy, study_seed=study_seed, target=target
    )
    made = Bench(model, lines)
    try:
        await model.start(finished, running)
        yield made
    finally:
        pids = [pid for pid in model.pids if pid is not None]
        await model.close()
        for pid in pids:
            await _until_gone(pid)
