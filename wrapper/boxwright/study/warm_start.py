"""Runs of elsewhere that an optimizer knows from the start, and the study's own copy of them.

``resume`` goes by the copy, so that the study needs nothing of elsewhere and its models know the same as before.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from boxwright.errors import ScenarioError
from boxwright.json_faults import NOT_JSON
from boxwright.propose.base import Told
from boxwright.propose.warm import Warm
from boxwright.scenario import Scenario
from boxwright.scenario.layers import shorten
from boxwright.space import Space
from boxwright.store.layout import SCENARIO, SPACE, WARM_RUNS, is_study
from boxwright.study.warm_smac2 import from_smac2, is_smac2
from boxwright.study.warm_sources import from_csv, from_study
from boxwright.study.warm_taken import WarmRun
from boxwright.terms import Direction, Trial, cost_of


@dataclass(frozen=True, slots=True)
class WarmStart:
    """What was taken over.

    Attributes:
        notes: What was and what was not, in one line for each source; empty for a study that is taken up again.
    """

    runs: tuple[WarmRun, ...] = ()
    notes: tuple[str, ...] = ()

    def as_lines(self) -> bytes | None:
        """Return the study's copy, a JSON document per run; None if there is nothing to keep."""
        return b"".join(msgspec.json.encode(run) + b"\n" for run in self.runs) or None

    def told(self, direction: Direction, *, noisy: bool) -> Warm:
        """Return the runs as proposers hear of them; their trials have numbers below 0, which no trial here has."""
        return Warm([told_run(-number, run, direction) for number, run in enumerate(self.runs, 1)], noisy=noisy)


def told_run(number: int, run: WarmRun, direction: Direction) -> Told:
    """Return a run of elsewhere as proposers hear of it, as a trial with this number below 0."""
    trial = Trial(number, run.config, origin=f"warm start from {run.source}")
    return Told(trial, run.status, None if run.quality is None else cost_of(run.quality, direction))


def read_warm_start(scenario: Scenario, folder: Path, space: Space, place: str) -> WarmStart:
    """Return the runs that a scenario's optimizer is to know from the start.

    Raises:
        ScenarioError: A source is no study, no CSV file and nothing of SMAC v2, or none of its runs is of this space.
        StudyError: The database of a study cannot be read.
    """
    if scenario.optimizer is None:
        return WarmStart()
    taken = []
    for source in scenario.optimizer.warm_start:
        path = folder / source
        if is_smac2(path):
            taken.append(from_smac2(source, path, scenario, space))
        elif _is_study(path, source, f"{place}: optimizer.warm_start"):
            taken.append(from_study(source, path, scenario.study.objective, space))
        else:
            taken.append(from_csv(source, folder, scenario.study.objective, space))
    return WarmStart(tuple(run for each in taken for run in each.runs), tuple(each.note for each in taken))


def _is_study(path: Path, source: str, place: str) -> bool:
    """Return whether a source is a study, and not a CSV file.

    Raises:
        ScenarioError: It is neither.
    """
    if is_study(path):
        return True
    try:
        if path.is_dir():
            problem = (
                f'"{source}" is a folder, but no study: it holds no {SCENARIO} and {SPACE}, and no runs of SMAC v2'
            )
        elif not path.exists():
            problem = f'there is no study and no file "{source}"'
        elif not path.is_file():
            problem = f'"{source}" is no ordinary file'
        else:
            return False
    except OSError as error:  # a name that is too long, a folder that may not be entered
        problem = f'"{shorten(source, 200)}": {error.strerror}'
    raise ScenarioError(problem, place=place)


def kept_warm_start(study: Path, scenario: Scenario, space: Space) -> WarmStart:
    """Return the runs that a study has kept.

    Raises:
        ScenarioError: Its copy is gone or damaged.
    """
    if scenario.optimizer is None or not scenario.optimizer.warm_start:
        return WarmStart()
    copy = study / WARM_RUNS
    try:
        lines = copy.read_bytes().splitlines()
    except OSError as error:
        raise ScenarioError(f"cannot be read: {error.strerror}. The study began with it.", place=str(copy)) from error
    return WarmStart(tuple(_kept(line, f"{copy}:{number}", space) for number, line in enumerate(lines, 1)))


def _kept(line: bytes, place: str, space: Space) -> WarmRun:
    try:
        run = msgspec.json.decode(line, type=WarmRun)
    except NOT_JSON as error:
        raise ScenarioError(f"is no run that the study kept: {error}.", place=place) from error
    return msgspec.structs.replace(run, config=space.check(run.config, place))
