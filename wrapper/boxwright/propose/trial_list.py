"""The design of a list of trials: each line says configuration, instance and seed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import msgspec
from msgspec import Meta, Struct

from boxwright.errors import ScenarioError
from boxwright.json_faults import NOT_JSON
from boxwright.propose.base import ExhaustedError, Proposal, Told
from boxwright.propose.intake import Intake, RefusedError
from boxwright.scenario.designs import TrialList
from boxwright.terms import Config, Trial, Value, config_key

if TYPE_CHECKING:
    from boxwright.space import Space

_Key: TypeAlias = tuple[str, str | None, int]


class Listed(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line: a trial that is to be run.

    Attributes:
        config: A parameter that is not there takes its default.
        instance: None where the scenario has none.
        seed: For the command; None for the study's.
        origin: In a word or two, whose it is.
    """

    config: dict[str, Value]
    instance: str | None = None
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    origin: str = ""

    def key(self, study_seed: int) -> _Key:
        """Return what tells this trial from others."""
        return config_key(self.config), self.instance, study_seed if self.seed is None else self.seed


def read_trials(design: TrialList, space: Space, folder: Path, instances: Sequence[str] = ()) -> list[Listed]:
    """Return the trials of a list, each with its whole configuration.

    Args:
        design: Its file is looked for in ``folder``.
        space: Whose configurations they are.
        folder: Where a relative path starts.
        instances: Names that may be named.

    Raises:
        ScenarioError: The file cannot be read, or a line is no trial; the message names it.
    """
    intake = Intake(space, design.unknown, lambda _: None)
    listed = list(_listed(design, folder, intake, set(instances)))[: design.runs]
    if not listed:
        raise ScenarioError("the file holds no trial.", place=design.file)
    return listed


def _listed(design: TrialList, folder: Path, intake: Intake, instances: set[str]) -> Iterator[Listed]:
    for number, line in enumerate(_data(design, folder).split(b"\n"), 1):
        if not line.strip():
            continue
        place = f"{design.file}:{number}"
        try:
            listed = msgspec.json.decode(line, type=Listed)
            config = dict(intake.config({}, listed.config))
        except (*NOT_JSON, RefusedError) as error:
            raise ScenarioError(f"is no trial: {error}", place=place) from error
        if listed.instance is not None and listed.instance not in instances:
            raise ScenarioError(f'no instance "{listed.instance}" in instances.names.', place=place)
        yield msgspec.structs.replace(listed, config=config)


def _data(design: TrialList, folder: Path) -> bytes:
    try:
        return (folder / design.file).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ScenarioError(f'file = "{design.file}" cannot be read: {reason}', place="design") from error


class TrialListProposer:
    """Proposes each trial of a list once, in its order; satisfies ``Proposer``."""

    def __init__(self, trials: Iterable[Listed], *, study_seed: int) -> None:
        self._left = iter(trials)
        self._study_seed = study_seed
        self._known: set[_Key] = set()

    async def start(self, finished: Sequence[Told], running: Sequence[Trial]) -> None:
        """Take up a study: what is a trial already is passed over."""
        for trial in (*(told.trial for told in finished), *running):
            self._known.add((config_key(trial.config), trial.instance, trial.seed))

    async def next(self) -> Proposal:
        """Return the next trial of the list.

        Raises:
            ExhaustedError: It is through.
        """
        for listed in self._left:
            key = listed.key(self._study_seed)
            if key not in self._known:
                self._known.add(key)
                config: Config = listed.config
                return Proposal(config, listed.origin or "trials", instance=listed.instance, seed=key[2])
        raise ExhaustedError

    def extend(self, trials: Iterable[Listed]) -> None:
        """Go on with a list that has become longer."""
        self._left = iter(trials)

    def running(self, trial: Trial) -> None:
        """Take note of it, for the case that the list becomes longer."""
        self._known.add((config_key(trial.config), trial.instance, trial.seed))

    def finished(self, told: Told) -> None:
        """Take note of nothing: a list does not change."""

    async def close(self) -> None:
        """Nothing is held."""
