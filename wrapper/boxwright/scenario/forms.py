"""The right form of what people write in a shorter one, or by another name: for messages only."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from boxwright.errors import nearest
from boxwright.scenario.toml_text import to_toml

_TYPES = {"integer": "int", "real": "float", "double": "float", "choice": "categorical", "csv-file": "csv"}

_LONGEST = 80

# What other tools and other people call a key; of several, the one that is known at the place counts.
_KEYS = {
    "args": ("argv",),
    "budget": ("runs",),
    "choice": ("choices",),
    "cmd": ("command", "line"),
    "command": ("line", "argv"),
    "cpus": ("cores",),
    "cwd": ("folder",),
    "dest": ("target",),
    "destination": ("target",),
    "direction": ("objective",),
    "env": ("environment", "set"),
    "goal": ("direction",),
    "high": ("upper",),
    "iterations": ("runs",),
    "jobs": ("count", "slots"),
    "low": ("lower",),
    "max": ("upper",),
    "mean": ("mu",),
    "metric": ("objective",),
    "min": ("lower",),
    "n_jobs": ("count",),
    "n_trials": ("runs",),
    "options": ("choices", "sequence"),
    "outputs": ("collect",),
    "parameters": ("space",),
    "params": ("space",),
    "path": ("source", "file"),
    "pattern": ("regex",),
    "postprocessing": ("postprocess",),
    "samples": ("runs",),
    "sd": ("sigma",),
    "src": ("source",),
    "std": ("sigma",),
    "stdev": ("sigma",),
    "time_limit": ("cutoff_s",),
    "timeout": ("cutoff_s",),
    "timeout_s": ("cutoff_s",),
    "trials": ("runs",),
    "values": ("choices", "sequence", "levels"),
    "walltime": ("wallclock_s", "cutoff_s"),
    "workers": ("count", "slots"),
}

# What other tools and other people call a kind of optimizer seed, or what its predictions are weighed by.
_WORDS = {
    "cma-es": "cma",
    "cmaes": "cma",
    "gaussian-process": "gp",
    "random-forest": "rf",
    "smac": "auto",
    "thompson": "ts",
    "ucb": "lcb",
}

# Sections that people give as one text: the key that the text would be the value of.
_MAIN_KEYS = {
    "Command": "line",
    "InputFile": "source",
    "Objective": "metric",
    "ParameterFile": "target",
    "SeedKind": "model",
    "Template": "source",
}


def known_type(word: str, known: Collection[str]) -> str:
    """Return which of the known types or kinds was meant, as a sentence."""
    return nearest(_TYPES.get(word.lower(), word), known)


def known_key(word: str, known: Collection[str]) -> str:
    """Return which of the known keys was meant, as a sentence."""
    return nearest(next((key for key in _KEYS.get(word.lower(), ()) if key in known), word), known)


def known_word(word: str, known: Collection[str]) -> str:
    """Return which of the known values was meant, as a sentence."""
    meant = _WORDS.get(word.lower().replace(" ", "-").replace("_", "-"), word)
    return nearest(meant if meant in known else word, known)


def section_form(value: object, section: str) -> str:
    """Return how a section is written that was given as one text; empty if there is no saying."""
    key = _MAIN_KEYS.get(section)
    return f" Write {_inline({key: value})}." if key and isinstance(value, str) and value else ""


def array_form(value: object, key: object) -> str:
    """Return how one text or one table is written as an array; the words of a command are cut apart."""
    if isinstance(value, Mapping):
        text = _inline(value)
        return f" Write [{text}]." if len(text) <= _LONGEST and "\n" not in text else ""
    if not isinstance(value, str):
        return ""
    words = value.split() if key == "argv" else [value]
    return f" Write {_inline(words)}." if words else ""


def parameter_form(value: object) -> str:
    """Return the table of the parameter that a value in its place probably means."""
    table: Mapping[str, object] = {"type": "float", "lower": 0.0, "upper": 1.0}
    if isinstance(value, list | tuple):
        if len(value) == 2 and all(isinstance(bound, int | float) and not isinstance(bound, bool) for bound in value):
            whole = all(isinstance(bound, int) for bound in value)
            table = {"type": "int" if whole else "float", "lower": value[0], "upper": value[1]}
        elif value and all(isinstance(choice, bool | int | float | str) for choice in value):
            table = {"type": "categorical", "choices": list(value)}
    elif isinstance(value, bool | int | float) or (isinstance(value, str) and not re.search(r"\.\w+$", value)):
        table = {"type": "constant", "value": value}
    return _inline(table)


def _inline(value: object) -> str:
    """Return a value as TOML in one line, shortened where it is long."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_inline(item)}" for key, item in value.items()) + " }"
    text = to_toml({"x": value}).removeprefix("x = ").rstrip("\n")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "…"
