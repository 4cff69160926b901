"""What a scenario must fulfil beyond its types, as far as neither the space nor the machine is needed to know."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from boxwright.scenario.external_faults import external_faults
from boxwright.scenario.forms import parameter_form
from boxwright.scenario.instance_faults import LARGEST_SEED, instance_faults
from boxwright.scenario.kind_faults import optimizer_faults
from boxwright.scenario.layers import show
from boxwright.scenario.model import Scenario
from boxwright.scenario.sizes import parse_size
from boxwright.scenario.slot_faults import slot_faults
from boxwright.scenario.targets import PARAMETER_ENDINGS, target_faults
from boxwright.terms import Direction

Key = tuple[str | int, ...]
Faults = Iterator[tuple[Key, str]]

LONGEST_METRIC = 200
"""Characters of a metric's name."""

_MOST_BITS = 10_000  # Python writes no number of more than 4300 digits, and 0xfff… may be one


def document_faults(value: object, key: Key = ()) -> Faults:
    """Yield ``(key, problem)`` for values that no scenario may hold anywhere: not finite or endless numbers, NULs."""
    if isinstance(value, dict):
        for name, item in value.items():
            if "\0" in name:
                yield (*key, name), "a name cannot hold a NUL character"
            yield from document_faults(item, (*key, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from document_faults(item, (*key, index))
    elif isinstance(value, float) and not math.isfinite(value):
        yield key, f"{value} is not finite. Write an ordinary number."
    elif isinstance(value, int) and value.bit_length() > _MOST_BITS:
        yield key, "a whole number of thousands of digits. Write a smaller one."
    elif isinstance(value, str) and "\0" in value:
        yield key, "a text cannot hold a NUL character"


def scenario_faults(scenario: Scenario) -> Faults:
    """Yield ``(key, problem)`` for everything that does not fit together."""
    yield from _study_faults(scenario)
    yield from optimizer_faults(scenario.optimizer)
    yield from external_faults(scenario.optimizer)
    yield from slot_faults(scenario)
    yield from _space_faults(scenario)
    yield from _command_faults(scenario)
    yield from _source_faults(scenario)
    yield from target_faults(scenario.inputs)
    yield from _pattern_faults(scenario)
    yield from _environment_faults(scenario)
    yield from _size_faults(scenario)
    yield from _parse_faults(scenario)


def _study_faults(scenario: Scenario) -> Faults:
    name = scenario.study.name
    if name is not None and (
        not name.strip(". ")
        or "/" in name
        or name.startswith("-")
        or not name.isprintable()
        or len(name.encode()) > 200
    ):
        yield ("study", "name"), f'"{name}" cannot name a folder. Write a short name without "/".'
    yield from _objective_faults(scenario)
    yield from instance_faults(scenario)
    yield from _repeat_faults(scenario)
    yield from _metric_faults(scenario)
    if (scenario.design is None) == (scenario.optimizer is None):
        found = "neither [design] nor [optimizer]" if scenario.design is None else "both [design] and [optimizer]"
        yield (), f"found {found}. Write exactly one of them: it says what runs next."


def _objective_faults(scenario: Scenario) -> Faults:
    objective = scenario.study.objective
    key = ("study", "objective", "par")
    if objective.par is None:
        return
    if objective.direction is Direction.MAXIMIZE:
        yield key, "a runtime gets better by falling. Leave direction out."
    if objective.penalty is not None:
        yield key, "par says already what a crash counts as. Leave penalty out."
    if scenario.limits.cutoff_s is None:
        yield key, "scores runs by the cutoff. Set limits.cutoff_s."
    if scenario.parse.result_line is False or scenario.parse.tab or scenario.parse.json or scenario.postprocess:
        yield key, "takes the runtime from the result line. Name no other source in [parse]."


def _repeat_faults(scenario: Scenario) -> Faults:
    study, design, optimizer = scenario.study, scenario.design, scenario.optimizer
    calls = optimizer.max_config_calls if optimizer is not None and study.noisy else 1
    calls = design.replicates if design is not None else calls
    if study.seed > LARGEST_SEED - (calls - 1):
        problem = f"{study.seed} leaves no numbers for {calls - 1} repeats of a configuration. Write a smaller one."
        yield ("study", "seed"), problem
    if design is not None and design.runs is not None and design.runs % calls:
        fewer = design.runs // calls * calls
        right = f"{fewer} or {fewer + calls}" if fewer else f"{calls}"
        problem = f"{design.runs} runs are no multiple of replicates = {calls}: each point is run {calls} times. "
        yield ("design", "runs"), f"{problem}Write {right}."


def _metric_faults(scenario: Scenario) -> Faults:
    named: list[tuple[Key, str]] = [(("study", "objective", "metric"), scenario.study.objective.metric)]
    named += [(("study", "metrics", index), name) for index, name in enumerate(scenario.study.metrics)]
    named += [(("parse", "regex", name), name) for name in scenario.parse.regex]
    for key, name in named:
        if not name.strip() or not name.isprintable() or len(name) > LONGEST_METRIC:
            yield key, f"{show(name)} cannot name a metric: 1 to {LONGEST_METRIC} printable characters on one line"


def _space_faults(scenario: Scenario) -> Faults:
    for name, value in scenario.space.items():
        if isinstance(value, str) and name != "file":
            yield ("space", name), f'found the text "{value}", expected a table such as {parameter_form(value)}'
        if isinstance(value, tuple) and name != "forbidden":
            yield ("space", name), f"found an array, expected a table such as {parameter_form(value)}"
    source = scenario.space.get("file")
    if isinstance(source, str):
        yield from _file_fault(scenario, ("space", "file"), source)


def _command_faults(scenario: Scenario) -> Faults:
    command = scenario.command
    if bool(command.argv) == (command.line is not None):
        found = "both argv and line" if command.argv else "neither argv nor line"
        yield ("command",), f"found {found}. Write exactly one of them."
    if command.line is not None and not command.line.strip():
        yield ("command", "line"), "the line is empty. Write the command."
    if command.argv and not command.argv[0].strip():
        yield ("command", "argv", 0), "the program is empty. Write its name or path."
    if command.shell and command.line is None:
        yield ("command", "shell"), "true goes with command.line only: argv is started without a shell."
    if command.folder is not None and not Path(scenario.folder or "", command.folder).is_dir():
        yield ("command", "folder"), f'there is no folder "{command.folder}"'
    if scenario.postprocess is not None and not "".join(scenario.postprocess.argv[:1]).strip():
        yield ("postprocess", "argv"), "the program is missing. Write its name or path first."


def _source_faults(scenario: Scenario) -> Faults:
    for index, entry in enumerate(scenario.inputs.files):
        key = ("inputs", "files", index, "source")
        yield from _file_fault(scenario, key, entry.source, folder_too=entry.mode != "archive")
    for index, template in enumerate(scenario.inputs.templates):
        yield from _file_fault(scenario, ("inputs", "templates", index, "source"), template.source)
    for index, file in enumerate(scenario.inputs.parameters):
        if not file.target.endswith(PARAMETER_ENDINGS):
            key = ("inputs", "parameters", index, "target")
            yield key, f'"{file.target}" has no known ending. Write one of {", ".join(PARAMETER_ENDINGS)}.'
    file_name = getattr(scenario.design, "file", None)
    if file_name is not None:
        yield from _file_fault(scenario, ("design", "file"), file_name)


def _file_fault(scenario: Scenario, key: Key, source: str, *, folder_too: bool = False) -> Faults:
    path = Path(scenario.folder or "", source)
    try:
        if not source:
            yield key, "the path is empty. Write the path of a file."
        elif path.is_dir():
            if not folder_too:
                yield key, f'"{source}" is a folder, expected a file'
        elif not path.exists():
            yield key, f'there is no file "{source}"'
        elif not path.is_file():
            yield key, f'"{source}" is no ordinary file'
    except OSError as error:  # a name that is too long, a folder that may not be entered
        yield key, f'"{source}": {error.strerror}'


def _pattern_faults(scenario: Scenario) -> Faults:
    for name in ("collect", "require", "discard"):
        for index, pattern in enumerate(getattr(scenario.outputs, name)):
            path = PurePosixPath(pattern)
            if not path.parts or path.is_absolute() or ".." in path.parts:
                problem = (
                    f'"{pattern}" is no pattern inside the run folder. Write one such as "*.h5" or "plots/*.png".'
                )
                yield ("outputs", name, index), problem
            elif any("**" in part and part != "**" for part in path.parts):
                yield ("outputs", name, index), f'"{pattern}": "**" must stand alone between slashes'


def _environment_faults(scenario: Scenario) -> Faults:
    for name in scenario.environment.set:
        if not name or "=" in name:
            yield ("environment", "set", name), f'"{name}" cannot name a variable: no "=", and not empty.'


def _size_faults(scenario: Scenario) -> Faults:
    for name in ("memory", "output"):
        size = getattr(scenario.limits, name)
        if size is not None:
            try:
                parse_size(size)
            except ValueError as error:
                yield ("limits", name), str(error)


def _parse_faults(scenario: Scenario) -> Faults:
    parse, metric = scenario.parse, scenario.study.objective.metric
    for name, expression in parse.regex.items():
        try:
            groups = re.compile(expression).groups
        except (re.error, OverflowError, RecursionError) as error:
            yield ("parse", "regex", name), f"no valid regular expression: {error}"
            continue
        if groups != 1:
            hint = "Put brackets around the number." if groups == 0 else "Write (?:…) for those that only group."
            yield ("parse", "regex", name), f'metric "{name}": found {groups} groups, expected exactly one. {hint}'
    if parse.json is not None and (
        PurePosixPath(parse.json).is_absolute() or ".." in PurePosixPath(parse.json).parts
    ):
        yield (
            ("parse", "json"),
            f'"{parse.json}" is no path inside the run folder. Write a relative path without "..".',
        )
    others = bool(parse.tab or parse.regex or parse.json is not None or scenario.postprocess)
    result_line = parse.result_line if parse.result_line is not None else not others
    if result_line and metric in parse.regex:
        yield (
            ("parse", "regex", metric),
            f'the objective "{metric}" would come from the result line and from this expression. Keep one of them.',
        )
    gives = result_line or metric in parse.regex or parse.tab or parse.json is not None or scenario.postprocess
    if not gives:
        found = f"parse.regex gives {', '.join(parse.regex)}" if parse.regex else "no source is named"
        yield ("parse",), f'nothing gives the objective "{metric}": {found}. Name a source, or that metric.'
