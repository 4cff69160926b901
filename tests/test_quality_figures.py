"""The figures of the benchmark of proposals: what ranks, ratios and speed-ups follow from which records."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from quality.cache import Reference
from quality.cells import Cell, Record
from quality.problem import Klass
from quality.report import report
from quality.score import family, mean_with_interval, ranks, scores
from quality.speedup import speedups

_MEASURE = {name: Reference(best=0.0, median=100.0, drawn_best=1.0) for name in "abc"}


def _record(
    peer: str, costs: Sequence[float | None], *, problem: str = "a", seed: int = 0, workers: int = 1
) -> Record:
    ends = tuple((number // workers + 1) * 1.0 for number in range(len(costs)))
    cell = Cell(problem, peer, seed, len(costs), workers)
    return Record(cell, Klass.SMOOTH, True, tuple(costs), ends, (0.0,) * len(costs))


def _rows(records: Sequence[Record], budget: int) -> list[list[str]]:
    """Return the cells of the table of speed-ups, below its head."""
    lines = [line for line in speedups(records, _MEASURE, budget) if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def _sums(records: Sequence[Record], budget: int) -> list[str]:
    """Return what the one line of the table sums up, without intervals."""
    (row,) = _rows(records, budget)
    return [row[4], *(cell.split()[0] for cell in row[5:])]


def test_equal_costs_share_a_rank_and_only_whole_blocks_count() -> None:
    records = [
        *(_record(peer, [cost]) for peer, cost in (("boxwright", 1.0), ("optuna-tpe", 1.0), ("random", 5.0))),
        _record("boxwright", [0.0], problem="b"),
    ]
    found = scores(records, _MEASURE, 1)
    assert found.blocks == (("a", 0),)
    assert ranks(found).tolist() == [[1.5, 1.5, 3.0]]
    assert np.allclose(found.regrets, [[1.0, 1.0, 5.0]])


def test_a_course_that_failed_is_no_better_than_a_median_point() -> None:
    broken = Record(Cell("a", "random", 0, 2, 1), Klass.SMOOTH, True, (3.0,), (1.0,), error="its process died")
    found = scores([_record("boxwright", [4.0, 4.0]), broken], _MEASURE, 2)
    assert found.regrets.tolist() == [[4.0, 100.0]]


def test_workers_are_as_much_faster_as_their_median_course_is_at_the_target_sooner() -> None:
    base = [_record("optuna-tpe", [9, 8, 7, 6, 5, 4, 3, 2], seed=seed) for seed in range(3)]  # at 2 after 8
    own = [
        _record("boxwright", [9, 9, 9, 9, 2, 2, 2, 2], workers=4),  # at time 2
        _record("boxwright", [9, 9, 1, 1, 1, 1, 1, 1], seed=1, workers=4),  # at time 1
        _record("boxwright", [9] * 8, seed=2, workers=4),
        _record("boxwright", [1] * 8, seed=3, workers=4),  # the other one has no such seed
    ]
    ((*which, reached, median, mean, there, together),) = _rows([*base, *own], 8)
    assert which == ["4", "boxwright", "8", "3"]
    assert (reached, mean, there) == ("1 of 1", "4.00", "4.00")
    assert [median.split()[0], together.split()[0]] == ["4.00", "4.00"]
    assert median.endswith("[0.00, 8.00]")  # a third of the courses is never there, another one at once


def test_a_course_that_never_gets_there_counts_with_its_end_and_a_longer_one_may_get_there() -> None:
    base = [_record("optuna-tpe", [9, 8, 7, 6, 5, 4, 3, 2])]
    records = [*base, _record("boxwright", [9] * 8, workers=4), _record("boxwright", [9] * 15 + [1], workers=4)]
    assert _rows(records, 8) == [
        ["4", "boxwright", "8", "1", "0 of 1", "not reached", "4.00", "-", "not reached"],
        ["4", "boxwright", "16", "1", "1 of 1", "2.00 [2.00, 2.00]", "2.00", "2.00", "2.00 [2.00, 2.00]"],
    ]
    assert set(speedups(records, _MEASURE, 8)) < set(report(records, _MEASURE, 8))


def test_what_is_owed_to_the_proposals_alone_is_told_of_ours() -> None:
    records = [
        _record("optuna-tpe", [9, 8, 7, 6]),
        _record("random", [9, 9, 9, 9]),
        _record("boxwright", [9, 6, 6, 6]),
    ]
    assert [row[:7] for row in _rows(records, 4)] == [
        ["1", "boxwright", "4", "1", "1 of 1", "2.00 [2.00, 2.00]", "2.00"]
    ]


def test_a_target_that_is_not_reached_lowers_the_median_and_bounds_the_mean() -> None:
    records = [_record("optuna-tpe", [9, 8, 7, 6], problem=name) for name in "abc"]
    own = {"a": [6, 1, 1, 1], "b": [9, 6, 6, 6], "c": [9, 9, 9, 9]}
    records += [_record("boxwright", costs, problem=name) for name, costs in own.items()]
    assert _sums(records, 4) == ["2 of 3", "2.00", "2.00", "2.83", "2.00"]  # (4 · 2 · 1)^(1/3), (4 · 2)^(1/2)
    two = [record for record in records if record.cell.problem != "b"]
    assert _sums(two, 4)[:2] == ["1 of 2", "not"]  # the lower one of two


def test_regrets_of_all_problems_are_averaged_as_logarithms() -> None:
    records = [_record("optuna-tpe", [5, 5, 5, 5], problem=name) for name in "ab"]
    records += [_record("boxwright", costs, problem=name) for name, costs in (("a", [2, 2, 2, 1]), ("b", [20] * 4))]
    assert _sums(records, 4)[-1] == "0.25"  # √(1.1 · 20.1) is below 5.1, √(2.1 · 20.1) and (1 + 20) / 2 are not
    worse = [r if r.cell.problem == "a" else _record(r.cell.peer, [25] * 4, problem="b") for r in records[2:]]
    assert _sums([*records[:2], *worse], 4)[-1] == "not"  # √(1.1 · 25.1) is above
    records = [_record("optuna-tpe", [60, 30], problem=name) for name in "ab"]
    records += [_record("boxwright", [1, 1]), _record("boxwright", [None, None], problem="b")]
    assert _sums(records, 2)[-1] == "2.00"  # no cost counts as 100: √(1.1 · 100.1) is below 30.1


def test_an_incumbent_that_turns_out_to_be_worse_is_at_the_target_once_it_stays_there() -> None:
    records = [_record("optuna-tpe", [9, 6, 7, 6]), _record("boxwright", [9, 5, 8, 8, 5, 5, 5, 5], workers=2)]
    assert _sums(records, 4) == ["1 of 1", "1.33", "1.33", "1.33", "1.33"]  # from 4 on, and from 3 on
    records[1] = _record("boxwright", [9, 5, 5, 5, 5, 5, 5, 8], workers=2)
    assert _sums(records, 4)[0] == "0 of 1"


def test_a_course_that_broke_down_or_has_no_success_is_never_at_a_target() -> None:
    base = [_record("optuna-tpe", [9, 8, 7, 6], seed=seed) for seed in range(3)]
    nothing = Record(Cell("a", "boxwright", 0, 4, 2), Klass.SMOOTH, True, (), (), error="its process died")
    own = [nothing, _record("boxwright", [None, None, 6, 6], seed=1, workers=2)]
    own.append(_record("boxwright", [6, 6, 6, 6], seed=2, workers=2))
    assert _sums([*base, *own], 4) == ["1 of 1", "2.00", "2.00", "2.00", "2.00"]  # the median of never, 2 and 1
    own[2] = Record(Cell("a", "boxwright", 2, 4, 2), Klass.SMOOTH, True, (1.0,), (1.0,), error="it gave up")
    assert _sums([*base, *own], 4)[0] == "0 of 1"
    helpless = [_record("optuna-tpe", [None] * 4, problem="b"), _record("boxwright", [1] * 4, problem="b", workers=2)]
    assert _sums([*base, *own, *helpless], 4)[0] == "0 of 1"  # what the other one has no answer on has no target


def test_intervals_take_one_function_in_several_dimensions_for_one_witness() -> None:
    names = ["bbob/f06-i11-d02", "mixint/f06-i11-d05", "bbob-fail/f06-i11-d05", "made/pipeline", "made/pipeline-wavy"]
    assert [family(name) for name in names] == ["f06", "f06", "f06", "pipeline", "pipeline"]
    alike = np.repeat([[1.0], [3.0]], 4, axis=0)
    mean, low, high = mean_with_interval(alike, [f"bbob/f0{1 + n // 4}-i01-d{n:02}" for n in range(8)])
    assert (float(mean[0]), float(low[0]), float(high[0])) == (2.0, 1.0, 3.0)
    _, low, high = mean_with_interval(alike, [f"bbob/f{n:02}-i01-d02" for n in range(8)])
    assert 1.0 < float(low[0]) < float(high[0]) < 3.0


def test_report_says_by_how_much_others_are_behind() -> None:
    records = [
        _record(peer, [cost], problem=name) for name in "ab" for peer, cost in (("boxwright", 1.0), ("random", 5.0))
    ]
    assert any(line.startswith("| random    | +1.00 [+1.00, +1.00]") for line in report(records, _MEASURE, 1))
