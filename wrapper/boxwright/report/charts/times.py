"""Where the time went: how long runs took, and what each slot was doing when."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from boxwright.report.charts.data import STATUSES, ChartData, Numbers, Rows
from boxwright.report.charts.figure import SYMBOLS, Figure, empty, figure
from boxwright.report.charts.sampling import MOST_POINTS, drawn, numbers, sampled_note, value_axis
from boxwright.report.words import utc_offset_s, zone
from boxwright.terms import Status

_PIXELS = 1500
"""Runs of one status that follow each other within so many parts of the whole time are drawn as one bar."""

_COLOURS = {Status.SUCCESS: 2, Status.CRASHED: 1, Status.TIMEOUT: 4, Status.RUNNING: 0, Status.KILLED: 3}


def time_per_run(data: ChartData) -> Figure:
    """Return how long each run took, by status."""
    title = "Time per run"
    known = np.flatnonzero(~np.isnan(data.fields["wall_s"]))
    if not len(known):
        return empty(title, "No run is over yet.")
    seconds = data.fields["wall_s"][known]
    # The slowest are worth a look: they are drawn whatever else is left out.
    chosen = drawn(-seconds, MOST_POINTS)
    rows = known[chosen]
    traces = [
        _times(data, rows[data.fields["status"][rows] == code], status, code)
        for code, status in enumerate(STATUSES)
        if (data.fields["status"][rows] == code).any()
    ]
    note = sampled_note(len(rows), len(known)).replace("the best", "the slowest")
    return figure(
        title, traces, note=note, xaxis={"title": {"text": "run"}}, yaxis=value_axis("wall time in s", seconds)
    )


def slot_lanes(data: ChartData, now: float | None = None) -> Figure:
    """Return a lane per slot over local time: which runs it had, by status, and where it was idle.

    Args:
        data: The runs.
        now: The end of those that are still running, in UNIX seconds; they are left out if None.
    """
    title = "Slots over time"
    started = data.fields["started"]
    ended = data.fields["ended"].copy()
    if now is not None:
        ended[data.fields["status"] == STATUSES.index(Status.RUNNING)] = now
    known = np.flatnonzero(~np.isnan(started) & ~np.isnan(ended))
    if not len(known):
        return empty(title, "No run has been started yet.")
    whole = float(ended[known].max() - started[known].min())
    slots = np.unique(data.fields["slot"][known])
    # Plotly's dates know no time zones: moments go in as local ones, by one offset even where the clock was changed.
    last = float(ended[known].max())
    started, ended = started + utc_offset_s(last), ended + utc_offset_s(last)
    lanes: dict[int, list[tuple[str, float, float, int]]] = {}
    merged = False
    for code, slot, mine in _by_status_and_slot(data, known):
        for begin, end, count in _merged(started[mine], ended[mine], whole / _PIXELS):
            lanes.setdefault(code, []).append((f"slot {slot:.0f}", begin, end, count))
            merged |= count > 1
    traces = [_lane(STATUSES[code], bars) for code, bars in lanes.items()]
    return figure(
        title,
        traces,
        note="Neighbouring runs that would be narrower than the gap between them are drawn as one." if merged else "",
        barmode="overlay",
        bargap=0.25,
        xaxis={"type": "date", "title": {"text": f"time ({zone(last)})"}},
        yaxis={"type": "category", "autorange": "reversed"},
        height=180 + 34 * min(len(slots), 64),
    )


def _times(data: ChartData, rows: Rows, status: Status, code: int) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": str(status),
        "x": data.fields["run"][rows].astype(int).tolist(),
        "y": numbers(data.fields["wall_s"][rows]),
        "hovertemplate": f"run %{{x}}, {status}: %{{y}} s<extra></extra>",
        "marker": {
            "size": 6,
            "opacity": 0.8,
            "color": _COLOURS.get(status, 6),
            "symbol": SYMBOLS[code % len(SYMBOLS)],
        },
    }


def _by_status_and_slot(data: ChartData, known: Rows) -> Iterator[tuple[int, float, Rows]]:
    """Yield the rows of each status on each slot, in the order of their beginnings."""
    status, slot = data.fields["status"][known], data.fields["slot"][known]
    order = np.lexsort((data.fields["started"][known], slot, status))
    status, slot = status[order], slot[order]
    turns = np.flatnonzero((np.diff(status) != 0) | (np.diff(slot) != 0)) + 1
    for begin, end in pairwise([0, *turns.tolist(), len(order)]):
        yield int(status[begin]), float(slot[begin]), known[order[begin:end]]


def _merged(started: Numbers, ended: Numbers, gap_s: float) -> list[tuple[float, float, int]]:
    """Return begin, end and number of runs of each stretch without a gap longer than this; they come in order."""
    begins, ends = started, np.maximum.accumulate(ended)
    first = np.concatenate([[0], np.flatnonzero(begins[1:] - ends[:-1] > gap_s) + 1])
    short = ends - begins < gap_s
    # Runs long enough to be seen each keep a bar of their own.
    first = np.union1d(first, np.union1d(np.flatnonzero(~short), np.flatnonzero(~short[:-1]) + 1))
    last = np.append(first[1:], len(begins)) - 1
    return [(float(begins[a]), float(ends[b]), int(b - a + 1)) for a, b in zip(first, last, strict=True)]


def _lane(status: Status, bars: list[tuple[str, float, float, int]]) -> dict[str, Any]:
    return {
        "type": "bar",
        "orientation": "h",
        "name": str(status),
        "y": [slot for slot, *_ in bars],
        "base": [round(begin * 1000) for _, begin, _, _ in bars],
        "x": [max(1, round((end - begin) * 1000)) for _, begin, end, _ in bars],
        "text": [f"{count} run{'' if count == 1 else 's'}, {end - begin:.3g} s" for _, begin, end, count in bars],
        "textposition": "none",
        "hovertemplate": f"%{{y}}: {status}, %{{text}}<extra></extra>",
        "marker": {"color": _COLOURS.get(status, 6)},
    }
