"""Option files → the document of a scenario, as if it had been written in TOML."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from boxwright.errors import ScenarioError, nearest
from boxwright.scenario.layers import Layers, WholePlace, shorten
from boxwright.scenario.smac2.options import BY_NAME, OTHER_WORDS, OURS, REPEATED, Option

DEFAULTS_FOLDER = ".aeatk"
"""Where a person's own defaults lie, in the home folder."""

VALIDATOR_DEFAULTS = "smac-validate.opt"
"""It may name options that only ``smac-validate`` knows, such as ``configuration-list``."""

DEFAULTS_FILES = ("smac.opt", "tae.opt", "cli-tae.opt", VALIDATOR_DEFAULTS)
"""SMAC v2's files of defaults; where two say the same, the first counts."""

_LARGEST_FILE = 16 * 2**20
_SECTION = re.compile(r"\[+[\w.\"' -]+\]+\s*(?:#.*)?")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an option file.

    Attributes:
        key: As it is written.
        value: Without the blanks around it.
        place: File, line and key, for messages.
    """

    option: Option
    key: str
    value: str
    place: str


def names_option(override: str) -> bool:
    """Return whether a ``key=value`` text sets an option of SMAC v2, and not a key or a section of the scenario."""
    key, _, value = override.partition("=")
    return key.strip() in BY_NAME and value.isprintable() and not value.lstrip().startswith("{")


def read_smac2(file: Path, overrides: Sequence[str] = (), *, with_defaults: bool = True) -> Layers:
    """Return what an option file says, as the document of a scenario with the place of each value.

    Args:
        file: The option file.
        overrides: ``option=value`` texts that go before it, as SMAC v2 has them on its command line.
        with_defaults: Whether a person's own files of defaults set what it leaves out.

    Raises:
        ScenarioError: It cannot be read, a key is unknown, or a value is wrong; the message names the line.
    """
    from boxwright.scenario.smac2.translating import Translation  # in that order: it needs Entry

    entries = _laid_over(read_entries(_text(file), str(file)), overrides)
    defaults, note = _defaults(entries) if with_defaults else ([], "")
    entries += defaults
    folder = Path(os.path.normpath(Path.cwd() / file.parent))
    translation = Translation(entries, file, folder)
    document = translation.document()
    layers = Layers(document, folder, {(): str(file)})
    layers.origins.update({key: WholePlace(place) for key, place in translation.places.items()})
    layers.notes.extend(([note] if note else []) + translation.notes)
    layers.lost.extend(translation.lost)
    return layers


def _laid_over(entries: Sequence[Entry], overrides: Sequence[str]) -> list[Entry]:
    """Return the entries with those of ``--set`` in their place; of several that say the same the last one counts."""
    given = []
    for override in overrides:
        key, _, value = (part.strip() for part in override.partition("="))
        given.append(Entry(BY_NAME[key], key, value, f"--set {key}"))
    last = {entry.option.name: entry for entry in given}
    kept = [entry for entry in given if entry.option.name in REPEATED or last[entry.option.name] is entry]
    return [*(entry for entry in entries if entry.option.name not in last), *kept]


def _defaults(entries: list[Entry]) -> tuple[list[Entry], str]:
    """Return what SMAC v2's files of defaults set and the option file leaves out, and one line that says so.

    Raises:
        ScenarioError: One of them cannot be read, or holds a wrong line.
    """
    try:
        folder = Path.home() / DEFAULTS_FOLDER
    except RuntimeError:
        return [], ""
    taken = {entry.option.name for entry in entries}
    found: list[Entry] = []
    for file in (folder / name for name in DEFAULTS_FILES):
        if os.path.isfile(file):  # noqa: PTH113  as with SMAC v2, one that cannot be looked at is not there
            entries_there = read_entries(_text(file), str(file), passes_over=file.name == VALIDATOR_DEFAULTS)
            new = [entry for entry in entries_there if entry.option.name not in taken]
            taken |= {entry.option.name for entry in new}
            found += new
    named = ", ".join(dict.fromkeys(shorten(entry.key, 60) for entry in found))
    return found, f"{folder}: sets what the option file leaves out: {named}." if found else ""


def read_entries(text: str, file: str, *, passes_over: bool = False) -> list[Entry]:
    """Return the lines of an option file that set something.

    Args:
        text: What it holds.
        file: Its name, for messages.
        passes_over: Whether unknown options are passed over: those of another tool.

    Raises:
        ScenarioError: A line sets nothing, or an option stands twice; the message names it.
    """
    entries: list[Entry] = []
    first: dict[str, str] = {}
    for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        line = raw.strip()
        if not line or line[0] in "#!":
            continue
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not key:
            problem = f'"{shorten(line, 60)}" sets nothing: write key = value.'
            if _SECTION.fullmatch(line):
                problem += " A scenario in TOML is a file that ends in .toml."
            raise ScenarioError(problem, place=f"{file}:{number}")
        if "\0" in line:
            raise ScenarioError("holds a NUL character", place=f"{file}:{number}")
        if passes_over and key not in BY_NAME:
            continue
        place = f"{file}:{number}: {shorten(key, 60)}"
        option = _option(key, place)
        if option.name in first and option.name not in REPEATED:
            raise ScenarioError(f"is set twice, first at {first[option.name]}. Keep one of them.", place=place)
        first.setdefault(option.name, place)
        entries.append(Entry(option, key, value, place))
    return entries


def _option(key: str, place: str) -> Option:
    option = BY_NAME.get(key)
    if option is not None:
        return option
    bare = key.lstrip("-")
    if bare in BY_NAME and bare != key:
        raise ScenarioError(f"dashes belong to the command line. Write {bare} = …", place=place)
    if bare in OTHER_WORDS:
        raise ScenarioError(f'unknown option. SMAC v2 calls it "{OTHER_WORDS[bare]}".', place=place)
    if bare in OURS:
        raise ScenarioError(f"SMAC v2 has no such option. Take it out, and give --set {OURS[bare]}=…", place=place)
    near = nearest(shorten(bare, 60), BY_NAME)
    hint = near if near.startswith("Did you mean") else "The options of SMAC v2 are known, and none is like it."
    raise ScenarioError(f"unknown option. {hint}", place=place)


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > _LARGEST_FILE:
            raise ScenarioError(f"this file is larger than {_LARGEST_FILE >> 20} MiB.", place=str(file))
        return file.read_bytes().decode("utf-8")
    except OSError as error:
        raise ScenarioError(f"cannot be read: {error.strerror}", place=str(file)) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problem = f"byte {error.object[error.start]:#04x} is no UTF-8. Save the file as UTF-8."
        raise ScenarioError(problem, place=f"{file}:{line}") from error
