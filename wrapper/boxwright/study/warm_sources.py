"""Reads runs of elsewhere for ``optimizer.warm_start``: the settled trials of a study, or the rows of a CSV file.

A file that is no table of runs is an error. A run that is none of this space (a value out of range, a parameter that
there is not) is passed over and counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from msgspec import Struct

from boxwright.errors import ScenarioError, SpaceError, nearest
from boxwright.propose.csv_text import Record, check_cells, read_records
from boxwright.scenario.model import Objective
from boxwright.scenario.stored import read_stored_scenario
from boxwright.space import Space, space_from_json
from boxwright.space.values import number_from
from boxwright.store.database import Store
from boxwright.store.layout import SCENARIO, SPACE
from boxwright.store.table import FIXED_COLUMNS
from boxwright.terms import Config, Status, Value, cost_of

STATUS = "status"
QUALITY = "quality"
COST = "cost"


class WarmRun(Struct, frozen=True, kw_only=True):
    """A run of elsewhere: one line of the study's copy.

    Attributes:
        source: Where it is from, as the scenario says it.
        quality: In the user's own direction; None for a failure.
    """

    source: str
    status: Status
    quality: float | None
    config: dict[str, Value]


@dataclass
class Taken:
    """What was taken over from one source.

    Attributes:
        passed: How many runs were not.
        reason: Why the first of these was not.
        merged: How many runs more than ``runs`` were taken over: several of one configuration became one.
        defaults: Parameters that the source does not have, so that they take their defaults.
        words: What else is to be said of it.
    """

    source: str
    runs: list[WarmRun] = field(default_factory=list)
    passed: int = 0
    reason: str = ""
    merged: int = 0
    defaults: Config = field(default_factory=dict)
    words: list[str] = field(default_factory=list)

    def add(self, status: Status, quality: float | None, config: Callable[[], dict[str, Value]]) -> None:
        """Take a run over if its configuration is one of this space."""
        try:
            run = WarmRun(source=self.source, status=status, quality=quality, config=config())
        except SpaceError as error:
            self.pass_over(error.problem)
        else:
            self.runs.append(run)

    def pass_over(self, reason: str) -> None:
        """Count a run that cannot be taken over."""
        self.passed += 1
        self.reason = self.reason or reason.rstrip(".")

    @property
    def note(self) -> str:
        """Return in one line what was taken over."""
        taken = len(self.runs) + self.merged
        total = taken + self.passed
        text = f"warm start: {taken} of {total} run{'' if total == 1 else 's'} of {self.source} taken over"
        if self.merged:
            text += f", as {len(self.runs)} configuration{'' if len(self.runs) == 1 else 's'}"
        if self.passed:
            text += f"; {self.passed} not, the first because {self.reason}"
        if self.defaults:
            values = ", ".join(f"{name} = {value}" for name, value in self.defaults.items())
            text += f"; not in there, so taken as the default: {values}"
        return "; ".join([text, *self.words])


def from_study(source: str, folder: Path, objective: Objective, space: Space) -> Taken:
    """Return the settled trials of a study, which may be running.

    Raises:
        ScenarioError: It is damaged, or its runs say nothing about this objective.
        StudyError: Its database cannot be read.
    """
    earlier = read_stored_scenario(folder / SCENARIO).study.objective.metric
    try:
        names = space_from_json((folder / SPACE).read_text(encoding="utf-8")).names
    except (OSError, SpaceError, UnicodeDecodeError) as error:
        raise ScenarioError(f"is not the space of a study: {error}", place=str(folder / SPACE)) from error
    anew = {name: space.domain(name).default for name in space.names if name not in names}
    taken = Taken(source, defaults=anew)
    with Store(folder) as store:
        records = list(store.runs(settling=True))
    for record in records:
        metric = record.quality if earlier == objective.metric else record.metrics.get(objective.metric)
        quality = metric if record.status is Status.SUCCESS else None
        if record.status is Status.SUCCESS and quality is None:
            taken.pass_over(f'it reports {earlier}, but no "{objective.metric}"')
            continue
        taken.add(record.status, quality, partial(_completed, space, record.config, anew))
    if not taken.runs:
        refuse_empty(taken, "no trial of this study is settled yet.")
    return taken


def _completed(space: Space, config: Config, anew: Config) -> dict[str, Value]:
    """Return a configuration of another space as one of this, its new parameters at their defaults where active."""
    unknown = next((name for name in config if name not in space.names), None)
    if unknown is not None:
        raise SpaceError(f"{unknown} is no parameter here")
    typed = {name: space.domain(name).from_value(value) for name, value in config.items()}
    defaults = {name: space.domain(name).default for name in space.names}
    active = space.pruned({**defaults, **typed}) or {}
    return space.check({**{name: anew[name] for name in active if name in anew}, **typed})


def from_csv(source: str, folder: Path, objective: Objective, space: Space) -> Taken:
    """Return the rows of a CSV file: parameters, and the objective's metric, ``quality`` or ``cost``.

    Raises:
        ScenarioError: It is no table of runs.
    """
    answers = dict.fromkeys((objective.metric, QUALITY, COST))
    objectives = [name for name in answers if name not in space.names]
    known = (*space.names, *objectives, STATUS)
    records = read_records(source, folder, known, "optimizer.warm_start")
    header = next(records)
    columns = _columns(header, source, space, known)
    answer = next((name for name in objectives if name in columns), None)
    if answer is None:
        raise ScenarioError(
            f"no column for what came out. Name it {' or '.join(objectives)}.", place=f"{source}:{header.line}"
        )
    defaults = {name: space.domain(name).default for name in space.names if name not in columns}
    taken = Taken(source, defaults=defaults)
    for record in records:
        _take_row(taken, record, columns, answer, objective, space)
    if not taken.runs:
        refuse_empty(taken, "there is a header but no row below it.")
    return taken


def _columns(header: Record, source: str, space: Space, known: tuple[str, ...]) -> tuple[str, ...]:
    place = f"{source}:{header.line}"
    columns = tuple(cell.strip() for cell in header.cells)
    is_our_table = {"run", "trial", STATUS} <= set(columns)
    for column, name in enumerate(columns, 1):
        if not name:
            raise ScenarioError(f"column {column} has no name. Name it, or drop the column.", place=place)
        if name in columns[: column - 1]:
            raise ScenarioError(f'two columns are named "{name}". Drop one of them.', place=place)
        if name not in known and not (is_our_table and name.removeprefix("metric.") in FIXED_COLUMNS):
            raise ScenarioError(f'no parameter or metric "{name}". {nearest(name, known)}', place=place)
    return columns


def _take_row(
    taken: Taken, record: Record, columns: tuple[str, ...], answer: str, objective: Objective, space: Space
) -> None:
    place = f"{taken.source}:{record.line}"
    check_cells(record, len(columns), place)
    cells = {name: cell.strip() for name, cell in zip(columns, record.cells, strict=True)}
    status = Status.SUCCESS
    if STATUS in cells and STATUS not in space.names:
        status = _status(cells[STATUS], place)
        if not status.is_final:
            taken.pass_over(f"its status is {status}")
            return
    quality = None
    if status is Status.SUCCESS:
        quality = number_from(cells[answer])
        if quality is None:
            raise ScenarioError(
                f'{answer} = "{cells[answer]}", but it must be a finite number. Name failures in a column {STATUS}.',
                place=place,
            )
        if answer == COST != objective.metric:
            quality = cost_of(quality, objective.direction)

    def config() -> dict[str, Value]:
        texts = {name: cell for name, cell in cells.items() if name in space.names and cell}
        found = space.parse_texts(texts)
        for name in found:
            if name in cells and name not in texts:
                raise SpaceError(f"the cell of {name} is empty")
        return found

    taken.add(status, quality, config)


def _status(text: str, place: str) -> Status:
    try:
        return Status(text.upper())
    except ValueError as error:
        raise ScenarioError(f'no status "{text}". {nearest(text.upper(), Status)}', place=place) from error


def refuse_empty(taken: Taken, if_empty: str) -> None:
    """Refuse a source of which nothing can be taken over.

    Raises:
        ScenarioError: In any case.
    """
    if not taken.passed:
        raise ScenarioError(if_empty, place=taken.source)
    counted = "one run" if taken.passed == 1 else f"{taken.passed} runs"
    raise ScenarioError(
        f"{counted}, none of which can be taken over, the first because {taken.reason}.", place=taken.source
    )
