"""The active parameters as a JSON, YAML or TOML file; dots in names open tables, whole numbers in them arrays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from boxwright.scenario.toml_text import to_toml
from boxwright.terms import Config

_INDEX = re.compile(r"0|[1-9][0-9]*", re.ASCII)


def name_clash(names: Iterable[str]) -> str:
    """Return why names cannot stand in one nested file (``a`` beside ``a.b``), empty if they can."""
    known = set(names)
    for name in sorted(known):
        parts = name.split(".")
        if not all(parts):
            return f'parameter "{name}" has an empty part between its dots'
        for length in range(1, len(parts)):
            outer = ".".join(parts[:length])
            if outer in known:
                return f'parameter "{outer}" is a value and holds "{name}" too. Rename one, or set nested = false.'
    return ""


def parameter_bytes(config: Config, target: str, *, nested: bool) -> bytes:
    """Return the content of a parameter file; the format by the ending of its name.

    Args:
        config: Active parameters only; absent ones are absent in the file. In an array, elements keep their order
            and close the gaps that inactive ones leave.
        target: Name of the file.
        nested: Whether dots in names open tables.
    """
    document = nest(config) if nested else dict(config)
    if target.endswith(".json"):
        return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
    if target.endswith(".toml"):
        return to_toml(document).encode()
    return msgspec.yaml.encode(document)


def nest(config: Config) -> dict[str, object]:
    """Return the configuration as nested tables; a table whose keys are all whole numbers becomes an array."""
    tree: dict[str, object] = {}
    for name, value in config.items():
        *outer, last = name.split(".")
        below = tree
        for part in outer:
            inner = below.setdefault(part, {})
            assert isinstance(inner, dict)  # name_clash has refused everything else
            below = inner
        below[last] = value
    return {key: _arrays(value) for key, value in tree.items()}


def _arrays(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    if value and all(_INDEX.fullmatch(key) for key in value):
        return [_arrays(value[key]) for key in sorted(value, key=int)]
    return {key: _arrays(item) for key, item in value.items()}
