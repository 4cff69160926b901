"""Reads ``live-rundata-N.json``: an array of instances, then an object per run, with references to earlier ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from boxwright.errors import ScenarioError
from boxwright.parse.numbers import java_double
from boxwright.store.smac2.json_stream import JsonStream
from boxwright.store.smac2.reading import FoundRun, FoundRuns, open_found, short, status_named, unreadable
from boxwright.store.smac2.told import ToldRun

_MOST_PARAMETERS = 10_000
_LARGEST_SEED = 2**63


class _Objects:
    """The objects of one kind that stood in full already, by their ids."""

    def __init__(self, id_name: str) -> None:
        self._id_name = id_name
        self._known: dict[int, dict[str, Any]] = {}

    def whole(self, value: object, place: str) -> dict[str, Any]:
        """Return the object in full: as it stands here, or as it stood where its id was first.

        Raises:
            ScenarioError: It is no object, or refers to one that was not there.
        """
        if not isinstance(value, dict):
            raise ScenarioError(f"an object with {self._id_name} is missing, found {short(value)}.", place=place)
        number = value.get(self._id_name)
        if not isinstance(number, int):
            return value
        if number not in self._known and len(value) == 1:
            raise ScenarioError(f"{self._id_name} {short(number)} refers to nothing that stood before.", place=place)
        return self._known.setdefault(number, value)


def read_live(path: Path, shown: str) -> FoundRuns:
    """Return the runs of a file; what is cut off at its end is left out.

    Raises:
        ScenarioError: It cannot be read, or is none; the message names the place.
    """
    found = FoundRuns()
    try:
        with open_found(path, shown) as file:
            stream = JsonStream(file, shown)
            reader = _Reader(found)
            for place, value in stream:
                reader.take(place, value)
    except OSError as error:
        raise unreadable(error, shown) from error
    except RecursionError as error:  # it could just be read, but not be shown
        raise ScenarioError("is nested too deeply.", place=shown) from error
    if not reader.has_instances and not stream.is_cut_off:
        raise ScenarioError("is empty; a file of runs begins with an array of instances.", place=shown)
    found.note = "its last run is cut off" if stream.is_cut_off else ""
    return found


class _Reader:
    def __init__(self, found: FoundRuns) -> None:
        self.has_instances = False
        self._found = found
        self._commands = _Objects("@algo-exec-config-id")
        self._pairs = _Objects("@pisp-id")
        self._instances = _Objects("@pi-id")
        self._configs = _Objects("@pc-id")
        self._requests = _Objects("@rc-id")
        self._settings: dict[int, dict[str, str]] = {}

    def take(self, place: str, value: object) -> None:
        """Take in the next document of the file."""
        if self.has_instances:
            self._found.add(self._run(value, place))
            return
        if not isinstance(value, list):
            raise ScenarioError("expected an array of instances; this is no file of SMAC v2's runs.", place=place)
        self._found.instances = tuple(self._instance(each, place) for each in value)
        self.has_instances = True

    def _instance(self, value: object, place: str) -> str:
        name = self._instances.whole(value, place).get("pi-name")
        if not isinstance(name, str):
            raise ScenarioError("an instance has no pi-name.", place=place)
        return name

    def _run(self, value: object, place: str) -> FoundRun:
        if not isinstance(value, dict) or "r-rc" not in value:
            raise ScenarioError(f"expected a run, an object with r-rc, found {short(value)}.", place=place)
        request = self._requests.whole(value["r-rc"], place)
        command = request.get("rc-algo-exec-config")
        if command is not None:
            cutoff_s = self._commands.whole(command, place).get("algo-cutoff")
            self._found.cutoff_s = None if cutoff_s is None else _number("algo-cutoff", cutoff_s, place)
        pair = self._pairs.whole(request.get("rc-pisp"), place)
        status = status_named(str(value.get("r-run-result")))
        if status is None:
            raise ScenarioError(f'r-run-result "{short(value.get("r-run-result"))}" is no status.', place=place)
        run = ToldRun(
            instance=self._instance(pair.get("pisp-pi"), place),
            seed=_seed(pair.get("pisp-seed"), place),
            status=status,
            cutoff_s=_number("rc-cutoff", request.get("rc-cutoff"), place),
            runtime_s=_number("r-runtime", value.get("r-runtime"), place),
            quality=_number("r-quality", value.get("r-quality"), place),
            additional=str(value.get("r-addl-run-data", "")),
            wall_s=_number("r-wallclock-time", value.get("r-wallclock-time", 0.0), place),
            length=_number("r-run-length", value.get("r-run-length", -1.0), place),
        )
        return FoundRun(run, self._settings_of(request.get("rc-pc"), place), place)

    def _settings_of(self, value: object, place: str) -> dict[str, str]:
        config = self._configs.whole(value, place)
        known = self._settings.get(id(config))
        if known is None or not isinstance(config.get("@pc-id"), int):
            known = _settings(config.get("pc-settings"), place)
            self._settings[id(config)] = known
        return known


def _settings(value: object, place: str) -> dict[str, str]:
    if not isinstance(value, Mapping) or len(value) > _MOST_PARAMETERS:
        raise ScenarioError(f"pc-settings is no table of parameters: {short(value)}.", place=place)
    for name, text in value.items():
        if not isinstance(text, str):
            raise ScenarioError(f"pc-settings: {short(name)} = {short(text)} is no text.", place=place)
    return dict(value)


def _number(name: str, value: object, place: str) -> float:
    number = math.nan
    if isinstance(value, str):
        read = java_double(value)
        number = math.nan if read is None else read
    elif isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
    if math.isnan(number):
        raise ScenarioError(f"{name} = {short(value)} is no number.", place=place)
    return number


def _seed(value: object, place: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= _LARGEST_SEED:
        raise ScenarioError(f"pisp-seed = {short(value)} is no seed.", place=place)
    return value
