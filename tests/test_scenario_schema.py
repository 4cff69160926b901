"""The JSON Schema of scenario files."""

from __future__ import annotations

import json

from boxwright.scenario import scenario_schema


def test_schema_describes_documented_keys() -> None:
    schema = scenario_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(schema["required"]) == {"command", "space"}
    assert schema["additionalProperties"] is False
    limits = schema["$defs"]["Limits"]["properties"]
    assert limits["cutoff_s"]["description"] == "Seconds after which a run is stopped."
    assert schema["$defs"]["Command"]["description"].startswith("What is run. Either")
    assert "Attributes" not in json.dumps(schema)


def test_schema_refers_only_to_what_it_defines() -> None:
    text = json.dumps(scenario_schema())
    schema = json.loads(text)
    names = {part.split('"')[0] for part in text.split('"#/$defs/')[1:]}
    assert names
    assert names <= set(schema["$defs"])


def test_schema_describes_every_key() -> None:
    schema = scenario_schema()
    bare = [
        f"{name}.{key}"
        for name, definition in {"Scenario": schema, **schema["$defs"]}.items()
        for key, value in definition.get("properties", {}).items()
        if not value.get("description")
    ]
    assert not bare
    defs = schema["$defs"]
    assert defs["Grid"]["properties"]["runs"]["description"] == "Only the first so many points."
    assert defs["Sobol"]["properties"]["runs"]["description"] == "How many points."
    assert defs["IntParameter"]["description"] == "A whole number within bounds, both included."
