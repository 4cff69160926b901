"""The table of runs as an address asks for it: which columns, sorted by what, which runs, which page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import QueryParams

from boxwright.errors import UserError, nearest, one_line
from boxwright.parse.numbers import finite
from boxwright.serve.mirror import Mirror
from boxwright.store.records import RunRecord

SIZES = (50, 100, 200, 500)
FIELDS = (
    *("run", "trial", "attempt", "status", "quality", "cost", "wall_s", "cpu_s", "max_rss_bytes", "exit_code"),
    *("slot", "seed", "optimizer_seed", "instance", "budget", "started", "ended", "origin", "reason"),
)
TEXTS = {"status", "instance", "origin", "reason"}
SIGNS = {"=": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "contains": "LIKE"}
_MOST_FILTERS = 20
_MOST_COLUMNS = 60
_MOST_TEXT = 500


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition on a column."""

    column: str
    sign: str
    value: str


@dataclass(frozen=True, slots=True)
class View:
    """What of the table is shown; all of it stands in the address."""

    columns: tuple[str, ...] = ()
    sort: str = "run"
    falling: bool = True
    filters: tuple[Filter, ...] = ()
    search: str = ""
    page: int = 1
    size: int = SIZES[0]

    def address(self, **changes: Any) -> dict[str, object]:
        """Return the fields of the address of this view, or of one that differs from it in these."""
        view = replace(self, **changes)
        return {
            "c": list(view.columns),
            "sort": "" if (view.sort, view.falling) == ("run", True) else f"{'-' * view.falling}{view.sort}",
            "fc": [each.column for each in view.filters],
            "fs": [each.sign for each in view.filters],
            "fv": [each.value for each in view.filters],
            "q": view.search,
            "page": "" if view.page == 1 else view.page,
            "size": "" if view.size == SIZES[0] else view.size,
        }


@dataclass(frozen=True, slots=True)
class Found:
    """The runs of one page, and how many there are on all pages."""

    records: Sequence[RunRecord]
    total: int
    pages: int


def read_view(asked: QueryParams, mirror: Mirror, defaults: Sequence[str]) -> View:
    """Return what an address asks for.

    Raises:
        UserError: It speaks of a column that there is not, or of a number that is none.
    """
    known = known_columns(mirror)
    columns = tuple(dict.fromkeys(asked.getlist("c")))[:_MOST_COLUMNS] or tuple(defaults)
    sort = asked.get("sort") or "-run"
    name = sort.removeprefix("-")
    for column in (*columns, name):
        _check_column(column, known)
    filters = [
        Filter(column, sign, value[:_MOST_TEXT])
        for column, sign, value in zip(asked.getlist("fc"), asked.getlist("fs"), asked.getlist("fv"), strict=False)
        if column and value.strip()
    ][:_MOST_FILTERS]
    for each in filters:
        _check_column(each.column, known)
        if each.sign not in SIGNS:
            raise UserError(f'no comparison "{one_line(each.sign)}". Known: {", ".join(SIGNS)}.', place="filter")
    size = _whole(asked.get("size") or str(SIZES[0]), "size")
    return View(
        columns,
        name,
        sort.startswith("-"),
        tuple(filters),
        (asked.get("q") or "")[:_MOST_TEXT],
        _whole(asked.get("page") or "1", "page"),
        min(SIZES, key=lambda known_size: abs(known_size - size)),
    )


def find(view: View, mirror: Mirror) -> Found:
    """Return the runs of a page.

    Raises:
        StudyError: The database cannot be read.
        UserError: A filter compares with what is no number.
    """
    where, values = _where(view, mirror)
    total = int(mirror.rows(f"SELECT count(*) FROM runs {where}", values)[0][0])  # noqa: S608
    pages = max(1, -(-total // view.size))
    first = (min(view.page, pages) - 1) * view.size
    count = min(view.size, total - first)
    backwards = first > total // 2  # from the nearer end: what is skipped has to be sorted, too
    column = mirror.sorted_column(view.sort)
    falls = view.falling != backwards
    order = f"{column} {'DESC' if falls else 'ASC'} NULLS {'FIRST' if backwards else 'LAST'}"
    order += f", number {'DESC' if falls else 'ASC'}" if column != "number" else ""
    offset = total - first - count if backwards else first
    rows = mirror.rows(
        f"SELECT number FROM runs {where} ORDER BY {order} LIMIT ? OFFSET ?",  # noqa: S608
        (*values, count, offset),
    )
    numbers = [row[0] for row in rows]
    return Found(mirror.records(numbers[::-1] if backwards else numbers), total, pages)


def known_columns(mirror: Mirror) -> tuple[str, ...]:
    """Return all columns: fields, parameters, metrics."""
    return (
        *FIELDS,
        *(f"config.{name}" for name in mirror.parameters),
        *(f"metric.{name}" for name in mirror.metrics),
    )


def cell(record: RunRecord, column: str) -> object:
    """Return what a run has in a column; None where it has nothing."""
    group, _, name = column.partition(".")
    values: Mapping[str, Mapping[str, object]] = {"config": record.config, "metric": record.metrics}
    return values[group].get(name) if group in values else getattr(record, column)


def _check_column(name: str, known: Sequence[str]) -> None:
    if name not in known:
        raise UserError(f'no column "{one_line(name)}". {nearest(name, known, in_order=True)}', place="address")


def _whole(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text) > 0):
        raise UserError(f'found "{one_line(text)}"; give a whole number of at least 1.', place=name)
    return int(text)


def _where(view: View, mirror: Mirror) -> tuple[str, list[object]]:
    texts: list[str] = []
    values: list[object] = []
    for each in view.filters:
        column = mirror.column(each.column)
        if column is None:
            raise UserError(f"{one_line(each.column)} is one of too many to be filtered by.", place="filter")
        text, value = _condition(each, column)
        texts.append(text)
        values.append(value)
    for word in view.search.split():
        texts.append("words LIKE ? ESCAPE '\\'")
        values.append(f"%{_escaped(word)}%")
    return (f"WHERE {' AND '.join(texts)}" if texts else ""), values


def _condition(each: Filter, column: str) -> tuple[str, object]:
    value = each.value.strip()
    if each.sign == "contains":
        return f"{column} LIKE ? ESCAPE '\\'", f"%{_escaped(value)}%"
    number = finite(value)
    if each.sign in ("=", "!="):
        if number is None or each.column in TEXTS:
            truth = {"true": 1, "false": 0}.get(value.lower())
            wanted = value.upper() if each.column == "status" else value
            return f"{column} {each.sign} ?", wanted if truth is None or each.column in TEXTS else truth
        return f"{column} {each.sign} ?", number
    if number is None:
        raise UserError(f'"{one_line(value)}" is no number; {each.sign} compares numbers.', place="filter")
    return f"typeof({column}) != 'text' AND {column} {each.sign} ?", number


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
