"""Signals that end a study, and those that must not: Ctrl-C, SIGTERM, a terminal that is closed, nohup."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.terms import Status
from support import Running, statuses

MIDDLING = 'sleep 1; echo "Result of algorithm run: SUCCESS, 0.1, 1, 1, 0"'
pytestmark = pytest.mark.usefixtures("no_process_left")


@pytest.mark.parametrize(
    ("prefix", "number"),
    [
        (["nohup"], signal.SIGHUP),
        (["sh", "-c", 'trap "" INT; exec "$@"', "sh"], signal.SIGINT),  # as & in a script starts it
    ],
    ids=["nohup", "background"],
)
def test_signal_that_was_ignored_at_the_start_does_not_stop_the_study(
    make_scenario: Callable[..., Path], start: Callable[..., Running], prefix: list[str], number: signal.Signals
) -> None:
    running = start(make_scenario(MIDDLING), "--slots", "2", "--runs", "2", prefix=prefix)
    running.wait_for_runs(2)
    running.process.send_signal(number)
    time.sleep(0.1)
    running.process.send_signal(number)
    code, _, err = running.end()
    assert code == 0, err
    assert statuses(running.study) == [Status.SUCCESS] * 2


def test_terminal_that_is_closed_stops_the_runs(
    make_scenario: Callable[..., Path], start: Callable[..., Running]
) -> None:
    running = start(make_scenario("sleep 60"), "--runs", "1")
    running.wait_for_runs(1)
    running.process.send_signal(signal.SIGHUP)
    assert running.end()[0] == 130
    assert statuses(running.study) == [Status.LOST]
