"""Regular expressions are searched in a process that can be ended: a careless one costs a run, not the study."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from boxwright.execute.messages import Ended, Exit
from boxwright.parse import read_outcome, searching
from boxwright.parse.searching import Match, OverrunError, close_searchers, search_log
from boxwright.scenario.model import Objective, Parse
from boxwright.terms import Status
from execute_support import wait_until
from support import Running, statuses

ENDLESS = r"loss ((?:a+)+|1) b"
HOPELESS = "loss " + "a" * 60 + "!\n"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """Return a log with a line that a careless pattern never comes to the end of."""
    path = tmp_path / "stdout.log"
    path.write_text(f"acc 0.25\n{HOPELESS}loss 1 b\nacc 0.5\n")
    yield path
    close_searchers()


def searchers(of: int | None = None) -> list[psutil.Process]:
    """Return the processes that search logs for a process; for this one if None."""
    return [child for child in psutil.Process(of).children() if "boxwright.parse.searcher" in child.cmdline()]


def test_last_match_counts_and_one_process_searches_log_after_log(log: Path) -> None:
    for _ in range(3):
        assert search_log(log, {"acc": r"acc (\S+)"}).matches == {"acc": Match("0.5", 4)}
    assert len(searchers()) == 1
    close_searchers()
    assert not searchers()


def test_pattern_that_takes_too_long_is_named(log: Path) -> None:
    search_log(log, {"acc": r"acc (\S+)"})  # its process is there: the limit is not spent on its start
    with pytest.raises(OverrunError, match=r"took longer than 2 s on stdout.log") as caught:
        search_log(log, {"acc": r"acc (\S+)", "loss": ENDLESS}, limit_s=2)
    assert caught.value.name == "loss"
    assert not searchers()


def test_search_goes_on_in_a_new_process_after_the_old_one_was_killed(log: Path) -> None:
    search_log(log, {"acc": r"acc (\S+)"})
    (old,) = searchers()
    os.kill(old.pid, signal.SIGKILL)
    old.wait(10)
    assert search_log(log, {"acc": r"acc (\S+)"}).matches["acc"].text == "0.5"


def test_careless_pattern_of_a_metric_that_is_only_shown_leaves_the_objective_alone(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search_log(log, {"acc": r"acc (\S+)"})  # its process is there: the limit is not spent on its start
    monkeypatch.setattr(searching, "LIMIT_S", 2)
    exited = Exit(run=17, ended_by=Ended.EXITED, exit_code=0)
    parse = Parse(regex={"acc": r"acc (\S+)", "loss": ENDLESS})
    found = read_outcome(
        parse, Objective(metric="acc"), exited, log.parent, has_postprocess=False, exit_code_matters=True
    )
    assert (found.status, found.metrics) == (Status.SUCCESS, {"acc": 0.5})
    assert found.additional == "left out: parse.regex.loss took longer than 2 s on stdout.log"


@pytest.mark.usefixtures("no_process_left")
@pytest.mark.slow
def test_careless_pattern_crashes_its_run_and_the_study_hears_of_ctrl_c_meanwhile(
    make_scenario: Callable[..., Path], start: Callable[..., Running]
) -> None:
    more = f"""[study]\nobjective = {{ metric = "loss" }}\n[parse]\nregex = {{ loss = '{ENDLESS}' }}\n"""
    running = start(make_scenario(f"echo '{HOPELESS.strip()}'; echo loss 1 b", more=more), "--slots", "1")
    wait_until(lambda: searchers(running.process.pid))  # which then search for ten seconds
    running.process.send_signal(signal.SIGINT)
    code, _, err = running.end()
    assert (code, statuses(running.study)) == (130, [Status.CRASHED])
    assert "parse.regex.loss took longer than 10 s on stdout.log" in err
