"""The incumbents of a study in their order, and which of them SMAC v2's options choose."""

from __future__ import annotations

from pathlib import Path

import pytest

from boxwright.scenario.validation import Validation
from boxwright.store.creating import create_study
from boxwright.store.database import Store
from boxwright.study.trajectory import Entry, chosen_moments, trajectory
from boxwright.terms import Outcome, Slot, Status, Trial


@pytest.fixture
def entries(tmp_path: Path) -> list[Entry]:
    """Return the trajectory of a study whose runs take 1, 2, 4 … seconds, and get better in fits and starts."""
    store = create_study(tmp_path / "s", scenario_text="", space_text="", meta={"study_id": "1"})
    with store:
        begin = 1000.0
        for number, quality in enumerate((5.0, 6.0, 4.0, None, 1.0)):
            trial, _ = store.add_trial(Trial(0, {"x": number}))
            run, _ = store.start_run(trial.number, Slot(0), begin)
            status = Status.CRASHED if quality is None else Status.SUCCESS
            store.finish_run(run, Outcome(status, quality), cost=quality, exit_=None, settles=True)
            ended = begin + 2.0**number
            store._db.execute("UPDATE runs SET ended = ? WHERE number = ?", (ended, run))
        return trajectory(store)


def test_trajectory_has_each_incumbent_with_the_moment_at_which_it_became_it(entries: list[Entry]) -> None:
    assert [(entry.best.run, entry.best.quality, entry.after_s) for entry in entries] == [
        (1, 5.0, 1.0),
        (3, 4.0, 4.0),
        (5, 1.0, 16.0),
    ]


@pytest.mark.parametrize(
    ("settings", "runs"),
    [
        (Validation(), [5]),
        (Validation(incumbents="all"), [1, 3, 5]),
        (Validation(incumbents="times"), [1, 3, 5]),
        (Validation(incumbents="times", factor=20), [5]),
        (Validation(incumbents="times", until_s=8), [1, 3]),
        (Validation(incumbents="times", from_s=3), [3, 5]),
        (Validation(incumbents="times", from_s=17), []),
        (Validation(incumbents="times", until_s=0.5), []),
    ],
)
def test_moments_choose_the_incumbents_of_then(entries: list[Entry], settings: Validation, runs: list[int]) -> None:
    chosen = chosen_moments([entry.after_s for entry in entries], settings, 16.0)
    assert list(dict.fromkeys(entries[index].best.run for _, index in chosen)) == runs


def test_incumbent_stands_for_each_moment_at_which_it_was_the_incumbent(entries: list[Entry]) -> None:
    after_s = [entry.after_s for entry in entries]
    assert chosen_moments(after_s, Validation(incumbents="times"), 20.0) == [
        *((1.25, 0), (2.5, 0), (5.0, 1), (10.0, 1), (20.0, 2)),
    ]
    assert chosen_moments(after_s, Validation(incumbents="all"), 20.0) == [(1.0, 0), (4.0, 1), (16.0, 2)]
    assert chosen_moments(after_s, Validation(), 20.0) == [(20.0, 2)]


def test_trajectory_of_nothing_is_empty(tmp_path: Path) -> None:
    create_study(tmp_path / "s", scenario_text="", space_text="", meta={}).close()
    with Store(tmp_path / "s") as store:
        assert trajectory(store) == []
    assert chosen_moments([], Validation(incumbents="times"), 1.0) == []
