"""Which configurations are validated: those of a study's trajectory, and those that a person names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
from boxwright.study.trajectory import chosen_entries, trajectory
from boxwright.study.validation_plan import Candidate
from boxwright.terms import Config

_DEFAULT = ("DEFAULT", "<DEFAULT>")
_LARGEST_FILE = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Named:
    """What a person names; with nothing of it, the incumbents that the scenario says are validated.

    Attributes:
        trajectory: All incumbents that there have been.
        default: The space's default.
        random: So many drawn at random.
        texts: Configurations in the form of a call, ``-name 'value' …``.
        files: Files of them, one in a line, or CSV.
    """

    trajectory: bool = False
    default: bool = False
    random: int = 0
    texts: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Return whether nothing is named."""
        return not (self.trajectory or self.default or self.random or self.texts or self.files)


def incumbents(store: Store, settings: Validation) -> Iterator[Candidate]:
    """Yield the incumbents of a study that are to be validated."""
    if settings.incumbents == "last":
        best = store.incumbent()
        if best is not None:
            yield Candidate(best.config, f"incumbent (run {best.run})")
        return
    runs = [run for run in store.finished_runs() if run.ended is not None]
    begin = min((run.started for run in runs if run.started is not None), default=0.0)
    end_s = max((run.ended - begin for run in runs if run.ended is not None), default=0.0)
    for entry in chosen_entries(trajectory(store), settings, end_s):
        yield Candidate(entry.best.config, f"run {entry.best.run} from {entry.after_s:.3g} s on")


def named_candidates(
    named: Named, space: Space, *, unknown: Literal["refuse", "accept"], seed: int
) -> Iterator[Candidate]:
    """Yield what a person names, but for the trajectory.

    Args:
        named: What.
        space: The study's.
        unknown: What becomes of a configuration that is not in it.
        seed: Of those that are drawn at random.

    Raises:
        UserError: A text is no configuration, or a file is wrong.
    """
    intake = Intake(space, unknown, lambda _: None)
    if named.default:
        yield Candidate(space.default(), "default")
    for number, text in enumerate(named.texts, 1):
        yield Candidate(_config(text, space, intake, "--configuration"), f"given {number}")
    for file in named.files:
        for number, config in enumerate(_configs(file, space, intake), 1):
            yield Candidate(config, f"{Path(file).name}:{number}")
    for number, config in enumerate(monte_carlo(space, named.random, seed), 1):
        yield Candidate(config, f"random {number}")


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
    named: Named, store: Store, space: Space, settings: Validation, *, unknown: Literal["refuse", "accept"]
) -> Sequence[Candidate]:
    """Return all that is to be validated; what is named, else the incumbents that the scenario says.

    Raises:
        UserError: A text is no configuration, or a file is wrong.
    """
    found: list[Candidate] = []
    if named.trajectory:
        found += incumbents(store, msgspec.structs.replace(settings, incumbents="all"))
    elif named.is_nothing:
        found += incumbents(store, settings)
    # As the validation will read them: what does not lie in the space was run by a study that takes such.
    intake = Intake(space, "accept", lambda _: None)
    found = [Candidate(intake.config({}, candidate.config), candidate.label) for candidate in found]
    found += named_candidates(named, space, unknown=unknown, seed=settings.seed)
    return found
