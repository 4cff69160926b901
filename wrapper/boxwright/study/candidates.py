"""Which configurations are validated: those of a study's trajectory, and those that a person names."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import msgspec

from boxwright.errors import UserError
from boxwright.propose.csv_rows import csv_configs
from boxwright.propose.intake import Intake, RefusedError
from boxwright.propose.sampling import monte_carlo
from boxwright.scenario.layers import shorten
from boxwright.scenario.smac2.words import read_configuration, read_state_form
from boxwright.scenario.validation import Validation
from boxwright.space import Space
from boxwright.store.database import Store
from boxwright.store.smac2.read_trajectory import read_trajectory
from boxwright.study.trajectory import chosen_moments, trajectory
from boxwright.study.validation_plan import Candidate
from boxwright.terms import Config

_DEFAULT = ("DEFAULT", "<DEFAULT>")
_LARGEST_FILE = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Named:
    """What a person names; with nothing of it, the incumbents that the scenario says are validated.

    Attributes:
        incumbents: Which of the study's incumbents, or of those in the trajectories.
        trajectories: Files ``traj-run-N.txt`` of SMAC v2.
        default: The space's default.
        random: So many drawn at random.
        texts: Configurations in the form of a call, ``-name 'value' …``.
        files: Files of them, one in a line, or CSV.
    """

    incumbents: Literal["last", "all", "times"] | None = None
    trajectories: tuple[str, ...] = ()
    default: bool = False
    random: int = 0
    texts: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def wants_incumbents(self) -> bool:
        """Return whether incumbents of the study are meant: they are named, or nothing else is."""
        others = self.default or self.random or self.texts or self.files
        return not self.trajectories and (self.incumbents is not None or not others)


def incumbents(store: Store, settings: Validation, number: int) -> Iterator[Candidate]:
    """Yield the incumbents of a study that are to be validated, one for each moment.

    Args:
        store: Of the study.
        settings: Which of them.
        number: The study's, in the names of SMAC v2's files.
    """
    runs = [run for run in store.finished_runs() if run.ended is not None]
    begin = min((run.started for run in runs if run.started is not None), default=0.0)
    end_s = max((run.ended - begin for run in runs if run.ended is not None), default=0.0)
    base, shift_s = f"traj-run-{number}", begin - float(store.meta("created", str(begin)))
    if settings.incumbents == "last":
        best = store.incumbent()
        if best is not None:
            yield Candidate(best.config, f"incumbent (run {best.run})", base, end_s + shift_s, _cost(best.cost))
        return
    entries = trajectory(store)
    for moment_s, index in chosen_moments([entry.after_s for entry in entries], settings, end_s):
        best = entries[index].best
        label = f"run {best.run} from {entries[index].after_s:.3g} s on"
        yield Candidate(best.config, label, base, moment_s + shift_s, _cost(best.cost))


def _cost(cost: float | None) -> float:
    return math.nan if cost is None else cost


def trajectory_candidates(file: str, intake: Intake, settings: Validation) -> Iterator[Candidate]:
    """Yield the incumbents of a trajectory of SMAC v2 that are to be validated, one for each moment.

    Raises:
        UserError: It is no such file, or a configuration in it is none of the space.
    """
    entries = read_trajectory(Path(file), file)
    after_s = [entry.wall_s for entry in entries]
    for moment_s, index in chosen_moments(after_s, settings, max(after_s)):
        entry = entries[index]
        try:
            config = intake.config(entry.settings, {})
        except RefusedError as error:
            raise UserError(str(error), place=entry.place) from error
        label = f"{entry.place.rpartition('/')[2]} from {entry.wall_s:.3g} s on"
        yield Candidate(config, label, Path(file).stem, moment_s, entry.performance)


def named_candidates(
    named: Named, space: Space, settings: Validation, *, unknown: Literal["refuse", "accept"], number: int
) -> Iterator[Candidate]:
    """Yield what a person names, but for the study's own incumbents.

    Args:
        named: What.
        space: The study's.
        settings: Which incumbents of a trajectory, and the seed of what is drawn at random.
        unknown: What becomes of a configuration that is not in the space.
        number: The study's, in the names of SMAC v2's files.

    Raises:
        UserError: A text is no configuration, or a file is wrong.
    """
    intake, base = Intake(space, unknown, lambda _: None), f"cli-{number}"
    for file in named.trajectories:
        yield from trajectory_candidates(file, intake, settings)
    if named.default:
        yield Candidate(space.default(), "default", base)
    for index, text in enumerate(named.texts, 1):
        yield Candidate(_config(text, space, intake, "--configuration"), f"given {index}", base)
    for file in named.files:
        for index, config in enumerate(_configs(file, space, intake), 1):
            yield Candidate(config, f"{Path(file).name}:{index}", Path(file).stem)
    for index, config in enumerate(monte_carlo(space, named.random, settings.seed), 1):
        yield Candidate(config, f"random {index}", base)


def _configs(file: str, space: Space, intake: Intake) -> Iterator[Config]:
    path = Path(file)
    if path.suffix.lower() == ".csv":
        yield from csv_configs(space, file, Path.cwd())
        return
    found = False
    for number, line in enumerate(_text(path).split("\n"), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            found = True
            yield _config(line.strip(), space, intake, f"{file}:{number}")
    if not found:
        raise UserError("holds no configuration. Write one in a line: -name 'value' -name 'value' …", place=file)


def _config(text: str, space: Space, intake: Intake, place: str) -> Config:
    if text.strip().upper() in _DEFAULT:
        return space.default()
    try:
        texts = read_configuration(text) if text.lstrip().startswith("-") else read_state_form(text)
    except ValueError as error:
        raise UserError(f"{error}. Write -name 'value' -name 'value' …", place=place) from error
    if not texts:
        raise UserError("names no value. Write -name 'value' -name 'value' …, or DEFAULT.", place=place)
    try:
        return intake.config(texts, {})
    except RefusedError as error:
        raise UserError(str(error), place=place) from error


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise UserError(f"this file is larger than {_LARGEST_FILE >> 20} MiB.", place=str(path))
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError("is no UTF-8 text. Save the file as UTF-8.", place=shorten(str(path), 200)) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"cannot be read: {reason}", place=shorten(str(path), 200)) from error


def all_candidates(
    named: Named,
    store: Store,
    space: Space,
    settings: Validation,
    *,
    unknown: Literal["refuse", "accept"],
    number: int,
) -> Sequence[Candidate]:
    """Return all that is to be validated; what is named, else the incumbents that the scenario says.

    Raises:
        UserError: A text is no configuration, or a file is wrong.
    """
    if named.incumbents is not None:
        settings = msgspec.structs.replace(settings, incumbents=named.incumbents)
    found = own_candidates(store, space, settings, number) if named.wants_incumbents else []
    return [*found, *named_candidates(named, space, settings, unknown=unknown, number=number)]


def own_candidates(store: Store, space: Space, settings: Validation, number: int) -> list[Candidate]:
    """Return the incumbents of a study that are to be validated, as the validation will read them."""
    # What does not lie in the space was run by a study that takes such.
    intake = Intake(space, "accept", lambda _: None)
    found = incumbents(store, settings, number)
    return [replace(candidate, config=intake.config({}, candidate.config)) for candidate in found]
