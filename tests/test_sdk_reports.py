"""``run.report({...})``: metrics that a client attaches to a run under way."""

from __future__ import annotations

import asyncio
import json
import math
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from boxwright.errors import UserError
from boxwright.propose import intake
from boxwright.sdk import CancelledError, EndedError, RefusedError, Run, as_completed, submit
from boxwright.store.database import Store
from boxwright.study.ledger import StoreLedger
from boxwright.terms import Status
from execute_support import wait_until
from external_support import external
from support import PATIENCE_S, RunBoxwright, Running, statuses

pytestmark = pytest.mark.usefixtures("no_process_left")

RUN = (
    'until test -e "$BOXWRIGHT_STUDY/go"; do sleep 0.02; done\n'
    'printf "own\\t7\\n"\n'
    'echo "Result of algorithm run: SUCCESS, 0.1, 1, ${1#--x=}, 0"'
)
HOLD = 'until test -e "$BOXWRIGHT_STUDY/done"; do sleep 0.05; done'
MORE = "[parse]\nresult_line = true\ntab = true\n[study]\nmetrics = ['loss']\n"
CLIENT = """
import sys
from boxwright.sdk import submit
run = submit({"x": float(sys.argv[1])}, study=sys.argv[2])
for step in range(10):
    run.report({"loss": step / 8, "process": float(sys.argv[1])})
print("reported", flush=True)
print(run.wait().metrics["loss"])
"""


@pytest.fixture
def study(make_scenario: Callable[..., Path], start: Callable[..., Running]) -> Running:
    """Return a study whose runs end once there is a file ``go`` in it."""
    running = start(external(make_scenario, RUN, HOLD, runs=100, more=MORE), "--slots", "2")
    running.hear("trials done")
    return running


def metrics(study: Path, run: int = 1) -> Mapping[str, float]:
    with Store(study) as store:
        return store.run(run).metrics


def end(running: Running) -> None:
    (running.study / "done").touch()
    assert running.end()[0] == 0


def test_reports_are_on_disk_at_once_and_are_shown_with_the_run(study: Running, boxwright: RunBoxwright) -> None:
    run = submit({"x": 0.25}, study=study.study)
    study.wait_for_runs(1)
    run.report({"loss": 0.5, "epoch": 1})
    assert metrics(study.study) == {"loss": 0.5, "epoch": 1.0}
    run.report({"epoch": 2, "own": 1, 'a name, with "é"': -0.0})
    assert metrics(study.study) == {"loss": 0.5, "epoch": 2.0, "own": 1.0, 'a name, with "é"': 0.0}
    assert "  epoch = 2\n" in boxwright("show", study.study, "1").stdout
    (study.study / "go").touch()
    reported = {"loss": 0.5, "epoch": 2.0, "own": 7.0, 'a name, with "é"': 0.0, "quality": 0.25}
    assert run.wait().metrics == reported  # what the run says itself goes before what is reported of it
    with pytest.raises(EndedError, match="run 1 is over: report of it before its end"):
        run.report({"loss": 0.1})
    assert metrics(study.study) == reported
    assert json.loads(boxwright("results", study.study, "--json").stdout)[0]["metrics"] == reported
    assert boxwright("results", study.study, "--where", "metric.epoch=2", "--csv").stdout.count("\n") == 2
    repeated = submit({"x": 0.25}, study=study.study)
    assert repeated.wait().metrics == reported  # answered by the earlier run, which takes no more
    with pytest.raises(EndedError):
        repeated.report({"loss": 0.1})
    end(study)
    rows = (study.study / "results.csv").read_text().splitlines()
    assert rows[1].split(",")[rows[0].split(",").index("loss")] == "0.5"


def test_report_of_a_run_that_waits_for_a_slot_is_kept_until_it_starts(study: Running) -> None:
    runs = [submit({"x": number / 10}, study=study.study) for number in range(3)]
    study.wait_for_runs(2)
    waiting = runs[2]
    waiting.report({"loss": 0.5, "first": 1})
    waiting.report({"loss": 0.25})
    (study.study / "go").touch()
    assert waiting.wait().metrics == {"loss": 0.25, "first": 1.0, "own": 7.0, "quality": 0.2}
    assert "loss" not in runs[0].wait().metrics
    end(study)


