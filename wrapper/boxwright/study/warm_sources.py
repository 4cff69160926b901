"""Reads runs of elsewhere for ``optimizer.warm_start``: the settled trials of a study, or the rows of a CSV file.

A file that is no table of runs is an error. A run that is none of this space (a value out of range, a parameter that
there is not) is passed over and counted.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from boxwright.errors import ScenarioError, SpaceError, nearest
from boxwright.propose.csv_text import Record, check_cells, read_records
from boxwright.scenario.model import Objective
from boxwright.scenario.stored import read_stored_scenario
from boxwright.space import Space, space_from_json
from boxwright.space.values import number_from
from boxwright.store.database import Store
from boxwright.store.layout import SCENARIO, SPACE
from boxwright.store.table import FIXED_COLUMNS
from boxwright.study.warm_means import Means
from boxwright.study.warm_taken import Taken, refuse_empty
from boxwright.terms import Config, Status, Value, cost_of

STATUS = "status"
QUALITY = "quality"
COST = "cost"


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
    means = Means(taken)
    with Store(folder) as store:
        records = list(store.runs(settling=True))
    for record in records:
        metric = record.quality if earlier == objective.metric else record.metrics.get(objective.metric)
        quality = metric if record.status is Status.SUCCESS else None
        if record.status is Status.SUCCESS and quality is None:
            taken.pass_over(f'it reports {earlier}, but no "{objective.metric}"')
            continue
        config = partial(_completed, space, record.config, anew)
        if record.instance is None:
            taken.add(record.status, quality, config)
        else:
            means.try_add(config, record.instance, record.status, quality)
    means.close()
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
