"""The columns of ``results`` by name: what ``--where`` and ``--sort`` may speak of, and of which kind each is."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from boxwright.errors import UserError, nearest, one_line

if TYPE_CHECKING:
    from boxwright.store.records import RunRecord


class Kind(enum.Enum):
    """What the values of a column are, and so what they may be compared with."""

    NUMBER = "a number"
    TEXT = "a text"
    TRUTH = "true or false"
    STATUS = "a status"
    UNKNOWN = "without a value"  # no run has one, so that nothing says what it would be


@dataclass(frozen=True, slots=True)
class Column:
    """One column; ``value`` gives a run's cell, None where it has none."""

    name: str
    kind: Kind
    value: Callable[[RunRecord], object]


_NUMBERS = (
    *("run", "trial", "quality", "cost", "wall_s", "cpu_s", "max_rss_bytes", "exit_code", "seed", "optimizer_seed"),
    *("budget", "slot", "started", "ended", "attempt", "runtime_s"),
)
_FIELDS: dict[str, Kind] = {
    "status": Kind.STATUS,
    **dict.fromkeys(_NUMBERS, Kind.NUMBER),
    **dict.fromkeys(("instance", "gpus", "reason", "origin", "folder", "additional"), Kind.TEXT),
    "settles": Kind.TRUTH,
}


def parameter_names(study: Path) -> tuple[str, ...]:
    """Return the parameters of a study in the order of its scenario, without the seconds that a whole space takes.

    Raises:
        UserError: The file ``space.json`` is not as it was written.
    """
    from boxwright.store.layout import SPACE

    try:
        names = json.loads((study / SPACE).read_text("utf-8"))["names"]
        return tuple(str(name) for name in names)
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise UserError(f"{SPACE} cannot be read as the space of a study.", place=str(study)) from error


def columns(records: Sequence[RunRecord], parameters: Iterable[str], metrics: Iterable[str]) -> dict[str, Column]:
    """Return all columns by name: parameters and metrics first.

    Of one name, a field of the run goes before a metric, a metric before a parameter; ``metric.NAME`` and
    ``config.NAME`` mean these whatever else has the name. ``time`` is ``wall_s``, as in the table.
    """
    all_parameters = dict.fromkeys([*parameters, *(name for record in records for name in record.config)])
    all_metrics = dict.fromkeys([*metrics, *(name for record in records for name in record.metrics)])
    by_parameter = {name: _parameter(name, records) for name in all_parameters}
    by_metric = {name: _metric(name) for name in all_metrics}
    by_field = {name: _field(name, kind) for name, kind in _FIELDS.items()}
    found = {**by_parameter, **by_metric, **by_field}
    found.setdefault("time", by_field["wall_s"])
    for prefix, group in (("config", by_parameter), ("metric", by_metric)):
        for name, column in group.items():
            found.setdefault(f"{prefix}.{name}", column)
    return found


def find_column(name: str, known: dict[str, Column], option: str) -> Column:
    """Return a column by name.

    Raises:
        UserError: There is none of this name.
    """
    if name in known:
        return known[name]
    hint = nearest(name, [word for word in known if not word.startswith(("config.", "metric."))], in_order=True)
    raise UserError(f'no parameter, metric or field "{one_line(name)}". {hint}', place=option)


def _parameter(name: str, records: Sequence[RunRecord]) -> Column:
    kinds = {type(record.config[name]) for record in records if name in record.config}
    if not kinds:
        kind = Kind.UNKNOWN
    elif kinds == {bool}:
        kind = Kind.TRUTH
    else:
        kind = Kind.NUMBER if kinds <= {int, float} else Kind.TEXT
    return Column(name, kind, lambda record: record.config.get(name))


def _metric(name: str) -> Column:
    return Column(name, Kind.NUMBER, lambda record: record.metrics.get(name))


def _field(name: str, kind: Kind) -> Column:
    if name == "gpus":
        return Column(name, kind, lambda record: ",".join(record.gpus))
    return Column(name, kind, attrgetter(name))
