"""Checks before any run what a scenario says about parsing: patterns, and that the objective has one source."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from boxwright.errors import ScenarioError
from boxwright.parse.logs import quoted
from boxwright.parse.outcome import reads_result_line
from boxwright.parse.stdout import compiled
from boxwright.scenario.model import Objective, Parse


def check_parse(parse: Parse, objective: Objective, *, has_postprocess: bool, place: str) -> None:
    """Check the ``parse`` section of the scenario file that place names.

    Raises:
        ScenarioError: A pattern is wrong, the JSON file lies outside the run folder, or the objective can come
            from no source or must come from two.
    """
    for name, pattern in parse.regex.items():
        key = f"{place}: parse.regex.{name}"
        try:
            groups = compiled(pattern).groups
        except re.error as error:
            raise ScenarioError(f"{quoted(pattern)} is no regular expression: {error}.", place=key) from error
        if groups != 1:
            raise ScenarioError(f"{quoted(pattern)} has {groups} groups; one must hold the number.", place=key)
    if parse.json is not None:
        path = PurePosixPath(parse.json)
        if path.is_absolute() or ".." in path.parts or "\0" in parse.json or not path.parts:
            problem = (
                f"{quoted(parse.json)} is not inside the run folder; write a relative path such as metrics.json."
            )
            raise ScenarioError(problem, place=f"{place}: parse.json")
    _check_objective(parse, objective, has_postprocess=has_postprocess, place=place)


def _check_objective(parse: Parse, objective: Objective, *, has_postprocess: bool, place: str) -> None:
    metric = objective.metric
    by_line = reads_result_line(parse, has_postprocess=has_postprocess)
    if by_line and metric in parse.regex:
        problem = f"gives {quoted(metric)}, which the result line gives already; drop it, or set result_line = false."
        raise ScenarioError(problem, place=f"{place}: parse.regex.{metric}")
    anywhere = by_line or parse.tab or parse.json is not None or has_postprocess
    if not anywhere and metric not in parse.regex:
        known = ", ".join(parse.regex) or "none"
        problem = f"nothing gives the objective {quoted(metric)}; patterns: {known}. Add parse.regex.{metric}."
        raise ScenarioError(problem, place=f"{place}: parse")
