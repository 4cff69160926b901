"""What a validation runs: which configurations, on which test instances, with which seeds."""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from boxwright.errors import UserError
from boxwright.propose.trial_list import Listed
from boxwright.scenario.instances import InstanceRow, read_instances
from boxwright.scenario.model import Scenario
from boxwright.terms import Config, config_key

Row: TypeAlias = tuple[str | None, int]
"""Test instance, None where there is none, and seed."""

_RUNS = 10
"""Of a configuration in a noisy study without test instances."""

_LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Candidate:
    """A configuration that is validated.

    Attributes:
        label: In a few words whose it is.
        base: What SMAC v2 names the files of its validation by: its trajectory, or ``cli-N``.
        after_s: When it was the incumbent, seconds from when the study was begun; 0 where there is no such moment.
        training: What it cost in the search by then; NaN where that is not known.
    """

    config: Config
    label: str
    base: str = ""
    after_s: float = 0.0
    training: float = math.nan


@dataclass(frozen=True, slots=True)
class Plan:
    """Every candidate runs on every row.

    Attributes:
        specific: Of the test instances, by name: SMAC v2's text beside it.
        warnings: What weakens the estimate, in one line each.
    """

    candidates: tuple[Candidate, ...]
    rows: tuple[Row, ...]
    specific: Mapping[str, str]
    warnings: tuple[str, ...] = ()

    @property
    def trials(self) -> list[Listed]:
        """Return all trials: each row for all candidates before the next one, so that a part of it compares them."""
        return [
            Listed(dict(candidate.config), instance, seed, candidate.label)
            for instance, seed in self.rows
            for candidate in self.candidates
        ]


def unique_candidates(found: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Return each configuration once, with all that it is called."""
    labels: dict[str, tuple[Config, list[str]]] = {}
    for candidate in found:
        labels.setdefault(config_key(candidate.config), (candidate.config, []))[1].append(candidate.label)
    return tuple(Candidate(config, ", ".join(dict.fromkeys(words))) for config, words in labels.values())


def make_plan(
    scenario: Scenario, candidates: tuple[Candidate, ...], *, tests: Path | None, taken: Collection[int]
) -> Plan:
    """Return what is to be run.

    Args:
        scenario: Of the study; its ``validation`` says how often.
        candidates: What is validated.
        tests: A file of test instances in place of the scenario's.
        taken: Seeds that the study has run with, which are no test any more.

    Raises:
        UserError: There are instances, but none to test on, or their file is wrong.
    """
    if not scenario.instances.rows and scenario.instances.test is None and tests is None:
        return _without_instances(scenario, candidates, taken)
    found = _test_instances(scenario, tests)
    specific = {row.name: row.specific for row in found if row.specific not in (None, "0")}
    rows = tuple(_rows(scenario, found, taken))
    seen = sorted({row.name for row in found} & set(scenario.instances.names))
    warning = (
        f"{len(seen)} of the test instances were searched on, too ({', '.join(seen[:3])}, …): they test nothing new"
    )
    return Plan(candidates, rows, {name: text for name, text in specific.items() if text}, (warning,) if seen else ())


def _without_instances(scenario: Scenario, candidates: tuple[Candidate, ...], taken: Collection[int]) -> Plan:
    settings = scenario.validation
    runs = settings.runs or (_RUNS if scenario.is_noisy else 1)
    seeds = _fresh_seeds(f"{settings.seed}", runs, taken)
    warning = (
        "study.noisy is not set: where the command takes no notice of its seed, a run comes out as it did before"
    )
    return Plan(candidates, tuple((None, seed) for seed in seeds), {}, () if scenario.is_noisy else (warning,))


def _test_instances(scenario: Scenario, tests: Path | None) -> list[InstanceRow]:
    test = scenario.instances.test
    if tests is not None:
        found = read_instances(tests, str(tests))
    elif test is None:
        raise UserError(
            "there are no test instances. Name a file of them: boxwright validate --instances FILE, or "
            "--set instances.test=FILE with `boxwright resume`.",
            place="instances.test",
        )
    elif isinstance(test, str):
        found = read_instances(Path(scenario.folder or "", test), test)
    else:
        found = [InstanceRow(name) for name in dict.fromkeys(test)]
    names = dict.fromkeys(row.name for row in found)
    wanted = set(islice(names, scenario.validation.instances))
    return [row for row in found if row.name in wanted]


def _rows(scenario: Scenario, found: Sequence[InstanceRow], taken: Collection[int]) -> Iterable[Row]:
    """Yield the rows; the first seed of all instances comes before the second of the first one."""
    settings, study_seed = scenario.validation, scenario.study.seed
    given: dict[str, list[int | None]] = {}
    for row in found:
        given.setdefault(row.name, []).append(row.seed)
    seeds: dict[str, list[int]] = {}
    for name, named in given.items():
        whole = [seed for seed in named if seed is not None]
        if whole:
            seeds[name] = whole[: settings.runs]
            continue
        # A command that is not noisy takes the study's own seed, which for SMAC v2's wrappers reads -1.
        own = [] if scenario.study.noisy else [study_seed]
        seeds[name] = [*own, *_fresh_seeds(f"{settings.seed} {name}", settings.runs or 1, taken)][
            : settings.runs or 1
        ]
    for index in range(max(map(len, seeds.values()))):
        yield from ((name, numbers[index]) for name, numbers in seeds.items() if index < len(numbers))


def _fresh_seeds(source: str, number: int, taken: Collection[int]) -> list[int]:
    """Return seeds that the study has not had; more of them begin with the same."""
    rng = random.Random(source)  # noqa: S311  nobody is to be kept from guessing them
    found: dict[int, None] = {}
    while len(found) < number:
        seed = rng.randint(1, _LARGEST_SEED)
        if seed not in taken:
            found[seed] = None
    return list(found)
