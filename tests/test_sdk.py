"""``boxwright.sdk``: several runs at once, in several threads, and what becomes of them."""

from __future__ import annotations

import importlib.util
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest

from boxwright.errors import StudyError, UserError
from boxwright.gallery import gallery_scenarios
from boxwright.sdk import CancelledError, RefusedError, as_completed, submit
from boxwright.store.database import Store
from boxwright.terms import Status
from external_support import external
from support import RunBoxwright, Running, statuses

pytestmark = pytest.mark.usefixtures("no_process_left")

RUN = (
    'case "$1" in --x=0.9*) sleep 60;; esac\n'
    'echo "Result of algorithm run: SUCCESS, 0.1, 1, ${1#--x=}, 0, seed $BOXWRIGHT_SEED"'
)
HOLD = 'until test -e "$BOXWRIGHT_STUDY/done"; do sleep 0.05; done'


def test_runs_are_submitted_waited_for_and_cancelled_from_threads(
    make_scenario: Callable[..., Path], start: Callable[..., Running]
) -> None:
    running = start(external(make_scenario, RUN, HOLD, runs=100), "--slots", "2")
    running.hear("trials done")
    study = running.study
    tenths = numpy.arange(5) / 10  # numpy's numbers are taken, too
    runs = [submit({"x": tenth}, seed=numpy.int64(7), study=study) for tenth in tenths]  # type: ignore[arg-type]
    found = sorted((run.wait().cost or 0.0, run.wait().additional) for run in as_completed(runs))
    assert found == [(number / 10, "seed 7") for number in range(5)]
    result = runs[3].result()
    assert result is not None
    assert (result.status, result.config, result.folder.is_dir()) == (Status.SUCCESS, {"x": 0.3}, True)

    slow = submit({"x": 0.95}, study=study)
    assert slow.result() is None
    caught: list[type[Exception]] = []

    def wait() -> None:
        try:
            slow.wait()
        except CancelledError as error:
            caught.append(type(error))

    waiting = threading.Thread(target=wait)
    waiting.start()
    running.wait_for_runs(6)
    slow.cancel()
    waiting.join()
    assert caught == [CancelledError]
    deadline = time.monotonic() + 20
    while statuses(study)[-1] is Status.RUNNING and time.monotonic() < deadline:
        time.sleep(0.02)
    assert statuses(study)[-1] is Status.KILLED
    with pytest.raises(RefusedError, match=r"x = 7, but it must be a number from 0\.0 to 1\.0"):
        submit({"x": 7}, study=study).wait()
    (study / "done").touch()
    assert running.end()[0] == 1
    with pytest.raises(StudyError, match="no controller is at work here"):
        submit({"x": 0.5}, study=study)


def test_process_that_no_study_has_started_must_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOXWRIGHT_STUDY", raising=False)
    with pytest.raises(UserError, match="which study"):
        submit({"x": 1})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, [1], numpy.zeros(2), numpy.float32("nan")])
def test_value_that_no_command_can_be_given_is_refused_before_it_is_sent(value: object) -> None:
    with pytest.raises(UserError, match=r"^submit: x = .*: a value is a text, a finite number, true or false\.$"):
        submit({"x": value}, study="nowhere")  # type: ignore[dict-item]


@pytest.mark.skipif(importlib.util.find_spec("optuna") is None, reason="optuna is an extra")
def test_gallery_has_optuna_as_the_optimizer_of_a_study(boxwright: RunBoxwright, tmp_path: Path) -> None:
    command = 'optimizer.command=["python3","{scenario}/optimize.py","{seed}","6"]'
    done = boxwright("run", gallery_scenarios()["optuna"], "--study", "s", "--set", command)
    assert done.returncode == 0, done.stderr + (tmp_path / "s/optimizers/1/stderr.log").read_text()
    with Store(tmp_path / "s") as store:
        assert [record.status for record in store.runs()] == [Status.SUCCESS] * 6
    assert (tmp_path / "s/optimizers/1/stdout.log").read_text().startswith("best: ")
