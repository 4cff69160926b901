"""Reads the scenario that lies in a study folder: it was checked when the study was made."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from boxwright.errors import ScenarioError
from boxwright.scenario.model import Scenario


def read_stored_scenario(path: Path) -> Scenario:
    """Return the scenario of a study. Files that it names need not exist any more.

    Raises:
        ScenarioError: It cannot be read, or somebody has changed it into something else.
    """
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Scenario)
    except OSError as error:
        raise ScenarioError(f"cannot be read: {error.strerror}.", place=str(path)) from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise ScenarioError(f"is not the scenario of a study: {error}.", place=str(path)) from error
