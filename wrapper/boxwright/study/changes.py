"""What may be changed when a study is taken up again, and how the change is kept.

A study is one table of runs that can be compared. So whatever says what a run means (its space, its objective, how
its answer is read, what chooses the configurations) stays as it was; how runs are carried out may change, and the
study's own ``scenario.toml`` then says so.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from boxwright.errors import ScenarioError
from boxwright.materialise import mask_secrets
from boxwright.scenario import LoadedScenario, Scenario, load_scenario
from boxwright.scenario.layers import dotted, show
from boxwright.store.database import Store
from boxwright.store.layout import SCENARIO
from boxwright.study.csv_copy import has_rows
from boxwright.study.setup import Setup

_CHANGEABLE = (
    ("command",),
    ("inputs",),
    ("environment",),
    ("limits",),
    ("slots",),
    ("publish",),
    ("study", "metrics"),
    ("study", "smac2"),
    ("study", "retries"),
    ("outputs", "collect"),
    ("outputs", "discard"),
    ("design", "runs"),
    ("optimizer", "runs"),
    ("optimizer", "seeds"),
    ("optimizer", "copies"),
    ("optimizer", "where"),
    ("optimizer", "command"),
    ("optimizer", "restarts"),
    ("optimizer", "model"),
    ("optimizer", "acquisition"),
    ("optimizer", "portfolio"),
    ("optimizer", "challengers"),
    ("optimizer", "random_share"),
    ("optimizer", "target"),
    ("optimizer", "min_improvement"),
    ("optimizer", "patience"),
    ("optimizer", "max_config_calls"),
    ("optimizer", "ahead"),
    ("instances", "test"),
    ("validation",),
)


@dataclass(frozen=True, slots=True)
class Change:
    """One key of a scenario with its value before and after; None where there is none."""

    key: tuple[str, ...]
    before: object
    after: object

    @property
    def text(self) -> str:
        """Return the change in one line, without secrets."""
        return (
            f"{dotted(self.key)} is now {_shown(self.key[-1], self.after)} (was {_shown(self.key[-1], self.before)})"
        )


def _shown(name: str, value: object) -> str:
    if isinstance(value, str):
        value = mask_secrets({name: value})[name]
    return "nothing" if value is None else show(value)


def changed_scenario(
    study: Path, overrides: Sequence[str], *, runs: int | None
) -> tuple[LoadedScenario, tuple[Change, ...]]:
    """Return the scenario of a study with what is overridden, and the changes that makes.

    Args:
        study: The study folder.
        overrides: ``key=value`` texts.
        runs: How many runs the study was last asked for; None where its scenario says it all.

    Raises:
        ScenarioError: An override does not fit, or would change what earlier runs mean.
    """
    kept = [("space", "file"), *([("design", "file")] if has_rows(study) else [])]
    base = load_scenario(study / SCENARIO, kept=kept)
    sizes = [] if runs is None else [f"{'optimizer' if base.scenario.optimizer else 'design'}.runs={runs}"]
    loaded = load_scenario(study / SCENARIO, [*sizes, *overrides], kept=kept)
    changes = tuple(_changes(base.scenario, loaded.scenario))
    for change in changes:
        if not any(change.key[: len(key)] == key for key in _CHANGEABLE):
            raise ScenarioError(
                f"cannot become {_shown('', change.after)}: the runs of this study were made with "
                f"{_shown('', change.before)}, and would not compare. Start a new study with `boxwright run`.",
                place=f"--set {dotted(change.key)}",
            )
    return loaded, changes


def check_size(setup: Setup, store: Store) -> None:
    """Refuse a study that would have more trials than its design has points: it could not say when it is through.

    Raises:
        ScenarioError: Fewer runs are asked for than there are, or rows of a CSV file were taken away.
    """
    trials, _ = store.trial_counts()
    if setup.total is not None and setup.total < trials - store.trials_again():
        raise ScenarioError(
            f"{setup.total} runs are fewer than the {trials} trials that the study has. Give a higher number.",
            place=str(store.study),
        )


def keep_scenario(study: Path, loaded: LoadedScenario) -> None:
    """Write the scenario into the study in one step: the old one or the new one is there, never half of one.

    Raises:
        OSError: It cannot be written.
    """
    draft = study / f".{SCENARIO}.new"
    with draft.open("w", encoding="utf-8") as file:
        file.write(loaded.text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(study / SCENARIO)


def _changes(before: Scenario, after: Scenario) -> Iterator[Change]:
    """Yield what differs, with all defaults filled in, so that saying a default aloud is no change."""
    old, new = dict(_leaves(msgspec.to_builtins(before))), dict(_leaves(msgspec.to_builtins(after)))
    for key in dict.fromkeys((*old, *new)):
        # As text: 1, 1.0 and true are equal to Python, but not to a command line.
        if json.dumps(old.get(key)) != json.dumps(new.get(key)):
            yield Change(key, old.get(key), new.get(key))


def _leaves(table: Mapping[str, object], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*path, name))
        else:
            yield (*path, name), value
