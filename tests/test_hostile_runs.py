"""Runs that misbehave end with the right status and leave nothing running."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support import RunBoxwright

pytestmark = pytest.mark.usefixtures("no_process_left")
GOOD = 'echo "Result of algorithm run: SUCCESS, 0.1, 1, 0.5, 0"'


@pytest.fixture
def run_one(make_scenario: Callable[..., Path], boxwright: RunBoxwright) -> Callable[..., dict[str, Any]]:
    """Return a function that runs a script once and returns the record of the run."""

    def run(script: str, more: str = "") -> dict[str, Any]:
        scenario = make_scenario(script, design='[design]\nkind = "monte-carlo"\nruns = 1\n', more=more)
        done = boxwright("run", scenario, "--study", "s")
        assert "Traceback" not in done.stderr
        record: dict[str, Any]
        (record,) = json.loads(boxwright("results", "s", "--json").stdout)
        assert done.returncode == (0 if record["status"] in ("SUCCESS", "UNSAT") else 1)
        return record

    return run


@pytest.mark.parametrize(
    ("script", "status", "reason"),
    [
        ("head -c 5000000 /dev/zero | tr '\\0' x; echo; " + GOOD, "SUCCESS", ""),
        ("head -c 5000000 /dev/zero | tr '\\0' x", "CRASHED", "no result line"),
        ("printf '\\377\\376\\200 caf\\351\\n\\000\\001\\n'; " + GOOD, "SUCCESS", ""),
        (GOOD.replace("0.5", "NaN"), "CRASHED", "NaN"),
        (GOOD.replace("0.5", "Infinity"), "CRASHED", "quality is inf"),
        (f"{GOOD}; {GOOD}", "CRASHED", "two result lines (stdout.log:1, stdout.log:2)"),
        ("true", "CRASHED", "no result line"),
        ("echo 'CUDA out of memory' >&2; exit 1", "CRASHED", "CUDA out of memory"),
        ("kill -SEGV $$", "CRASHED", "SIGSEGV"),
        (GOOD.replace("SUCCESS", "UNSAT"), "UNSAT", ""),
        (GOOD.replace("SUCCESS", "MADE-UP"), "CRASHED", "MADE-UP"),
    ],
)
def test_output_that_is_odd(run_one: Callable[..., dict[str, Any]], script: str, status: str, reason: str) -> None:
    record = run_one(script)
    assert record["status"] == status, record["reason"]
    assert reason in record["reason"]
    assert "\n" not in record["reason"]
    assert len(record["reason"]) < 1000


def test_last_result_line_counts_if_the_scenario_says_so(run_one: Callable[..., dict[str, Any]]) -> None:
    record = run_one(f"{GOOD}; {GOOD.replace('0.5', '0.25')}", '[parse]\nresult_line = true\nduplicates = "last"\n')
    assert (record["status"], record["quality"]) == ("SUCCESS", 0.25)


def test_daemon_does_not_outlive_its_run(run_one: Callable[..., dict[str, Any]]) -> None:
    daemon = "import os, time\nif os.fork() == 0:\n os.setsid()\n if os.fork() == 0:\n  time.sleep(300)\n os._exit(0)"
    record = run_one(f"python3 -c '{daemon}'; {GOOD}")
    assert record["status"] == "SUCCESS"
    assert record["wall_s"] < 60


def test_command_that_ignores_sigterm_is_stopped_at_its_cutoff(run_one: Callable[..., dict[str, Any]]) -> None:
    record = run_one("trap '' TERM; sleep 300 & sleep 300; wait", "[limits]\ncutoff_s = 0.5\ngrace_s = 0.3\n")
    assert record["status"] == "TIMEOUT"
    assert record["wall_s"] < 30


def test_command_that_floods_its_log_is_stopped(run_one: Callable[..., dict[str, Any]]) -> None:
    record = run_one("yes | tr -d '\\n'", '[limits]\noutput = "1 MiB"\ncutoff_s = 60\n')
    assert record["status"] == "CRASHED"
    assert (Path(record["folder"]) / "stdout.log").stat().st_size <= 1024 * 1024


def test_command_that_fills_the_memory_is_stopped(run_one: Callable[..., dict[str, Any]]) -> None:
    script = "python3 -c 'import time; x = b\"1\" * 400_000_000; time.sleep(60)'; " + GOOD
    record = run_one(script, '[limits]\nmemory = "200 MiB"\ncutoff_s = 60\n')
    assert record["status"] == "MEMOUT", record["reason"]


def test_program_that_cannot_be_started_is_a_crash_with_its_reason(
    run_one: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    record = run_one(f'rm -f "{tmp_path}/scenario/none"; exec /nonexistent/program')
    assert record["status"] == "CRASHED"
    assert record["exit_code"] == 127


def test_run_that_deletes_its_own_folder_is_a_crash(run_one: Callable[..., dict[str, Any]]) -> None:
    record = run_one('rm -rf "$PWD"; ' + GOOD)
    assert record["status"] == "CRASHED"
