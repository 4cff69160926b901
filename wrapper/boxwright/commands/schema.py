"""``schema``: the JSON Schema of scenario files."""

from __future__ import annotations

import json
import sys


def schema_command() -> int:
    """Do ``boxwright schema``."""
    from boxwright.scenario import scenario_schema

    sys.stdout.write(json.dumps(scenario_schema(), indent=1) + "\n")
    return 0
