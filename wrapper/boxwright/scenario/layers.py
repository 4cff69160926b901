"""One scenario out of several layers: the file, the files it extends, and what ``--set`` says.

A layer is a plain dict. Before layers are merged, the relative paths of a base file in another folder are made
absolute, so that it means the same whoever extends it. For the same reason ``scenario_dir`` in the words of such a
file becomes the folder of that file. In template *files* it is the folder of the scenario that is carried out.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boxwright.errors import ScenarioError

Document = dict[str, Any]
_BLOCK = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_NAME = re.compile(r"(?<![\w.])scenario_dir(?!\w)")
_RELATIVE_PROGRAM = re.compile(r"[\w.-]+/[\w./-]+")
MOST_LEVELS = 50
_ENDLESS_NUMBER = re.compile(r"[0-9][0-9_]{4299,}")
_AT = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


class WholePlace(str):
    """An origin that says by itself where a value was written: ``scenario.txt:7: cutoff_time``."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Layers:
    """The merged document and where each key of it was written.

    Attributes:
        document: Plain values; no ``extends`` any more.
        folder: Folder of the scenario file itself, absolute.
        origins: Dotted key as a tuple → name of the file, or ``--set``, or the whole place of it in a SMAC v2 file.
        notes: What the file says that has no effect here, in one line each.
        lost: Those of them that are not in the document either.
    """

    document: Document
    folder: Path
    origins: dict[tuple[str | int, ...], str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def place(self, key: Sequence[str | int]) -> str:
        """Return ``file: dotted.key`` for a key, naming the file that says it."""
        names = tuple(part for part in key if isinstance(part, str))
        origin = self.origins[()]
        for length in range(len(names), 0, -1):
            if names[:length] in self.origins:
                origin = self.origins[names[:length]]
                break
        if isinstance(origin, WholePlace):
            return origin
        if origin == "--set":
            return f"--set {dotted(key)}"
        return f"{origin}: {dotted(key)}" if key else origin


def dotted(key: Sequence[str | int]) -> str:
    """Return the key as a person would write it: ``inputs.files[0].mode``, ``space."a.b".lower``."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if re.fullmatch(r"[\w-]+", part) else json.dumps(part))
    return text


def read_layers(file: Path) -> Layers:
    """Return the file merged over the files it extends.

    Raises:
        ScenarioError: A file cannot be read, is no TOML, or extends itself.
    """
    chain = _chain(file)
    layers = Layers({}, _folder_of(*chain[0]), {(): str(file)})
    for path, document in reversed(chain):
        folder = _folder_of(path, document)
        document.pop("extends", None)
        document.pop("folder", None)
        if folder != layers.folder:
            _move_paths(document, folder)
        _drop_alternatives(layers.document, document)
        merge(layers, document, str(path))
    return layers


def _drop_alternatives(lower: Document, upper: Mapping[str, object]) -> None:
    """Where a file chooses one of two alternatives, it does not inherit the other one from its base."""
    for one, other in (("design", "optimizer"), ("optimizer", "design")):
        if one in upper and other not in upper:
            lower.pop(other, None)
    above, below = upper.get("command"), lower.get("command")
    if isinstance(above, dict) and isinstance(below, dict):
        for one, other in (("argv", "line"), ("line", "argv")):
            if one in above and other not in above:
                below.pop(other, None)


def merge(layers: Layers, upper: Mapping[str, object], origin: str) -> None:
    """Lay ``upper`` over the document: tables are merged key by key, everything else is replaced."""
    _merge_tables(layers.document, upper, (), origin, layers.origins)


def _merge_tables(
    lower: Document, upper: Mapping[str, object], path: tuple[str, ...], origin: str, origins: dict[Any, str]
) -> None:
    for key, value in upper.items():
        inner = (*path, key)
        below = lower.get(key)
        if isinstance(value, Mapping) and isinstance(below, dict) and not _changes_kind(inner, below, value):
            _merge_tables(below, value, inner, origin, origins)
            continue
        for known in [known for known in origins if known[: len(inner)] == inner]:
            del origins[known]
        lower[key] = value
        origins[inner] = origin


def _changes_kind(path: tuple[str, ...], below: Mapping[str, object], above: Mapping[str, object]) -> bool:
    """A parameter of another type, or another kind of design, replaces the old one: their keys do not mix."""
    tag = "kind" if path == ("design",) else "type" if len(path) == 2 and path[0] == "space" else None
    return tag is not None and tag in above and above[tag] != below.get(tag)


def _chain(file: Path) -> list[tuple[Path, Document]]:
    """Return the file and its bases, nearest first."""
    chain: list[tuple[Path, Document]] = []
    seen: dict[str, Path] = {}
    current = file
    while True:
        real = os.path.realpath(current)
        if real in seen:
            names = " → ".join(str(path) for path in [*seen.values(), current])
            raise ScenarioError(f"the files extend each other in a circle: {names}", place=f"{file}: extends")
        seen[real] = current
        document = read_toml(current)
        chain.append((current, document))
        base = document.get("extends")
        if base is None:
            return chain
        if not isinstance(base, str):
            raise ScenarioError(f"{show(base)} is no text. Write the path of a file.", place=f"{current}: extends")
        current = _scenario_file(current.parent / base, place=f"{current}: extends")


def _scenario_file(path: Path, *, place: str = "") -> Path:
    """Return the scenario file that a path names: itself, or ``scenario.toml`` in the folder."""
    try:
        file = path
        if path.is_dir():
            names = ("scenario.toml", "scenario.txt")
            file = next((path / name for name in names if (path / name).exists()), path / names[0])
        problem = (
            ""
            if file.exists()
            else "the folder holds no scenario.toml or scenario.txt"
            if path.is_dir()
            else "there is no such file"
        )
        if not problem:
            os.path.realpath(file).encode("utf-8")
    except OSError as error:  # a name too long, a folder that cannot be looked into
        problem = f"cannot be read: {error.strerror}"
    except UnicodeEncodeError:
        problem = "its path is not UTF-8. Rename the file or the folders above it."
    if problem:
        shown = shorten(str(path), 200)
        raise ScenarioError(f"{shown}: {problem}" if place else problem, place=place or shown)
    return file


def find_scenario(path: Path) -> Path:
    """Return the scenario file that a path names: itself, or ``scenario.toml`` in the folder.

    Raises:
        ScenarioError: There is none.
    """
    return _scenario_file(path)


def read_toml(file: Path) -> Document:
    """Return the content of a TOML file.

    Raises:
        ScenarioError: It cannot be read (with the system's reason), or is no TOML (with the line).
    """
    try:
        text = file.read_bytes().decode("utf-8")
    except OSError as error:
        raise ScenarioError(f"cannot be read: {error.strerror}", place=str(file)) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ScenarioError(
            f"byte {error.object[error.start]:#04x} is no UTF-8. Save the file as UTF-8.", place=f"{file}:{line}"
        ) from error
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = _AT.search(str(error))
        line = int(at[1]) if at and at[1] else text.count("\n") + 1
        raise ScenarioError(f"no valid TOML: {_AT.sub('', str(error))}", place=f"{file}:{line}") from error
    except ValueError as error:  # Python reads no whole number of more than 4300 digits
        digits = _ENDLESS_NUMBER.search(text)
        line = text.count("\n", 0, digits.start() if digits else 0) + 1
        raise ScenarioError(
            "a whole number of thousands of digits. Write a smaller one.", place=f"{file}:{line}"
        ) from error
    except RecursionError as error:
        line = text.count("\n") + 1
        raise ScenarioError("no valid TOML: nested too deeply", place=f"{file}:{line}") from error
    if is_deep(document):
        raise ScenarioError(f"tables are nested more than {MOST_LEVELS} deep. Write them flatter.", place=str(file))
    return document


def is_deep(value: object) -> bool:
    """Return whether tables and arrays are nested more deeply than any scenario needs."""
    level = [value]
    for _ in range(MOST_LEVELS + 1):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ())
        ]
        if not level:
            return False
    return True


def _move_paths(document: Document, folder: Path) -> None:
    """Make the relative paths of a base file absolute, in place; values of a wrong type are left for the decoder."""
    _resolve_key(document.get("space"), "file", folder)
    _resolve_key(document.get("design"), "file", folder)
    _resolve_key(document.get("study"), "smac2", folder)
    _resolve_key(document.get("command"), "folder", folder)
    for key in ("file", "test", "features"):
        _resolve_key(document.get("instances"), key, folder)
    inputs = document.get("inputs")
    if isinstance(inputs, dict):
        for section in ("files", "templates"):
            entries = inputs.get(section)
            for entry in entries if isinstance(entries, list) else ():
                _resolve_key(entry, "source", folder)
    _resolve_words(document, folder)


def _resolve_key(table: object, key: str, folder: Path) -> None:
    if isinstance(table, dict) and isinstance(table.get(key), str) and table[key]:
        table[key] = os.path.normpath(folder / table[key])


def _resolve_words(document: Document, folder: Path) -> None:
    """Fix what the words of a base file say about its folder: ``scenario_dir`` and a program given by path."""
    for section in ("command", "postprocess"):
        table = document.get(section)
        if not isinstance(table, dict):
            continue
        inside = table.get("folder") if section == "command" else None
        programs = folder / inside if isinstance(inside, str) else folder
        argv = table.get("argv")
        if isinstance(argv, list):
            table["argv"] = [_with_folder(word, folder) for word in argv]
            if argv and isinstance(argv[0], str) and _RELATIVE_PROGRAM.fullmatch(argv[0]):
                table["argv"][0] = os.path.normpath(programs / argv[0])
        line = table.get("line")
        if isinstance(line, str):
            first, blank, rest = line.partition(" ")
            if _RELATIVE_PROGRAM.fullmatch(first):
                line = shlex.quote(os.path.normpath(programs / first)) + blank + rest
            table["line"] = _with_folder(line, folder)
    environment = document.get("environment")
    values = environment.get("set") if isinstance(environment, dict) else None
    if isinstance(values, dict):
        for name, value in values.items():
            values[name] = _with_folder(value, folder)


def _with_folder(word: object, folder: Path) -> object:
    if not isinstance(word, str):
        return word
    literal = json.dumps(str(folder), ensure_ascii=False)
    return _BLOCK.sub(lambda block: _NAME.sub(lambda _: literal, block[0]), word)


def _folder_of(file: Path, document: Mapping[str, object]) -> Path:
    folder = document.get("folder", "")
    if not isinstance(folder, str):
        raise ScenarioError(f"{show(folder)} is no text. Write the path of a folder.", place=f"{file}: folder")
    # Made absolute, not resolved: links in the person's own paths stay as they are.
    return Path(os.path.normpath(Path.cwd() / file.parent / folder))


def show(value: object) -> str:
    """Return a value as TOML would write it, shortened, for a message."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return shorten(text, 60)


def shorten(text: str, limit: int) -> str:
    """Return the text, or its beginning and three dots if it is longer than the limit."""
    return text if len(text) <= limit else text[: limit - 3] + "..."
