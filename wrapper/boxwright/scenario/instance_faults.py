"""Instances that do not fit together, or not to the rest of a scenario."""

from __future__ import annotations

from collections.abc import Iterator

from boxwright.errors import nearest
from boxwright.scenario.designs import TrialList
from boxwright.scenario.layers import show
from boxwright.scenario.model import Instances, Scenario
from boxwright.scenario.optimizer import Optimizer

Faults = Iterator[tuple[tuple[str | int, ...], str]]

LARGEST_SEED = 2**63 - 1
"""The number handed to a command as its seed is stored in 64 bits."""


def instance_faults(scenario: Scenario) -> Faults:
    """Yield ``(key, problem)`` for instances whose names, texts and seeds do not fit together."""
    instances, optimizer = scenario.instances, scenario.optimizer
    seen: set[str] = set()
    yield from _name_faults(instances, seen)
    if isinstance(scenario.design, TrialList):
        if scenario.design.replicates > 1:
            yield ("design", "replicates"), "a list of trials names each of them. Leave it out."
    elif instances.rows and scenario.design is not None:
        yield ("instances",), "a design does not run on instances yet. Use [optimizer], or take [instances] out."
    if scenario.validation.at_end and instances.rows and instances.test is None:
        yield ("validation", "at_end"), "there are instances, but none to test on. Set instances.test."
    if instances.seeds and set(instances.seeds) != seen:
        yield ("instances", "seeds"), "some instances have seeds, others have none. Give seeds to all."
    if instances.seeds and optimizer is not None:
        yield from _repeat_faults(optimizer, scenario.study.noisy)
    asks_itself = optimizer is not None and optimizer.command is not None and optimizer.protocol == "algo"
    if optimizer is not None and len(instances.rows) > optimizer.runs and not asks_itself:
        number = len(instances.rows)
        problem = f"one configuration on {number} instances is {number} runs, found {optimizer.runs}."
        yield ("optimizer", "runs"), f"{problem} Write at least {number}."


def _repeat_faults(optimizer: Optimizer, is_noisy: bool) -> Faults:
    """Yield what would repeat a configuration on instances whose seeds are given."""
    given = "the seeds are given, so nothing can be repeated."
    if optimizer.command is None and is_noisy and optimizer.max_config_calls > 1:
        yield ("instances", "seeds"), f"{given} Set optimizer.max_config_calls = 1."
    if optimizer.protocol == "ask-tell" and optimizer.repeated == "run":
        yield ("instances", "seeds"), f'{given} Set optimizer.repeated = "answer".'


def _name_faults(instances: Instances, seen: set[str]) -> Faults:
    names = instances.names
    for index, name in enumerate(names):
        if not name or not name.isprintable():
            yield ("instances", "names", index), f"{show(name)} cannot name an instance: printable, and not empty"
        elif name in seen:
            yield ("instances", "names", index), f'"{name}" stands twice. Remove one.'
        seen.add(name)
    for table in ("specific", "seeds"):
        for name in getattr(instances, table):
            if name not in seen:
                yield ("instances", table, name), f'no instance "{name}". {nearest(name, names)}'
    for name, seeds in instances.seeds.items():
        if len(set(seeds)) < len(seeds) or not seeds:
            yield ("instances", "seeds", name), "the seeds of an instance are one or more, each of them once"
        elif max(seeds) > LARGEST_SEED:
            yield ("instances", "seeds", name), f"a seed is at most {LARGEST_SEED}"
