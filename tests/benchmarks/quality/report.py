"""The tables that records are told in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from quality.cache import Reference
from quality.cells import Record
from quality.peers import is_ours
from quality.problem import Klass
from quality.score import BUDGETS, FLOOR, Scores, cpu_s_at, mean_with_interval, ranks, scores, with_seen
from quality.speedup import speedups
from quality.tables import table


def report(records: Sequence[Record], measures: Mapping[str, Reference], budget: int) -> Iterator[str]:
    """Yield the lines of all tables, for the records of one budget; speed-ups for those of more runs, too."""
    budgets = sorted({record.cell.budget for record in records})
    every, records = records, [record for record in records if record.cell.budget == budget]
    if not records and budgets:
        yield f"No records of {budget} runs. There are some of {', '.join(map(str, budgets))}: say --budget."
    reached = with_seen(measures, every)
    measures = with_seen(measures, records)
    for workers in sorted({record.cell.workers for record in records}):
        own = [record for record in records if record.cell.workers == workers]
        yield f"## {workers} worker{'s' if workers > 1 else ''}, {budget} runs"
        yield from _section(own, measures, [runs for runs in BUDGETS if runs <= budget] or [budget])
        yield from _errors(own)
    yield from speedups(every, reached, budget)


def _section(records: Sequence[Record], measures: Mapping[str, Reference], budgets: Sequence[int]) -> Iterator[str]:
    found = {runs: scores(records, measures, runs) for runs in budgets}
    last = found[budgets[-1]]
    if not last.blocks:
        yield "No problem and seed has been carried out by all optimizers yet."
        return
    problems = {name for name, _ in last.blocks}
    yield f"{len(problems)} problems, {len(last.blocks)} blocks (problem × seed) that all optimizers have."
    yield ""
    yield "Mean rank [95 % interval, bootstrap over problems and seeds]; 1 is the best."
    yield ""
    yield from table(["optimizer", *(f"at {runs}" for runs in budgets)], _rank_rows(found))
    yield "Normalised regret × 100, mean over blocks (median): 0 = best known, 100 = a median random point."
    yield ""
    for klass in [None, *(klass for klass in Klass if klass in last.klasses)]:
        yield from table([klass.value if klass else "all", *(f"at {r}" for r in budgets)], _regret_rows(found, klass))
    if any(map(is_ours, last.peers)) and not all(map(is_ours, last.peers)):
        yield "Others' mean rank less ours [95 % interval of the difference]: above 0, ours is better."
        yield ""
        yield from table(["optimizer", *(f"at {runs}" for runs in budgets)], _behind_rows(found))
        yield f"Mean regret of ours / the best other's, both + {FLOOR}; the other's name behind it (wanted: ≤ 2)."
        yield ""
        yield from table(["ours", "class", *(f"at {runs}" for runs in budgets)], _ratio_rows(found))
    yield "CPU seconds per ask, mean of the ten asks up to there, median over cells; all tells of a cell."
    yield ""
    yield from table(
        ["optimizer", *(f"at {runs}" for runs in (10, 50, 100)), "tells"], _cpu_rows(records, last.peers)
    )


def _rank_rows(found: Mapping[int, Scores]) -> list[list[str]]:
    return _rows_with_intervals(found, ranks)


def _behind_rows(found: Mapping[int, Scores]) -> list[list[str]]:
    """Return a row for each of the others, beside the first of ours; both are of the same blocks."""
    peers = next(iter(found.values())).peers
    ours = next(index for index, peer in enumerate(peers) if is_ours(peer))
    rows = _rows_with_intervals(found, lambda own: ranks(own) - ranks(own)[:, [ours]], sign="+")
    return [row for row in rows if not is_ours(row[0])]


def _rows_with_intervals(
    found: Mapping[int, Scores], values: Callable[[Scores], NDArray[np.float64]], sign: str = ""
) -> list[list[str]]:
    """Return a row for each optimizer, with mean and interval of its values; the lowest at the end come first."""
    columns = []
    for own in found.values():
        triples = zip(*mean_with_interval(values(own), [name for name, _ in own.blocks]), strict=True)
        columns.append([f"{m:{sign}.2f} [{a:{sign}.2f}, {b:{sign}.2f}]" for m, a, b in triples])
    peers = next(iter(found.values())).peers
    rows = [[peer, *(column[index] for column in columns)] for index, peer in enumerate(peers)]
    return sorted(rows, key=lambda row: float(row[-1].split()[0]))


def _regret_rows(found: Mapping[int, Scores], klass: Klass | None) -> list[list[str]]:
    rows = []
    for index, peer in enumerate(next(iter(found.values())).peers):
        cells = []
        for own in found.values():
            regrets = (own.of_klass(klass) if klass else own.regrets)[:, index]
            cells.append(f"{np.mean(regrets):.2f} ({np.median(regrets):.2f})")
        rows.append([peer, *cells])
    return sorted(rows, key=lambda row: float(row[-1].split()[0]))


def _ratio_rows(found: Mapping[int, Scores]) -> list[list[str]]:
    peers = next(iter(found.values())).peers
    klasses = next(iter(found.values())).klasses
    return [
        [ours, klass.value, *(_ratio(own, klass, ours) for own in found.values())]
        for ours in filter(is_ours, peers)
        for klass in Klass
        if klass in klasses
    ]


def _ratio(found: Scores, klass: Klass, ours: str) -> str:
    means = dict(zip(found.peers, found.of_klass(klass).mean(axis=0), strict=True))
    others = {peer: mean for peer, mean in means.items() if not is_ours(peer)}
    best = min(others, key=lambda peer: float(others[peer]))
    return f"{(means[ours] + FLOOR) / (others[best] + FLOOR):.2f} ({best})"


def _cpu_rows(records: Sequence[Record], peers: Sequence[str]) -> list[list[str]]:
    rows = []
    for peer in peers:
        tells = float(np.median([record.tell_s for record in records if record.cell.peer == peer]))
        found = [cpu_s_at(records, peer, runs) for runs in (10, 50, 100)]
        rows.append([peer, *("–" if spent is None else f"{spent:.4f}" for spent in found), f"{tells:.3f}"])
    return rows


def _errors(records: Sequence[Record]) -> Iterator[str]:
    failed = [record for record in records if record.error]
    for record in failed[:10]:
        yield (
            f"failed: {record.cell.problem} {record.cell.peer} seed {record.cell.seed}: "
            + record.error.splitlines()[-1]
        )
    if len(failed) > 10:
        yield f"… and {len(failed) - 10} more"
    yield ""
