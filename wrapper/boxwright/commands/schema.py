"""``schema``: the JSON Schema of scenario files."""

from __future__ import annotations

import json
import sys
from typing import Any


def schema() -> dict[str, Any]:
    """Return the JSON Schema of scenario files."""
    from boxwright.scenario import scenario_schema

    return scenario_schema()


def schema_command() -> int:
    """Do ``boxwright schema``."""
    sys.stdout.write(json.dumps(schema(), indent=1) + "\n")
    return 0
