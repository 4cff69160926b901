"""Scenario files: what a person asks for, decoded into frozen types."""

from boxwright.scenario.load import LoadedScenario, load_scenario
from boxwright.scenario.model import Scenario
from boxwright.scenario.schema import scenario_schema
from boxwright.scenario.sizes import parse_size

__all__ = ["LoadedScenario", "Scenario", "load_scenario", "parse_size", "scenario_schema"]
