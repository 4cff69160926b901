"""What a run came to, by its result line."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, Protocol

import pytest

from boxwright.execute.messages import Ended, Exit
from boxwright.parse import read_outcome
from boxwright.scenario.model import Objective, Parse
from boxwright.terms import Outcome, Status

LINE = "Result of algorithm run: "


class Read(Protocol):
    def __call__(
        self, stdout: str | bytes, /, *, exit_code: int = 0, matters: bool = True, **parse: Any
    ) -> Outcome: ...


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return a function that gives the outcome of a run that printed this."""
    return functools.partial(_read, tmp_path / "runs" / "000" / "000017")


def _read(folder: Path, stdout: str | bytes, *, exit_code: int = 0, matters: bool = True, **parse: Any) -> Outcome:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "stdout.log").write_bytes(stdout if isinstance(stdout, bytes) else stdout.encode())
    exited = Exit(run=17, ended_by=Ended.EXITED, exit_code=exit_code)
    objective = Objective(metric="error")
    settings = Parse(**parse)
    return read_outcome(settings, objective, exited, folder, has_postprocess=False, exit_code_matters=matters)


def test_outcome_of_a_result_line_is_its_quality_under_the_objectives_name(read: Read) -> None:
    assert read(f"training …\n{LINE}SUCCESS, 1.5, 10, 0.25, 3, note\n") == Outcome(
        Status.SUCCESS, quality=0.25, metrics={"error": 0.25}, runtime_s=1.5, runlength=10, additional="note"
    )


def test_outcome_needs_no_line_end_and_takes_any(read: Read) -> None:
    line = f"{LINE}SAT, 1, 1, 0.5, 0"
    for stdout in (line, f"a\r\n{line}\r\n", f"10 %\r50 %\r{line}", f"\n\n{line}\n\n"):
        assert read(stdout).quality == 0.5


def test_outcome_without_result_line_names_the_last_lines(read: Read) -> None:
    found = read("epoch 1\n\n\x1b[31mCUDA out of memory\x1b[0m\n  \n")
    assert found.status is Status.CRASHED
    assert found.reason == (
        'no result line on stdout; last lines: "epoch 1 | CUDA out of memory" (runs/000/000017/stdout.log)'
    )


def test_outcome_without_any_output_says_so(read: Read) -> None:
    assert read("").reason == "no result line on stdout"


def test_outcome_of_two_result_lines_is_a_crash_that_names_both(read: Read) -> None:
    found = read(f"a\n{LINE}SAT, 1, 1, 0.5, 0\nb\n{LINE}SAT, 1, 1, 0.4, 0\n")
    assert (found.status, found.quality) == (Status.CRASHED, None)
    assert found.reason == "two result lines (stdout.log:2, stdout.log:4); a run prints one"


def test_outcome_of_many_result_lines_names_two(read: Read) -> None:
    found = read(f"{LINE}SAT, 1, 1, 0.5, 0\n" * 5)
    assert found.reason == "5 result lines (stdout.log:1, stdout.log:2, …); a run prints one"


def test_outcome_takes_the_last_result_line_when_the_scenario_says_so(read: Read) -> None:
    stdout = f"{LINE}SAT, 1, 1, 0.5, 0\nResult for ParamILS: SAT, 1, 1, 0.4, 0\n"
    assert read(stdout, duplicates="last").quality == 0.4
    found = read(stdout + f"{LINE}SAT, 1\n", duplicates="last")
    assert found.reason.startswith("stdout.log:3: 2 fields in")


def test_outcome_of_a_refused_line_names_file_line_and_value(read: Read) -> None:
    found = read(f"a\n{LINE}SAT, 1, 1, bad, 0\n")
    assert (found.status, found.reason) == (Status.CRASHED, 'stdout.log:2: quality "bad" is not a number')


@pytest.mark.parametrize("quality", ["NaN", "Infinity", "-Infinity", "1e999", "nan", "inf"])
def test_outcome_never_holds_a_quality_that_is_not_finite(read: Read, quality: str) -> None:
    found = read(f"{LINE}SAT, 1, 1, {quality}, 0\n")
    assert (found.status, found.quality, found.metrics) == (Status.CRASHED, None, {})
    assert found.reason.startswith("stdout.log:1: quality ")


@pytest.mark.parametrize("status", ["TIMEOUT", "MEMOUT", "UNSAT", "ABORT", "CRASHED"])
def test_outcome_keeps_a_failure_whose_quality_is_infinite(read: Read, status: str) -> None:
    found = read(f"{LINE}{status}, 1, 1, Infinity, 0\n")
    assert (found.status, found.quality, found.metrics) == (Status(status), None, {})


def test_outcome_of_unsat_is_an_invalid_combination_by_default(read: Read) -> None:
    found = read(f"{LINE}UNSAT, 1, 1, 9, 0\n")
    assert (found.status, found.quality, found.metrics) == (Status.UNSAT, None, {"error": 9.0})
    assert found.reason == "the run says UNSAT (stdout.log:1)"


def test_outcome_of_unsat_is_a_success_when_the_scenario_says_so(read: Read) -> None:
    found = read(f"{LINE}UNSAT, 1, 1, 9, 0\n", unsat="success")
    assert (found.status, found.quality, found.reason) == (Status.SUCCESS, 9.0, "")


def test_outcome_of_a_reported_timeout_keeps_the_reported_quality(read: Read) -> None:
    found = read(f"{LINE}TIMEOUT, 5, 1, 9, 0\n")
    assert (found.status, found.quality, found.reason) == (Status.TIMEOUT, 9.0, "the run says TIMEOUT (stdout.log:1)")


def test_outcome_of_a_reported_crash_has_no_quality(read: Read) -> None:
    found = read(f"{LINE}CRASHED, 5, 1, 0, 0, segmentation fault\n")
    assert (found.status, found.quality, found.additional) == (Status.CRASHED, None, "segmentation fault")


def test_outcome_of_abort_counts_whatever_the_exit_code(read: Read) -> None:
    found = read(f"{LINE}ABORT, 0, 0, 0, 0, no licence\n", exit_code=1)
    assert found.status is Status.ABORT
    assert found.reason == "the run asks for the study to stop: no licence (stdout.log:1)"


def test_outcome_reads_the_aclib_form(read: Read) -> None:
    found = read('Result of this algorithm run: {"status": "SUCCESS", "cost": 0.1, "runtime": 3.2, "misc": "x"}\n')
    assert found == Outcome(Status.SUCCESS, 0.1, {"error": 0.1}, runtime_s=3.2, additional="x")


def test_outcome_of_an_exit_code_is_a_crash_although_a_result_was_printed(read: Read) -> None:
    found = read(f"{LINE}SAT, 1, 1, 0.5, 0\n", exit_code=3)
    assert (found.status, found.quality, found.metrics) == (Status.CRASHED, None, {"error": 0.5})
    assert found.reason.startswith("exit code 3 although its result line says SUCCESS (stdout.log:1); last lines: ")


def test_outcome_ignores_the_exit_code_when_the_scenario_says_so(read: Read) -> None:
    for exit_code in (10, -11):
        assert read(f"{LINE}SAT, 1, 1, 0.5, 0\n", exit_code=exit_code, matters=False).status is Status.SUCCESS
