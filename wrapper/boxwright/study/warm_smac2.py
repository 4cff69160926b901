"""Reads runs of SMAC v2 for ``optimizer.warm_start``: a file of live runs, a state, or a whole output folder.

A configuration that ran on several instances, or several times, is one run for the model, see ``warm_means``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from boxwright.errors import ScenarioError, SpaceError
from boxwright.scenario import Scenario
from boxwright.space import Space
from boxwright.store.layout import is_study
from boxwright.store.smac2.read_live import read_live
from boxwright.store.smac2.read_state import is_state_file, read_state, state_runs
from boxwright.store.smac2.reading import FoundRun, FoundRuns
from boxwright.store.smac2.told import NO_INSTANCE, ToldRun, cutoff_of
from boxwright.study.costs import scored
from boxwright.study.warm_means import Means
from boxwright.study.warm_taken import Taken, WarmRun, refuse_empty
from boxwright.terms import Outcome, Status, Value, config_key, cost_of

_LIVE = re.compile(r"live-rundata-(\d+)\.json")
_STATE = re.compile(r"state-run(\d+)")
_STATUSES = {
    "SAT": Status.SUCCESS,
    "UNSAT": Status.SUCCESS,
    "TIMEOUT": Status.TIMEOUT,
    "KILLED": Status.TIMEOUT,
    "CRASHED": Status.CRASHED,
}


def is_smac2(path: Path) -> bool:
    """Return whether a path names something of SMAC v2; a study that has left such files, too, is a study."""
    try:
        if path.is_file():
            return path.suffix == ".json" or is_state_file(path)
        return path.is_dir() and not is_study(path) and (state_runs(path) is not None or bool(_parts(path)))
    except OSError:
        return False


def live_files(folder: Path) -> list[tuple[int, Path]]:
    """Return the files of live runs in a folder, with their numbers.

    Raises:
        OSError: It cannot be read.
    """
    return sorted((int(found[1]), path) for path in folder.iterdir() if (found := _LIVE.fullmatch(path.name)))


def _parts(folder: Path) -> list[tuple[int, Path]]:
    """Return the files of runs in an output folder by their numbers; the state of a number that has no live runs."""
    live = dict(live_files(folder))
    states = {int(found[1]): path for path in folder.iterdir() if (found := _STATE.fullmatch(path.name))}
    for number, path in states.items():
        runs = state_runs(path) if number not in live and path.is_dir() else None
        if runs is not None:
            live[number] = runs
    return sorted(live.items())


def _files(source: str, path: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files of runs that a source consists of, with their names for messages."""
    if path.is_file():
        yield source, path
    elif (runs := state_runs(path)) is not None:
        yield f"{source}/{runs.name}", runs
    else:
        for _, file in _parts(path):
            yield f"{source}/{file.relative_to(path)}", file


def from_smac2(source: str, path: Path, scenario: Scenario, space: Space) -> Taken:
    """Return the runs of a file, a state or an output folder of SMAC v2.

    Raises:
        ScenarioError: A file cannot be read, or none of the runs is one of this space.
    """
    importing = _Importing(source, scenario, space)
    try:
        for shown, file in _files(source, path):
            is_state = is_state_file(file)
            importing.take(shown, read_state(file, shown, importing.names) if is_state else read_live(file, shown))
    except OSError as error:
        raise ScenarioError(f"cannot be read: {error.strerror}", place=source) from error
    return importing.taken()


def of_others(files: Sequence[Path], scenario: Scenario, space: Space) -> Taken:
    """Return the runs of files that are being written; one that cannot be read is passed over, and said."""
    importing = _Importing("others", scenario, space)
    for file in files:
        try:
            found = read_live(file, file.name)
        except ScenarioError as error:
            importing.say(str(error))
        else:
            importing.take(file.name, replace(found, note=""))  # the last run of one is often there in part
    return importing.gathered()


class _Importing:
    def __init__(self, source: str, scenario: Scenario, space: Space) -> None:
        self.names = tuple(scenario.instances.names) or (NO_INSTANCE,)
        self._taken = Taken(source)
        self._scenario = scenario
        self._space = space
        self._gathers = bool(scenario.instances.names) or not scenario.is_noisy
        self._means = Means(self._taken)
        self._seen: set[tuple[str, str, int]] = set()
        self._doubled = 0
        self._is_first = True

    def take(self, shown: str, found: FoundRuns) -> None:
        """Take the runs of one file in, if they are on the instances of this scenario."""
        if found.note:
            self._taken.words.append(f"{shown}: {found.note}")
        if found.runs and set(found.instances) != set(self.names):
            theirs, ours = len(set(found.instances)), len(self.names)
            differing = f"{theirs}, not {ours}" if theirs != ours else "others than here"
            self._taken.words.append(f"{shown} is skipped: its instances are {differing}")
            return
        configs: dict[int, dict[str, Value] | SpaceError] = {}
        for run in found.runs:
            config = configs.get(id(run.settings))
            if config is None:
                config = configs[id(run.settings)] = self._config(run)
            if isinstance(config, SpaceError):
                self._taken.pass_over(config.problem)
            else:
                self._take_run(run.run, config)

    def say(self, text: str) -> None:
        """Remember what a person should know."""
        self._taken.words.append(text)

    def gathered(self) -> Taken:
        """Return what was taken over, which may be nothing; the last call."""
        self._means.close()
        return self._taken

    def taken(self) -> Taken:
        """Return what was taken over; the last call.

        Raises:
            ScenarioError: It is nothing.
        """
        self.gathered()
        if self._doubled:
            self._taken.words.append(f"{self._doubled} that stand there twice are dropped")
        if not self._taken.runs:
            why = "; ".join(self._taken.words)
            refuse_empty(self._taken, f"holds no run that could be taken over{f': {why}' if why else ''}.")
        return self._taken

    def _config(self, run: FoundRun) -> dict[str, Value] | SpaceError:
        texts = {name: text for name, text in run.settings.items() if text != "NaN"}  # SMAC v2's word for no value
        if self._is_first:
            self._is_first = False
            missing = (name for name in self._space.names if name not in texts)
            self._taken.defaults = {name: self._space.domain(name).default for name in missing}
        try:
            return self._space.parse_texts(texts)
        except SpaceError as error:
            return error

    def _take_run(self, run: ToldRun, config: dict[str, Value]) -> None:
        key = config_key(config)
        if (key, run.instance, run.seed) in self._seen:
            self._doubled += 1
            return
        self._seen.add((key, run.instance, run.seed))
        status = _STATUSES.get(run.status)
        if status is None:
            self._taken.pass_over("it asked for its study to stop")
            return
        quality = self._quality(run, status)
        if self._gathers:
            self._means.add(config, run.instance, status, quality)
        else:
            source = self._taken.source
            self._taken.runs.append(WarmRun(source=source, status=status, quality=quality, config=config))

    def _quality(self, run: ToldRun, status: Status) -> float | None:
        """Return what a run counts with here, by the rules of this scenario; None if it has no value.

        Of a run that was stopped early only a bound is known, which no model here takes.
        """
        objective, limits = self._scenario.study.objective, self._scenario.limits
        is_bound = run.is_censored(cutoff_of(self._scenario)) if objective.par is not None else run.status == "KILLED"
        value = run.runtime_s if objective.par is not None else cost_of(run.quality, objective.direction)
        if is_bound or not math.isfinite(value):
            return None
        reported = value if status is Status.SUCCESS else None
        outcome = Outcome(status, quality=reported, metrics={objective.metric: value})
        return scored(outcome, objective, limits).quality
