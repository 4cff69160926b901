"""The study's database: trials once, outcomes once, everything committed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxwright.errors import StudyError
from boxwright.execute.messages import Ended, Exit
from boxwright.store.creating import create_study
from boxwright.store.database import Store
from boxwright.terms import Outcome, Slot, Status, Trial

GOOD = Outcome(Status.SUCCESS, quality=0.5, metrics={"quality": 0.5, "test": 0.6})
SLOT = Slot(1, ("0", "GPU-7"))


def exit_of(run: int) -> Exit:
    return Exit(run=run, ended_by=Ended.EXITED, exit_code=0, started=10.0, ended=12.5, wall_s=2.5, cpu_s=1.0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with create_study(tmp_path / "s", scenario_text="", space_text="{}", meta={"stages": "4"}) as store:
        yield store


def add(store: Store, x: float = 1.0) -> Trial:
    trial, _ = store.add_trial(Trial(0, {"x": x, "b": True, "name": 'a "ü"\n'}, seed=3, origin="test"))
    return trial


def test_store_gives_back_what_was_recorded(store: Store) -> None:
    trial = add(store)
    run, attempt = store.start_run(trial.number, SLOT, 9.0)
    record = store.finish_run(run, GOOD, cost=0.5, exit_=exit_of(run), settles=True)
    assert attempt == 1
    assert record == store.run(run)
    assert record.config == {"x": 1.0, "b": True, "name": 'a "ü"\n'}
    assert (record.status, record.quality, record.cost, record.gpus) == (Status.SUCCESS, 0.5, 0.5, ("0", "GPU-7"))
    assert (record.started, record.ended, record.wall_s, record.exit_code) == (10.0, 12.5, 2.5, 0)
    assert record.metrics == {"quality": 0.5, "test": 0.6}
    assert record.settles
    assert record.folder.endswith("/s/runs/000/000001")


def test_store_gives_an_equal_trial_the_same_number(store: Store) -> None:
    first = add(store)
    second, new = store.add_trial(Trial(0, {"name": 'a "ü"\n', "b": True, "x": 1.0}, seed=3, origin="other"))
    assert (second, new) == (first, False)


@pytest.mark.parametrize(
    "other", [Trial(0, {"x": 1}, seed=3), Trial(0, {"x": True}, seed=3), Trial(0, {"x": 1.0}, seed=4)]
)
def test_store_tells_trials_apart_that_differ_in_type_or_seed(store: Store, other: Trial) -> None:
    store.add_trial(Trial(0, {"x": 1.0}, seed=3))
    assert store.add_trial(other)[1]


def test_store_refuses_a_second_outcome_of_a_trial(store: Store) -> None:
    trial = add(store)
    first, _ = store.start_run(trial.number, SLOT, 0.0)
    second, attempt = store.start_run(trial.number, SLOT, 0.0)
    assert attempt == 2
    store.finish_run(first, GOOD, cost=0.5, exit_=None, settles=True)
    with pytest.raises(StudyError, match="has an outcome already"):
        store.finish_run(second, GOOD, cost=0.5, exit_=None, settles=True)
    assert store.run(second).status is Status.RUNNING
    with pytest.raises(StudyError, match="finished twice"):
        store.finish_run(first, GOOD, cost=0.5, exit_=None, settles=False)


def test_store_commits_before_it_returns(store: Store) -> None:
    trial = add(store)
    run, _ = store.start_run(trial.number, SLOT, 0.0)
    store.finish_run(run, GOOD, cost=0.5, exit_=None, settles=True)
    with sqlite3.connect(store.study / "study.db") as other:
        assert other.execute("SELECT status FROM runs").fetchall() == [("SUCCESS",)]
    other.close()


def test_store_names_the_successful_run_of_least_cost_as_incumbent(store: Store) -> None:
    outcomes = [
        (Outcome(Status.SUCCESS, quality=3.0), 3.0),
        (Outcome(Status.CRASHED), None),
        (Outcome(Status.SUCCESS, quality=2.0), 2.0),
        (Outcome(Status.SUCCESS, quality=2.0), 2.0),
        (Outcome(Status.UNSAT), None),
    ]
    for number, (outcome, cost) in enumerate(outcomes):
        run, _ = store.start_run(add(store, float(number)).number, SLOT, 0.0)
        store.finish_run(run, outcome, cost=cost, exit_=None, settles=True)
    incumbent = store.incumbent()
    assert incumbent is not None
    assert incumbent.run == 3
    assert store.failed_trials() == 1
    assert store.counts() == {Status.SUCCESS: 3, Status.CRASHED: 1, Status.UNSAT: 1}


def test_store_lists_open_trials_and_running_runs(store: Store) -> None:
    first, second = add(store, 1.0), add(store, 2.0)
    run, _ = store.start_run(first.number, SLOT, 0.0)
    assert [trial.number for trial in store.trials(unsettled=True)] == [first.number, second.number]
    assert [record.run for record in store.runs(running=True)] == [run]
    store.finish_run(run, Outcome(Status.LOST), cost=None, exit_=None, settles=False)
    assert [trial.number for trial in store.trials(unsettled=True)] == [first.number, second.number]
    assert list(store.runs(running=True)) == []
    assert list(store.runs(settling=True)) == []


def test_reading_store_refuses_to_write(store: Store) -> None:
    with Store(store.study) as reader, pytest.raises(StudyError, match="readonly"):
        reader.set_meta("a", "b")


def test_store_says_where_when_there_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"study\.db: cannot be opened"):
        Store(tmp_path)
