"""What a person sees: words, tables, and progress on a real terminal."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from boxwright.report.progress import PlainProgress, time_left_s
from boxwright.report.tables import incumbent_text, plain_table, run_table
from boxwright.report.words import config_text, number, seconds, size
from boxwright.store.config_records import ConfigRecord
from boxwright.store.records import RunRecord
from boxwright.study.watching import Progress
from boxwright.terms import Slot, Status, Trial
from support import RunBoxwright

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def record(
    run: int, status: Status = Status.SUCCESS, quality: float | None = 0.5, **config: float | str
) -> RunRecord:
    return RunRecord(
        run=run,
        trial=run,
        status=status,
        quality=quality,
        cost=quality,
        metrics={} if quality is None else {"error": quality, "test": 0.25},
        config=config,
        instance=None,
        seed=0,
        budget=None,
        optimizer_seed=None,
        slot=0,
        gpus=(),
        started=1.0,
        ended=2.0,
        wall_s=1.0,
        cpu_s=1.0,
        max_rss_bytes=1,
        exit_code=0,
        reason="",
        folder="",
        attempt=1,
        origin="",
        runtime_s=None,
        additional="",
        settles=True,
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.4242, "0.42 s"),
        (12.34, "12.3 s"),
        (59.96, "60.0 s"),
        (245.0, "4 min 05 s"),
        (11220.0, "3 h 07 min"),
        (None, ""),
    ],
)
def test_seconds_are_written_for_a_person(value: float | None, text: str) -> None:
    assert seconds(value) == text


@pytest.mark.parametrize(("value", "text"), [(10, "10 B"), (2048, "2.0 KiB"), (3 << 30, "3.0 GiB"), (None, "")])
def test_sizes_have_binary_units(value: float | None, text: str) -> None:
    assert size(value) == text


def test_numbers_and_configurations_fit_one_line() -> None:
    assert number(1 / 3) == "0.333333"
    assert config_text({"a": 0.1, "b\n": "two\nlines", "c": True}) == "a=0.1 b\\n=two\\nlines c=true"


def test_run_table_leaves_cells_of_inactive_parameters_empty() -> None:
    table = run_table([record(1, x=1.0), record(2, Status.CRASHED, None, y="b")], "error", ["error", "test"])
    assert table.header == ("run", "x", "y", "error", "test", "status", "time")
    assert table.rows[1] == ("2", "", "b", "", "", "CRASHED", "1.00 s")
    lines = plain_table(table).splitlines()
    assert tuple(lines[0].split()) == table.header
    assert [line.index("SUCCESS") for line in lines if "SUCCESS" in line] == [lines[0].index("status")]


def test_incumbent_is_told_with_its_other_metrics() -> None:
    assert (
        incumbent_text(ConfigRecord(record(3, x=2.0)), "error", ["error", "test"])
        == "incumbent: run 3, error 0.5, test 0.25: x=2"
    )
    assert "none yet" in incumbent_text(None, "error", [])


def test_incumbent_of_a_noisy_study_is_told_with_its_runs_and_its_standard_error() -> None:
    best = ConfigRecord(record(12, quality=0.0812345678, x=2.0), runs=3, standard_error=0.00412, noisy=True)
    assert incumbent_text(best, "error", []) == "incumbent: run 12 (3 runs of it), error 0.0812346 ± 0.0041: x=2"
    once = ConfigRecord(record(3, x=2.0), noisy=True)
    assert incumbent_text(once, "error", []) == "incumbent: run 3 (1 run of it), error 0.5: x=2"


def test_time_left_goes_by_the_pace_of_this_session() -> None:
    assert time_left_s(Progress(30, 50, 0, None), settled_before=20, elapsed_s=60.0) == 120.0
    assert time_left_s(Progress(20, 50, 0, None), settled_before=20, elapsed_s=60.0) is None
    assert time_left_s(Progress(20, None, 0, None), settled_before=0, elapsed_s=60.0) is None


def test_plain_progress_writes_one_line_per_run_whatever_the_run_said() -> None:
    stream = io.StringIO()
    with PlainProgress(stream, "error") as watcher:
        watcher.study_started(Progress(0, 4, 0, None), (Slot(0),))
        watcher.run_started(1, Trial(1, {}), Slot(0))
        watcher.run_ended(record(1, x=1.0), Progress(1, 4, 0, ConfigRecord(record(1))))
        watcher.note("two\nlines \x1b[31m")
    lines = stream.getvalue().splitlines()
    assert lines[0] == "0 of 4 trials done; 1 slot"
    assert lines[1].startswith("run 1: SUCCESS error 0.5 [1/4, best 0.5, ")
    assert lines[2] == "two\\nlines \\x1b[31m"


def test_progress_on_a_terminal_shows_slots_incumbent_and_bar(
    make_scenario: Callable[..., Path], tmp_path: Path
) -> None:
    script = 'sleep 0.5; echo "Result of algorithm run: SUCCESS, 0, 0, $BOXWRIGHT_TRIAL, 0"'
    scenario = make_scenario(script, design='[design]\nkind = "monte-carlo"\nruns = 6\n')
    words = ["-m", "boxwright", "run", str(scenario), "--study", str(tmp_path / "s"), "--slots", "2"]
    words += ["--set", 'slots.gpu_ids=["A","B"]', "--set", "slots.gpus=1"]
    terminal = pexpect.spawn(sys.executable, words, encoding="utf-8", timeout=180, dimensions=(40, 120))
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    shown = ESCAPES.sub("", terminal.before or "")
    assert "━" in shown
    assert re.search(r"6/6 runs", shown)
    assert re.search(r"0\s+A\s+\d\s+0\.\d\d s\s+x=", shown)
    assert "best: run 1, quality 1: x=" in shown
    assert "incumbent: run 1, quality 1: x=" in shown
    assert "\x1b[" in (terminal.before or "")


def test_results_on_a_terminal_are_coloured(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    assert boxwright("run", make_scenario(), "--study", "s").returncode == 0
    words = ["-m", "boxwright", "results", str(tmp_path / "s")]
    terminal = pexpect.spawn(sys.executable, words, encoding="utf-8", timeout=180, dimensions=(40, 120))
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert "\x1b[32mSUCCESS" in (terminal.before or "")
