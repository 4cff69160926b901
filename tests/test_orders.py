"""What a person may tell a study at work: to pause and go on, to run something again, to make more runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from boxwright.propose.base import CountsRuns, Proposal
from boxwright.propose.shared import SharedModel
from boxwright.propose.trial_list import Listed, TrialListProposer
from boxwright.scenario import load_scenario
from boxwright.store.database import Store
from boxwright.store.records import RunRecord
from boxwright.study.control import Answer, Order, give_order
from boxwright.study.setup import make_proposer, prepare
from boxwright.study.upcoming import Upcoming
from boxwright.terms import Outcome, Slot, Status, Trial
from support import PATIENCE_S, RunBoxwright, Running

pytestmark = pytest.mark.usefixtures("no_process_left")

SCRIPT = """
echo "seed $BOXWRIGHT_SEED"
test "$BOXWRIGHT_TRIAL" != 1 || test -e "$BOXWRIGHT_STUDY/mended" || exit 7
while test "$BOXWRIGHT_TRIAL" != 1 && ! test -e "$BOXWRIGHT_STUDY/go"; do sleep 0.05; done
echo "Result of algorithm run: SUCCESS, 0.1, 1, $BOXWRIGHT_TRIAL, 0"
"""


def records(study: Path) -> list[RunRecord]:
    with Store(study) as store:
        return list(store.runs())


def wait_until(study: Path, holds: Callable[[list[RunRecord]], bool]) -> list[RunRecord]:
    deadline = time.monotonic() + PATIENCE_S
    while not holds(found := records(study)):
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


@pytest.fixture
def running(make_scenario: Callable[..., Path], start: Callable[..., Running]) -> Iterator[Running]:
    """A study of three runs on one slot: the first has crashed, the second waits."""
    study = start(make_scenario(SCRIPT), "--slots", "1", "--runs", "3")
    study.wait_for_runs(2)
    yield study
    (study.study / "go").touch()


def order(running: Running, **wanted: object) -> Answer:
    return give_order(running.study, Order(**wanted))  # type: ignore[arg-type]


def test_paused_study_starts_no_run_until_it_goes_on(running: Running) -> None:
    assert order(running, do="pause").done
    (running.study / "go").touch()
    found = wait_until(running.study, lambda found: found[-1].status != "RUNNING")
    assert order(running, do="ping").done
    assert [record.status for record in records(running.study)] == ["CRASHED", "SUCCESS"]
    assert len(found) == 2
    with Store(running.study) as store:
        assert store.meta("paused") == "1"
    assert order(running, do="continue").done
    assert running.end()[0] == 1
    assert len(records(running.study)) == 3
    log = (running.study / "study.log").read_text()
    assert "told to pause: no new runs until told to go on" in log
    assert "told to go on" in log


def test_failed_run_is_retried_in_a_study_at_work_and_no_other_is(running: Running) -> None:
    (running.study / "mended").touch()
    assert "run 2 is still running" in order(running, do="retry", run=2).text
    assert "no run 9" in order(running, do="retry", run=9).text
    assert order(running, do="retry", run=1).done
    assert "not what its trial counts with" in order(running, do="retry", run=1).text
    (running.study / "go").touch()
    assert running.end()[0] == 0
    assert [(record.trial, record.status, record.settles) for record in records(running.study)] == [
        (1, "CRASHED", False),
        (2, "SUCCESS", True),
        (1, "SUCCESS", True),
        (3, "SUCCESS", True),
    ]


def test_run_again_has_a_new_seed_and_is_one_more_than_planned(running: Running, boxwright: RunBoxwright) -> None:
    assert order(running, do="again", run=1).done
    assert order(running, do="again", run=1).done
    (running.study / "go").touch()
    assert running.end()[0] == 1
    found = records(running.study)
    assert [record.seed for record in found] == [0, 0, 1_000_001, 1_000_002, 0]
    assert found[2].config == found[0].config
    assert found[2].origin == "again, as run 1"
    assert "seed 1000001" in (Path(found[2].folder) / "stdout.log").read_text()
    # A study that is taken up again counts them beside those of its scenario.
    done = boxwright("resume", running.study, "--runs", "4")
    assert done.returncode == 1, done.stderr
    assert len(records(running.study)) == 6
    assert "trials: 6 of 6 settled" in boxwright("status", running.study).stdout


def test_more_runs_are_made_by_a_study_at_work_and_kept(running: Running, boxwright: RunBoxwright) -> None:
    assert "Give a higher number" in order(running, do="extend", runs=2).text
    assert "Give a higher number" in order(running, do="extend", runs=3).text
    assert order(running, do="extend", runs=5).done
    (running.study / "go").touch()
    assert running.end()[0] == 1
    found = records(running.study)
    assert [record.origin for record in found] == [f"monte-carlo point {number}" for number in range(1, 6)]
    assert "trials: 5 of 5 settled" in boxwright("status", running.study).stdout
    assert "runs = 5" in (running.study / "scenario.toml").read_text()


@pytest.mark.slow
def test_optimizer_makes_more_runs_too(make_scenario: Callable[..., Path], start: Callable[..., Running]) -> None:
    waits = 'while ! test -e "$BOXWRIGHT_STUDY/go"; do sleep 0.05; done\n'
    result = 'echo "Result of algorithm run: SUCCESS, 0.1, 1, $BOXWRIGHT_TRIAL, 0"'
    scenario = make_scenario(waits + result, design="[optimizer]\nruns = 2\nseeds = 1\n")
    study = start(scenario, "--slots", "1")
    study.wait_for_runs(1)
    assert order(study, do="extend", runs=3).done
    assert order(study, do="again", run=9).text == "no run 9"
    (study.study / "go").touch()
    assert study.end()[0] == 0
    assert len(records(study.study)) == 3


@pytest.mark.slow
def test_optimizer_with_more_runs_proposes_ahead_for_them(
    make_scenario: Callable[..., Path], start: Callable[..., Running]
) -> None:
    waits = 'while test "$BOXWRIGHT_TRIAL" = 3 && ! test -e "$BOXWRIGHT_STUDY/go"; do sleep 0.05; done\n'
    result = 'echo "Result of algorithm run: SUCCESS, 0.1, 1, $BOXWRIGHT_TRIAL, 0"'
    optimizer = "[optimizer]\nruns = 3\ninitial = 2\nseeds = 1\nahead = true\n"
    study = start(make_scenario(waits + result, design=optimizer), "--slots", "1")
    study.wait_for_runs(3)
    assert order(study, do="extend", runs=4).done
    (study.study / "go").touch()
    assert study.end()[0] == 0
    said = [line for line in (study.study / "study.log").read_text().splitlines() if "in the model" in line]
    assert said[-1].endswith("seed 1: 2 own + 0 shared runs in the model")  # made while the third run went on


@pytest.mark.parametrize("instances", [0, 2])
@pytest.mark.parametrize("keys", ["", "follow_s = 1\n"])
def test_shared_model_hears_of_more_runs_behind_whatever_stands_before_it(
    make_scenario: Callable[..., Path], tmp_path: Path, keys: str, instances: int
) -> None:
    more = f"[instances]\nnames = {[f'i{n}' for n in range(instances)]}\n" if instances else ""
    scenario = make_scenario("", design=f"[optimizer]\nruns = 8\n{keys}", more=more)
    proposer = make_proposer(prepare(load_scenario(scenario, ["study.smac2=state-run1"])), tmp_path / "study", print)
    assert isinstance(proposer, CountsRuns)
    proposer.extend(12)
    inner: object = proposer
    while not isinstance(inner, SharedModel):
        inner = vars(inner)["_inner"]
    assert inner._settings.runs == 12 // max(1, instances)


def test_study_that_is_coming_to_its_end_takes_no_more_runs(running: Running) -> None:
    assert order(running, do="stop").done
    for wanted in (
        {"do": "pause"},
        {"do": "retry", "run": 1},
        {"do": "again", "run": 1},
        {"do": "extend", "runs": 9},
    ):
        answer = order(running, **wanted)
        assert not answer.done
        assert "the study is coming to its end" in answer.text
    (running.study / "go").touch()
    assert running.end()[0] == 130


def test_trial_that_a_person_and_its_optimizer_want_again_at_the_same_time_runs_once(
    make_scenario: Callable[..., Path], tmp_path: Path
) -> None:
    class WantsAgain(TrialListProposer):
        async def next(self) -> Proposal:
            return replace(await super().next(), again=True)

    async def handed_out(upcoming: Upcoming) -> list[Trial | None]:
        return [await upcoming.next(), await upcoming.next()]

    reopened: list[Status] = []
    with Store.create(tmp_path, {}) as store:
        trial, _ = store.add_trial(Trial(0, {"x": 0.5}))
        run, _ = store.start_run(trial.number, Slot(0), 1.0)
        store.finish_run(run, Outcome(Status.TIMEOUT), cost=None, exit_=None, settles=True)
        setup = prepare(load_scenario(make_scenario(SCRIPT)))
        optimizer = WantsAgain([Listed({"x": 0.5}, None, 0, "optimizer")], study_seed=0)
        upcoming = Upcoming(
            store, optimizer, setup, reopen=lambda trial: reopened.append(store.reopen_trial(trial.number))
        )
        upcoming.take_up(1, [])
        upcoming.retry(trial)
        assert asyncio.run(handed_out(upcoming)) == [trial, None]
        assert reopened == [Status.TIMEOUT]
