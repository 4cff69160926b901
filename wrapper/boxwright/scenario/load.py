"""Scenario files → Scenario: reads, merges, overrides, decodes and checks, and says exactly what is wrong where."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from boxwright.errors import ScenarioError, nearest
from boxwright.scenario.check import document_faults, scenario_faults
from boxwright.scenario.instances import inline_instances
from boxwright.scenario.layers import (
    MOST_LEVELS,
    Document,
    Layers,
    WholePlace,
    dotted,
    find_scenario,
    is_deep,
    merge,
    read_layers,
    shorten,
)
from boxwright.scenario.model import Scenario
from boxwright.scenario.smac2.reading import names_option, read_smac2
from boxwright.scenario.toml_text import to_toml


@dataclass(frozen=True, slots=True)
class LoadedScenario:
    """A scenario and where it came from.

    Attributes:
        path: The file, as it was named.
        folder: What ``scenario_dir`` and relative paths refer to; absolute.
        text: The merged scenario as TOML that stands alone: ``extends`` is gone, and the key ``folder`` says what
            relative paths refer to, and the instances stand in it. Loading it from anywhere gives an equal scenario
            with the same folder.
        notes: What a SMAC v2 scenario asks for that has no effect here, in one line each.
        places: Dotted key of the scenario → file, line and option of a SMAC v2 scenario that says it.
    """

    scenario: Scenario
    path: Path
    folder: Path
    text: str
    notes: tuple[str, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)

    def said_at(self, place: str) -> str:
        """Return where a SMAC v2 scenario says what is wrong at ``file: key``; the same place where it does not."""
        key = place.removeprefix(f"{self.path}: ")
        while key and key not in self.places:
            key = key[: max(key.rfind("."), key.rfind("["), 0)]
        return self.places.get(key, place)


def load_scenario(
    path: Path,
    overrides: Sequence[str] = (),
    *,
    kept: Collection[tuple[str | int, ...]] = (),
    with_defaults: bool = True,
) -> LoadedScenario:
    """Return the scenario that a file, or a folder with ``scenario.toml``, holds.

    Args:
        path: A file or a folder.
        overrides: ``key=value`` texts as given to ``--set``; the key is dotted, the value is TOML or else a text.
            They count as written in the file, so that relative paths start at its folder. For a SMAC v2 file the key
            may be one of SMAC v2's options.
        kept: Keys of files that need not be there, because a study has what they hold.
        with_defaults: Whether a person's own files of defaults go with an option file of SMAC v2.

    Raises:
        ScenarioError: With the file and line, or the file and key, the value found and what would be right.
    """
    file = find_scenario(path)
    is_toml = file.suffix == ".toml"
    options = [] if is_toml else [override for override in overrides if names_option(override)]
    layers = read_layers(file) if is_toml else read_smac2(file, options, with_defaults=with_defaults)
    for override in overrides:
        if override not in options:
            _override(layers, override)
    document = layers.document
    document["folder"] = str(layers.folder)
    study = document.setdefault("study", {})
    if isinstance(study, dict):
        study.setdefault("name", _name_of(file, layers.folder))
    inline_instances(layers)
    for key, problem in document_faults(document):
        raise ScenarioError(problem, place=layers.place(key))
    scenario = _decode(layers)
    for key, problem in scenario_faults(scenario):
        if key in kept:
            continue
        raise ScenarioError(problem, place=layers.place(key))
    places = {dotted(key): place for key, place in layers.origins.items() if isinstance(place, WholePlace)}
    return LoadedScenario(scenario, file, layers.folder, to_toml(document), tuple(layers.notes), places)


def _name_of(file: Path, folder: Path) -> str:
    """A study is called after the folder of ``scenario.toml``, or after a file of another name."""
    name = folder.name if file.name == "scenario.toml" else file.stem
    return "".join(ch if ch.isprintable() else "_" for ch in name).strip(" .-")[:60] or "study"


def _decode(layers: Layers) -> Scenario:
    try:
        return msgspec.convert(layers.document, Scenario)
    except msgspec.ValidationError as error:
        from boxwright.scenario.diagnose import find_fault  # costs time that only a fault is worth

        fault = find_fault(layers.document, Scenario)
        if fault is None:
            raise ScenarioError(str(error), place=layers.place(())) from error
        raise ScenarioError(fault.problem, place=layers.place(fault.key)) from error


def _override(layers: Layers, override: str) -> None:
    key, equals, text = override.partition("=")
    place = f"--set {shorten(override, 200)}"
    try:
        override.encode("utf-8")
        path = _parse_key(key) if equals else ()
    except ValueError:  # what is no UTF-8, no TOML, or a number of thousands of digits
        path = ()
    if not path:
        raise ScenarioError('expected a dotted key and a value, such as "optimizer.runs=30"', place=place)
    if path[0] in ("extends", "folder"):
        raise ScenarioError("can only be written in a scenario file", place=place)
    below: object = layers.document
    for depth, part in enumerate(path[:-1]):
        below = below.get(part, {}) if isinstance(below, dict) else below
        if not isinstance(below, dict):
            raise ScenarioError(f"{dotted(path[: depth + 1])} is no table, so it has no key inside", place=place)
    if path[0] == "space" and len(path) > 2 and path[1] not in layers.document.get("space", {}):
        names = [name for name in layers.document.get("space", {}) if name not in ("file", "forbidden")]
        raise ScenarioError(f'no parameter "{path[1]}". {nearest(path[1], names)}', place=place)
    upper: Document = {}
    inner = upper
    for part in path[:-1]:
        inner = inner.setdefault(part, {})
    inner[path[-1]] = _parse_value(text)
    if is_deep(upper):
        raise ScenarioError(f"tables are nested more than {MOST_LEVELS} deep", place=place)
    merge(layers, upper, "--set")


def _parse_key(key: str) -> tuple[str, ...]:
    if "\n" in key or "#" in key:
        return ()
    table: object = tomllib.loads(f"{key} = 0")
    path: list[str] = []
    while isinstance(table, dict):
        ((name, table),) = table.items()
        path.append(name)
    return tuple(path)


def _parse_value(text: str) -> object:
    """Return what TOML makes of the text, else the text itself (also for dates, which no key of ours takes)."""
    try:
        value = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):  # a number of thousands of digits is told as the text that it is
        return text
    if len(value) != 1 or isinstance(value["value"], datetime.date | datetime.time):
        return text
    return value["value"]