def test_what_is_no_metric_is_refused_and_nothing_of_it_kept(study: Running) -> None:
    run = submit({"x": 0.25}, study=study.study)
    study.wait_for_runs(1)
    for value in (math.nan, math.inf, -math.inf, True, "0.5", None):
        with pytest.raises(UserError, match=r"report: 'loss' = .*: a metric is a name and a finite number"):
            run.report({"good": 1, "loss": value})  # type: ignore[dict-item]
    with pytest.raises(UserError, match="no metrics"):
        run.report({})
    for name, reason in (
        ("quality", '"quality" is the objective: the run itself says it'),
        ("a\nb", r'"a\\nb" is no name of a metric: 1 to 200 printable characters'),
        ("", "is no name of a metric"),
        ("m" * 201, "is no name of a metric"),
    ):
        with pytest.raises(RefusedError, match=reason):
            run.report({"good": 1, name: 0.5})
    with pytest.raises(RefusedError, match="not understood"):
        run.report({f"m{number}": 1 for number in range(1001)})
    run.report({f"m{number}": 1 for number in range(1000)})
    with pytest.raises(RefusedError, match="run 1 has more than 1000 metrics"):
        run.report({"more": 1})
    assert len(metrics(study.study)) == 1000
    with Store(study.study) as store, pytest.raises(intake.RefusedError, match="this run has more than 1000"):
        StoreLedger(store, "quality").report(None, {f"m{number}": 1 for number in range(1001)})  # it still waits
    refused = submit({"x": 7}, study=study.study)
    with pytest.raises(RefusedError, match="x = 7, but it must be"):
        refused.report({"loss": 1})
    run.cancel()
    with pytest.raises(CancelledError):
        run.report({"loss": 1})
    wait_until(lambda: statuses(study.study) == [Status.KILLED])
    end_of_failure(study)


def end_of_failure(running: Running) -> None:
    (running.study / "go").touch()
    (running.study / "done").touch()
    assert running.end()[0] == 1


def test_threads_coroutines_and_processes_report_at_once(study: Running) -> None:
    words = [sys.executable, "-c", CLIENT]
    clients = [
        subprocess.Popen([*words, str(x), str(study.study)], stdout=subprocess.PIPE, text=True) for x in (0.8, 0.9)
    ]
    for client in clients:
        assert client.stdout is not None
        assert client.stdout.readline() == "reported\n"

    async def coroutine(number: int, reported: asyncio.Barrier) -> Run:
        run = await asyncio.to_thread(submit, {"x": number / 10}, study=study.study)
        await asyncio.gather(*(asyncio.to_thread(run.report, {f"m{step}": step}) for step in range(10)))
        await reported.wait()
        (study.study / "go").touch()
        assert (await run).config == {"x": number / 10}
        assert (await run).metrics == {**{f"m{step}": step for step in range(10)}, "own": 7, "quality": number / 10}
        return run

    async def coroutines() -> list[Run]:
        reported = asyncio.Barrier(5)
        return await asyncio.gather(*(coroutine(number, reported) for number in range(5)))

    assert len(asyncio.run(coroutines())) == 5
    assert [client.communicate(timeout=PATIENCE_S)[0] for client in clients] == ["1.125\n"] * 2
    with Store(study.study) as store:
        assert {record.metrics.get("process") for record in store.runs()} == {0.8, 0.9, None}
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda x: submit({"x": x / 100}, study=study.study), range(40, 60)))
        waited = pool.map(Run.wait, runs)  # others wait while the runs are yielded
        assert {run.wait().config["x"] for run in as_completed(runs)} == {x / 100 for x in range(40, 60)}
        assert len(list(waited)) == 20
    assert not [thread for thread in threading.enumerate() if thread.name == "boxwright.sdk" and gone(thread)]
    end(study)


def gone(thread: threading.Thread) -> bool:
    """Return whether a thread has not ended, a while after its last line was closed."""
    thread.join(PATIENCE_S)
    return thread.is_alive()


def test_reports_outlive_the_controller_and_the_database(
    study: Running, boxwright: RunBoxwright, make_scenario: Callable[..., Path]
) -> None:
    run = submit({"x": 0.25}, study=study.study)
    study.wait_for_runs(1)
    run.report({"loss": 0.5, "epoch": 1})
    run.report({"epoch": 2})
    os.kill(study.process.pid, signal.SIGKILL)
    study.process.communicate()
    with pytest.raises(Exception, match="the controller has gone"):
        run.report({"epoch": 3})
    for path in study.study.glob("study.db*"):
        path.unlink()
    with (study.study / "reports.jsonl").open("a") as file:
        file.write('{"run": 1, "metr')  # the disk was full, once
    (study.study / "go").touch()
    (study.study / "done").touch()
    boxwright("resume", study.study)
    with Store(study.study) as store:
        record = store.run(1)
    assert (record.status, record.metrics) == (
        Status.SUCCESS,
        {"loss": 0.5, "epoch": 2.0, "own": 7.0, "quality": 0.25},
    )
    with pytest.raises(Exception, match="the controller has gone"):
        run.wait()
