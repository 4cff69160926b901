"""Copies of an external optimizer in batch jobs: they reach their study over TLS, and leave nothing behind."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.store.database import Store
from boxwright.terms import Status
from cluster_support import SlurmCluster
from execute_support import wait_until
from external_support import QUICK, external, output_of
from pilot_support import keepers_of
from support import RunBoxwright, Running, processes_below

pytestmark = [pytest.mark.checkout, pytest.mark.usefixtures("no_process_left")]
KEYS = 'where = "job"\ncopies = 2\n'
# Where its own socket is not there, nothing else stands in for it.
CALLS = """
echo "$GREETING"
BOXWRIGHT_SOCKET=/none $algo --dialect plain x=0.5 2>&1 | grep -c "no controller"
for x in 1 2 3; do $algo --dialect plain x=0.$x$BOXWRIGHT_COPY; done
"""


def check_done(study: Path) -> None:
    with Store(study) as store:
        records = list(store.runs())
    assert {record.status for record in records} == {Status.SUCCESS}
    assert len(records) == 6
    for copy in (1, 2):
        greeting, refused, *costs = output_of(study, copy).split()
        assert (greeting, refused) == ("hello", "1")
        assert len(costs) == 3


@pytest.mark.parametrize("backend", ["subprocess", "slurm"])
def test_copies_in_jobs_ask_for_runs_and_hear_of_them(
    request: pytest.FixtureRequest,
    make_scenario: Callable[..., Path],
    boxwright: RunBoxwright,
    tmp_path: Path,
    backend: str,
) -> None:
    cluster = request.getfixturevalue("slurm") if backend == "slurm" else None
    deep = tmp_path / ("d" * 60) / ("e" * 60)  # a socket's own path may not be so long
    deep.mkdir(parents=True)
    setup = f'["export GREETING=hello", "export TMPDIR={deep}"]'
    more = f'[slots]\nbackend = "{backend}"\nsetup = {setup}\ncount = 2\n'
    done = boxwright("run", external(make_scenario, QUICK, CALLS, keys=KEYS, more=more), "--study", "s")
    assert done.returncode == 0, done.stderr
    check_done(tmp_path / "s")
    log = (tmp_path / "s" / "study.log").read_text()
    assert log.count("is up: job ") == 2
    if cluster is not None:
        wait_until(lambda: not cluster.queue())


@pytest.mark.slow
def test_copy_whose_job_is_cancelled_is_queued_again(
    slurm: SlurmCluster, make_scenario: Callable[..., Path], start: Callable[..., Running]
) -> None:
    # The first life waits to be cancelled, the second one makes a run.
    script = "test -e once || { touch once; sleep 60; }; $algo --dialect plain x=0.5"
    more = '[slots]\nbackend = "slurm"\n'
    running = start(external(make_scenario, QUICK, script, keys='where = "job"', more=more))
    wait_until((running.study / "optimizers/1/once").exists)
    queued = next(
        line for line in (running.study / "study.log").read_text().splitlines() if "queued optimizer 1" in line
    )
    slurm.call("scancel", queued.split()[-1])
    assert running.end()[0] == 0
    assert "optimizer 1: its job was ended" in (running.study / "study.log").read_text()
    assert output_of(running.study)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_copies_in_jobs_end_with_their_controller(
    make_scenario: Callable[..., Path], start: Callable[..., Running], tmp_path: Path, number: signal.Signals
) -> None:
    script = "trap '' TERM; touch begun; while :; do sleep 0.1; done"
    more = '[slots]\nbackend = "subprocess"\n[limits]\ngrace_s = 1\n'
    running = start(external(make_scenario, QUICK, script, keys='where = "job"', more=more))
    wait_until((running.study / "optimizers/1/begun").exists)
    running.process.send_signal(number)
    ended = time.monotonic()
    running.end()
    wait_until(lambda: not (processes_below(tmp_path) or keepers_of(running.study)))
    assert time.monotonic() - ended < 15


def test_jobs_for_copies_go_with_one_protocol_alone(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright
) -> None:
    keys = 'where = "job"\nprotocol = "ask-tell"'
    done = boxwright("check", external(make_scenario, QUICK, "", keys=keys))
    assert done.returncode == 2
    assert 'optimizer.where: "job" goes with protocol = "algo" only' in done.stderr
    noted = boxwright("check", external(make_scenario, QUICK, "", keys='where = "job"'))
    assert noted.returncode == 0
    assert "optimizer.where: for batch jobs, and without effect" in noted.stderr
