"""The first view of a study: how far it is, what is best, what each slot is doing, what happened last."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from boxwright.serve.desk import Desk, Meta
from boxwright.serve.logs import read_excerpt
from boxwright.serve.rendering import page
from boxwright.serve.studies import desk_of
from boxwright.store.layout import LOG
from boxwright.store.records import RunRecord
from boxwright.study.loads import SlotLoad, slot_loads

_PACE_RUNS = 100
_LATEST = 10
_EVENTS = 12
_EVENTS_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a study stands.

    Attributes:
        counts: Runs by status.
        settled: Trials with an outcome.
        failed: Those among them without an answer.
        left_s: Seconds to the end at the pace of the latest runs; None while there is none to go by.
        latest: When a run ended last, in UNIX seconds.
    """

    meta: Meta
    counts: Mapping[str, int]
    settled: int
    failed: int
    left_s: float | None
    latest: float | None


@dataclass(frozen=True, slots=True)
class SlotRow:
    """One slot: the run on it, and what that uses."""

    number: int
    gpus: tuple[str, ...]
    record: RunRecord | None
    load: SlotLoad | None


def standing(desk: Desk) -> Standing:
    """Return where a study stands.

    Raises:
        StudyError: Its database cannot be read.
    """
    meta = desk.meta()
    mirror = desk.mirror
    counts: dict[str, int] = {}
    settled = failed = 0
    for settles, status, number in mirror.rows("SELECT settles, status, count(*) FROM runs GROUP BY settles, status"):
        counts[status] = counts.get(status, 0) + number
        settled += number if settles else 0
    for status, has_cost, number in mirror.rows(
        "SELECT status, cost IS NOT NULL, count(*) FROM runs INDEXED BY by_settling WHERE settles = 1"
        " AND status NOT IN ('SUCCESS', 'UNSAT', 'STOPPED') GROUP BY 1, 2"
    ):
        failed += 0 if status == "TIMEOUT" and has_cost else number  # with a score, it is an answer
    ends = [
        row[0] for row in mirror.rows("SELECT ended FROM runs ORDER BY number DESC LIMIT ?", (_PACE_RUNS,)) if row[0]
    ]
    return Standing(
        meta,
        dict(sorted(counts.items())),
        settled,
        failed,
        _left_s(meta, settled, ends) if meta.state == "running" else None,
        max(ends, default=None),
    )


def _left_s(meta: Meta, settled: int, ends: list[float]) -> float | None:
    if meta.target is None or len(ends) < 2 or max(ends) == min(ends):
        return None
    pace = (len(ends) - 1) / (max(ends) - min(ends))
    return max(0, meta.target - settled) / pace


def slot_rows(desk: Desk) -> list[SlotRow]:
    """Return what each slot is doing: those of this machine, and wherever else a run is under way."""
    loads = slot_loads(desk.folder)
    numbers = [row[0] for row in desk.mirror.rows("SELECT number FROM runs WHERE status = 'RUNNING' LIMIT 256")]
    running = {record.slot: record for record in desk.mirror.records(numbers)}
    rows = []
    for number in sorted({*loads, *running})[:256]:
        record, load = running.get(number), loads.get(number)
        rows.append(SlotRow(number, record.gpus if record else load.gpus if load else (), record, load))
    return rows


def events(desk: Desk, most: int) -> list[str]:
    """Return the last lines of ``study.log``, the latest first."""
    try:
        text = read_excerpt(desk.folder, desk.folder / LOG, count=_EVENTS_BYTES).text
    except OSError:
        return []
    return text.splitlines()[: -most - 1 : -1]


def overview(request: Request) -> Response:
    """Show the first view of a study."""
    desk = desk_of(request)
    return page(request, "overview", **shell(desk, "overview"), **_figures(desk))


def shell(desk: Desk, tab: str) -> dict[str, Any]:
    """Return what every page of a study shows at its head."""
    # Asked first: what changes from here on, the page is told by its stream.
    return {"generation": desk.mirror.generation, "desk": desk, "tab": tab, "meta": desk.meta()}


def _figures(desk: Desk) -> dict[str, Any]:
    latest = [
        row[0]
        for row in desk.mirror.rows(
            "SELECT number FROM runs WHERE status != 'RUNNING' ORDER BY number DESC LIMIT ?", (_LATEST,)
        )
    ]
    return {
        "standing": standing(desk),
        "incumbent": desk.incumbent(),
        "steps": desk.steps()[:-9:-1],
        "slots": slot_rows(desk),
        "latest": desk.mirror.records(latest),
        "events": events(desk, _EVENTS),
        "has_jobs": desk.scenario.slots.backend != "local",  # slots of this machine are cut when a study starts
        "time_now": time.time(),
    }
