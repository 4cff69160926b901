"""``kill RUN``: the order holds whatever becomes of the controller that was given it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.execute.lock import lock_path, read_owner
from boxwright.store.database import Store
from boxwright.study.kills import KillOrders
from boxwright.terms import Status
from support import RunBoxwright, Running, statuses

DEAF = 'trap "" TERM; sleep 60'
ONE_RUN = ("--slots", "1", "--runs", "1")
pytestmark = pytest.mark.usefixtures("no_process_left")


def kill_controller(running: Running) -> None:
    running.process.kill()
    running.end()


@pytest.mark.parametrize("lost_too", ["nothing", "database", "agent"])
@pytest.mark.slow
def test_killed_run_stays_killed_when_the_controller_dies_before_the_run(
    make_scenario: Callable[..., Path], start: Callable[..., Running], boxwright: RunBoxwright, lost_too: str
) -> None:
    running = start(make_scenario(DEAF), *ONE_RUN)
    running.wait_for_runs(1)
    assert boxwright("kill", running.study, "1").returncode == 0
    kill_controller(running)
    if lost_too == "database":
        for path in running.study.glob("study.db*"):
            path.unlink()
    if lost_too == "agent":
        owner = read_owner(lock_path(running.study, 0))
        assert owner is not None
        os.kill(owner.pid, signal.SIGKILL)
    assert boxwright("resume", running.study).returncode == 1
    assert statuses(running.study) == [Status.KILLED]


def test_order_that_the_controller_did_not_live_to_carry_out_is_carried_out_by_the_next(
    make_scenario: Callable[..., Path], start: Callable[..., Running], boxwright: RunBoxwright
) -> None:
    running = start(make_scenario("sleep 60"), *ONE_RUN)
    running.wait_for_runs(1)
    kill_controller(running)
    with Store(running.study, write=True) as store:
        KillOrders(store).give(1)
    assert boxwright("resume", running.study).returncode == 1
    assert statuses(running.study) == [Status.KILLED]
