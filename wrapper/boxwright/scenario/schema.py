"""The JSON Schema of scenario files, for editors: made from the types and their docstrings."""

from __future__ import annotations

import inspect
import re
from typing import Any

import msgspec.json

from boxwright.scenario import designs, kinds, model, parameters
from boxwright.scenario.section import Section

_TAGS = {"type": "Which kind of parameter this is.", "kind": "Which design this is."}
_ATTRIBUTE = re.compile(r"^    (\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


def scenario_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a scenario file, with a description for every documented key."""
    _, definitions = msgspec.json.schema_components((model.Scenario,), ref_template="#/$defs/{name}")
    types = {**vars(parameters), **vars(designs), **vars(kinds), **vars(model)}
    for name, definition in definitions.items():
        for kind in reversed(types[name].__mro__):  # what is said of a key in a base class holds below it
            if issubclass(kind, Section):
                _describe(definition, inspect.cleandoc(kind.__doc__ or ""))
    scenario = definitions.pop("Scenario")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **scenario,
        "title": "boxwright scenario",
        "$defs": definitions,
    }


def _describe(definition: dict[str, Any], docstring: str) -> None:
    """Put the text of a docstring at the type, and its ``Attributes`` at the keys they are about."""
    text, _, attributes = docstring.partition("\n\nAttributes:\n")
    definition["description"] = _plain(text)
    properties = definition.get("properties", {})
    for name in _TAGS.keys() & properties.keys():
        properties[name].setdefault("description", _TAGS[name])
    for name, described in _ATTRIBUTE.findall(attributes):
        if name in properties:
            properties[name]["description"] = _plain(described)


def _plain(text: str) -> str:
    return " ".join(text.replace("``", '"').split())
