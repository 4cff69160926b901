"""Parameter files: typed, nested from dotted names, inactive parameters absent."""

from __future__ import annotations

import json
import tomllib

import msgspec
import pytest

from boxwright.materialise.paramfile import name_clash, parameter_bytes
from boxwright.terms import Value

CONFIG: dict[str, Value] = {
    "hp.layers.0.neurons": 64,
    "hp.layers.2.neurons": 8,
    "hp.layers.10.neurons": 4,
    "hp.act": "relu",
    "lr": 1e-05,
    "bn": True,
    "mode": "yes",
}
NESTED = {
    "hp": {"layers": [{"neurons": 64}, {"neurons": 8}, {"neurons": 4}], "act": "relu"},
    "lr": 1e-05,
    "bn": True,
    "mode": "yes",
}


def read(content: bytes, target: str) -> object:
    if target.endswith(".json"):
        return json.loads(content)
    return tomllib.loads(content.decode()) if target.endswith(".toml") else msgspec.yaml.decode(content)


@pytest.mark.parametrize("target", ["p.json", "p.yaml", "p.yml", "p.toml"])
def test_parameter_file_nests_dotted_names(target: str) -> None:
    assert read(parameter_bytes(CONFIG, target, nested=True), target) == NESTED
    assert read(parameter_bytes(CONFIG, target, nested=False), target) == CONFIG


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a", "b", "a.c"], 'parameter "a" is a value and holds "a.c" too.'),
        (["a.b", "a.b.c.d"], 'parameter "a.b" is a value and holds "a.b.c.d" too.'),
        (["a..b"], 'parameter "a..b" has an empty part between its dots'),
        (["a.b", "a.c", "ab"], ""),
    ],
)
def test_names_that_cannot_stand_in_one_file_are_found(names: list[str], message: str) -> None:
    assert name_clash(names).startswith(message)
    assert bool(name_clash(names)) == bool(message)
