"""A scenario → the lines of an option file. What SMAC v2 has no words for is found by reading them back."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from boxwright.errors import ScenarioError
from boxwright.scenario.instances import read_instances
from boxwright.scenario.layers import dotted, show
from boxwright.scenario.model import Objective, Scenario
from boxwright.scenario.optimizer import Optimizer
from boxwright.scenario.smac2.translating import (
    KILL_FACTOR,
    OBSERVER_MS,
    PAR,
    PENALTY,
    SHARED_EVERY_S,
    TIME_VARIABLES,
)
from boxwright.scenario.smac2.values import UNLIMITED
from boxwright.scenario.smac2.words import from_template, join_algo, write_configuration
from boxwright.scenario.validation import Validation

_VALIDATION = {
    "factor": "mult-factor",
    "from_s": "min-timestamp",
    "until_s": "max-timestamp",
    "runs": "num-seeds-per-test-instance",
    "instances": "num-test-instances",
    "seed": "validation-seed",
}
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,4})?", re.ASCII)
_PATHS = (("command", "folder"), ("instances", "test"), ("instances", "features"))


def option_lines(
    scenario: Scenario, *, folder: Path, pcs: str, instances: str | None, tests: str | None = None
) -> list[str]:
    """Return the lines of an option file.

    Args:
        scenario: With an optimizer.
        folder: What its relative paths start at.
        pcs: Path of the PCS file.
        instances: Path of the instance file, None if there are no instances.
        tests: Path of the file of test instances, where the scenario has their names.

    Raises:
        ScenarioError: Something has no form there at all.
    """
    if scenario.optimizer is None:
        raise ScenarioError("SMAC v2 has no designs: its scenarios are of an optimizer.", place="design")
    lines = [*_run(scenario, folder), *_objective(scenario.study.objective), *_limits(scenario)]
    lines.append(("pcs-file", pcs))
    if instances is not None:
        lines.append(("instances", instances))
    if isinstance(scenario.instances.test, str):
        lines.append(("test-instances", str(folder / scenario.instances.test)))
    elif scenario.instances.test is not None:
        lines.append(("test-instances", str(tests)))
    if scenario.instances.features is not None:
        lines.append(("feature-file", str(folder / scenario.instances.features)))
    lines += [*_study(scenario), *_optimizer(scenario.optimizer, scenario.study.noisy)]
    if scenario.slots.count is not None:
        lines.append(("cores", str(scenario.slots.count)))
    lines += _validation(scenario)
    for key, value in lines:
        if "\n" in value or "\r" in value:
            raise ScenarioError(f"{show(value)} does not fit on one line.", place=key)
    return [f"{key} = {value}" for key, value in lines]


def differences(before: Scenario, after: Scenario, folders: tuple[Path, Path]) -> list[str]:
    """Return in one line each what the scenario read back says otherwise than the one that was written.

    The space is not looked at: it is written as a PCS file.
    """
    old, new = (_leaves(scenario, folder) for scenario, folder in zip((before, after), folders, strict=True))
    if ("study", "smac2") not in old:
        del new["study", "smac2"]  # that the study of an option file leaves more files is no loss
    found = []
    test = ("instances", "test")
    if isinstance(before.instances.test, tuple) and isinstance(after.instances.test, str):
        rows = read_instances(folders[1] / after.instances.test, after.instances.test)
        old[test], new[test] = before.instances.test, tuple(row.name for row in rows)
    for key in dict.fromkeys((*old, *new)):
        if old.get(key) != new.get(key):
            was, now = _shown(old.get(key)), _shown(new.get(key))
            why = "SMAC v2 has no word for it" if key in old else "it is always so with SMAC v2"
            found.append(f"{dotted(key)} = {was} becomes {now}: {why}")
    return found


def _run(scenario: Scenario, folder: Path) -> Iterator[tuple[str, str]]:
    command = scenario.command
    if command.shell:
        raise ScenarioError("SMAC v2 starts no shell. Put the line into a script.", place="command.shell")
    try:
        templates: Sequence[str] = command.argv or shlex.split(command.line or "")
        words = [from_template(word) for word in templates]
        if None in words:
            place = "command.argv" if command.argv else "command.line"
            raise ScenarioError(f"{show(templates[words.index(None)])}: SMAC v2 has no templates.", place=place)
        yield "algo", join_algo([word for word in words if word is not None])
    except ValueError as error:
        raise ScenarioError(str(error), place="command") from error
    yield "execdir", str(folder / (command.folder or "."))
    yield "deterministic", "0" if scenario.study.noisy else "1"
    if command.flags == "smac2-quoted":
        yield "cli-call-params-with-quotes", "true"
    if scenario.environment.unset == TIME_VARIABLES:
        yield "cli-listen-for-updates", "false"
    elif _SECONDS.fullmatch(often := scenario.environment.set.get(TIME_VARIABLES[1], "")):
        yield "cli-observer-frequency", str(round(float(often) * OBSERVER_MS))


def _objective(objective: Objective) -> Iterator[tuple[str, str]]:
    if objective.par is not None:
        yield "run_obj", "RUNTIME"
        yield "overall_obj", next((name for name, par in PAR.items() if par == objective.par), "MEAN10")
        return
    yield "run_obj", "QUALITY"
    if objective.penalty is None:
        yield "transform-crashed-quality", "false"
    elif objective.penalty != PENALTY:
        yield "transform-crashed-quality-value", repr(objective.penalty)


def _limits(scenario: Scenario) -> Iterator[tuple[str, str]]:
    limits = scenario.limits
    if limits.cutoff_s is not None:
        yield "cutoff_time", repr(limits.cutoff_s)
        if limits.cutoff_factor != KILL_FACTOR:
            yield "kill-run-exceeding-captime-factor", repr(limits.cutoff_factor)
    if limits.wallclock_s is not None:
        yield "wallclock-limit", repr(limits.wallclock_s)
    if limits.runtime_s is not None:
        yield "cputime-limit", repr(limits.runtime_s)
    yield "abort-on-first-run-crash", _flag(limits.first_failures == 1)
    if limits.crashes:
        yield "abort-on-crash", "true"
    if scenario.study.retries:
        yield "retry-crashed-count", str(scenario.study.retries)


def _study(scenario: Scenario) -> Iterator[tuple[str, str]]:
    study = scenario.study
    if study.folder is not None:
        yield "output-dir", str(Path(study.folder).parent)
        yield "rungroup", Path(study.folder).name
    elif study.name is not None:
        yield "rungroup", study.name


def _optimizer(optimizer: Optimizer, noisy: bool) -> Iterator[tuple[str, str]]:
    if optimizer.runs < UNLIMITED:
        yield "runcount-limit", str(optimizer.runs)
    yield "seed", str(optimizer.seed)
    if optimizer.seeds != 1:
        yield "shared-model-mode", "true"
        if optimizer.follow_s not in (None, SHARED_EVERY_S):
            yield "shared-model-mode-frequency", repr(optimizer.follow_s)
    if optimizer.model == "random":
        yield "exec-mode", "ROAR"
    if optimizer.acquisition == "lcb":
        yield "acq-func", "LCB"
    if noisy:
        yield "max-incumbent-runs", str(optimizer.max_config_calls)
    for index, entry in enumerate(optimizer.first):
        key = "initial-challengers" if index else "initial-incumbent"
        if isinstance(entry, str):
            yield key, entry.upper()
            continue
        texts = {name: _text(value) for name, value in entry.items()}
        if not texts:
            yield key, "DEFAULT"
        elif any("'" in text for text in texts.values()):
            raise ScenarioError("a value holds a quote.", place=f"optimizer.first[{index}]")
        else:
            yield key, write_configuration(texts)


def _validation(scenario: Scenario) -> Iterator[tuple[str, str]]:
    validation = scenario.validation
    if validation.at_end != (scenario.instances.test is not None):
        yield "validation", _flag(validation.at_end)
    if validation.incumbents == "all":
        yield "validate-all", "true"
    elif validation.incumbents == "times":
        yield "validate-only-last-incumbent", "false"
    plain = Validation()
    for key, option in _VALIDATION.items():
        value = getattr(validation, key)
        if value != getattr(plain, key):
            yield option, repr(value)


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _text(value: object) -> str:
    return _flag(value) if isinstance(value, bool) else str(value)


def _leaves(scenario: Scenario, folder: Path) -> dict[tuple[str, ...], object]:
    document = msgspec.to_builtins(scenario)
    del document["folder"], document["space"], document["extends"]
    if not document["study"]["smac2"]:
        del document["study"]["smac2"]
    leaves: dict[tuple[str, ...], object] = {}
    waiting: list[tuple[tuple[str, ...], object]] = [((), document)]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, dict) and value:
            waiting += [((*key, name), inner) for name, inner in value.items()]
        elif value not in ({}, [], (), None):
            leaves[key] = str(folder / value) if key in _PATHS and isinstance(value, str) else value
    first = document["optimizer"]["first"] if document["optimizer"] else []
    if first:
        leaves["optimizer", "first"] = [
            entry if isinstance(entry, str) else {name: _text(value) for name, value in entry.items()} or "default"
            for entry in first
        ]
    return dict(sorted(leaves.items()))


def _shown(value: object) -> str:
    return "nothing" if value is None else show(value)
