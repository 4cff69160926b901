"""Metrics from name<TAB>value lines, patterns and the post-process command; which faults crash a run."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, Protocol

import pytest

from boxwright.execute.messages import Ended, Exit, PostExit
from boxwright.parse import read_outcome
from boxwright.scenario.model import Objective, Parse
from boxwright.terms import Outcome, Status

RESULT = "Result of algorithm run: SAT, 1, 1, 0.5, 0\n"


class Read(Protocol):
    def __call__(self, stdout: str = "", post: str | None = None, **parse: Any) -> Outcome: ...


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return a function that gives the outcome of a run that left this; the objective is called error."""
    return functools.partial(_read, tmp_path)


def _read(folder: Path, stdout: str = "", post: str | None = None, **parse: Any) -> Outcome:
    (folder / "stdout.log").write_text(stdout)
    if post is not None:
        (folder / "postprocess.log").write_text(post)
    ok = PostExit(ended=Ended.EXITED, exit_code=0) if post is not None else None
    exited = Exit(run=17, ended_by=Ended.EXITED, exit_code=0, post=ok)
    objective = Objective(metric="error")
    has_postprocess = post is not None
    return read_outcome(
        Parse(**parse), objective, exited, folder, has_postprocess=has_postprocess, exit_code_matters=True
    )


def test_tab_lines_on_stdout_are_metrics_among_other_output(read: Read) -> None:
    found = read("epoch 1\nerror\t0.25\n\tindented\nval loss \t 1e-3 \r\n", tab=True)
    assert found == Outcome(Status.SUCCESS, 0.25, {"error": 0.25, "val loss": 1e-3})


def test_tab_line_with_a_bad_value_of_the_objective_is_a_crash(read: Read) -> None:
    for value in ("nan", "NaN", "Infinity", "", "0.1 %"):
        found = read(f"a\nerror\t{value}\n", tab=True)
        assert (found.status, found.quality) == (Status.CRASHED, None)
        assert found.reason == f'stdout.log:2: error is "{value}", not a finite number'


def test_tab_line_with_two_tabs_is_refused(read: Read) -> None:
    found = read("error\t0.1\t\n", tab=True)
    assert found.reason == 'stdout.log:1: 2 tabs after "error"; a metric is name<TAB>value'


def test_tab_line_of_another_metric_that_is_bad_is_left_out_and_named(read: Read) -> None:
    found = read("test\tnan\nerror\t0.25\n", tab=True)
    assert (found.status, found.metrics, found.reason) == (Status.SUCCESS, {"error": 0.25}, "")
    assert found.additional == 'left out: stdout.log:1: test is "nan", not a finite number'


def test_missing_objective_names_where_it_was_looked_for_and_what_was_found(read: Read) -> None:
    found = read("eror\t0.25\nfoo\tbar\n", tab=True)
    assert found.status is Status.CRASHED
    assert found.metrics == {"eror": 0.25}
    assert found.reason.startswith(
        'no metric "error" in stdout.log; found eror; stdout.log:2: foo is "bar", not a finite number; last lines: "'
    )


def test_objective_given_twice_is_a_crash_unless_the_last_counts(read: Read) -> None:
    stdout = "error\t0.25\nerror\t0.125\n"
    found = read(stdout, tab=True)
    assert found.reason == '"error" is given twice (stdout.log:1, stdout.log:2); a run gives it once'
    assert read(stdout, tab=True, duplicates="last").quality == 0.125
    assert read("error\tnan\nerror\t0.125\n", tab=True, duplicates="last").quality == 0.125
    assert read("error\t0.125\nerror\tnan\n", tab=True, duplicates="last").status is Status.CRASHED


def test_other_metric_given_twice_is_left_out(read: Read) -> None:
    found = read("test\t1\ntest\t2\nerror\t0.25\n", tab=True)
    assert (found.status, found.metrics) == (Status.SUCCESS, {"error": 0.25})
    assert '"test" is given twice' in found.additional


def test_pattern_takes_the_last_match_in_the_log(read: Read) -> None:
    stdout = "error=0.5 error=0.4\nother\nerror=0.25 loss=2\rerror=0.125\n"
    found = read(stdout, regex={"error": r"error=(\S+)", "loss": r"loss=([0-9.]+)"})
    assert found == Outcome(Status.SUCCESS, 0.125, {"error": 0.125, "loss": 2.0})


def test_pattern_of_the_objective_must_match(read: Read) -> None:
    found = read("error: 0.5\n", regex={"error": r"error=(\S+)"})
    assert found.status is Status.CRASHED
    assert found.reason.startswith('no metric "error" in stdout.log; last lines: "error: 0.5"')


def test_pattern_of_another_metric_need_not_match(read: Read) -> None:
    assert read(RESULT, result_line=True, regex={"test": r"test=(\S+)"}).status is Status.SUCCESS


def test_pattern_whose_last_match_is_no_number_is_a_crash_for_the_objective(read: Read) -> None:
    found = read("error=0.5\nerror=nan\n", regex={"error": r"error=(\S+)"})
    assert found.reason == 'stdout.log:2: error is "nan", not a finite number'
    found = read("error=\n", regex={"error": r"error=([0-9.]+)?"})
    assert found.reason == 'stdout.log:1: error is "", not a finite number'


def test_pattern_that_is_no_pattern_is_a_reason_not_an_exception(read: Read) -> None:
    found = read("error=0.5\n", regex={"error": "("})
    assert found.status is Status.CRASHED
    assert 'parse.regex.error: "(" is no regular expression' in found.reason


def test_result_line_and_patterns_are_read_together(read: Read) -> None:
    found = read(f"Test error: 0.75\n{RESULT}", result_line=True, regex={"test_error": "Test error: ([0-9.]+)"})
    assert found.metrics == {"error": 0.5, "test_error": 0.75}
    assert found.quality == 0.5


def test_result_line_is_not_looked_for_when_another_source_is_named(read: Read) -> None:
    assert read(f"{RESULT}error\t0.25\n", tab=True).quality == 0.25
    assert read(f"{RESULT}{RESULT}", "error\t0.25\n").quality == 0.25


@pytest.mark.parametrize("duplicates", ["error", "last"])
def test_objective_from_two_sources_is_a_crash_that_names_both(read: Read, duplicates: str) -> None:
    found = read(f"{RESULT}error\t0.25\nerror\t0.5\n", result_line=True, tab=True, duplicates=duplicates)
    assert (found.status, found.quality) == (Status.CRASHED, None)
    assert found.reason == '"error" is given by stdout.log:3 and by stdout.log:1; read it from one source'


def test_conflict_of_two_sources_stays_whatever_follows(read: Read) -> None:
    found = read("error\t0.25\n", "error\t0.5\nerror\t0.125\n", tab=True, duplicates="last")
    assert (found.status, found.quality) == (Status.CRASHED, None)
    assert found.reason.startswith('"error" is given by stdout.log:1 and by postprocess.log:')


def test_post_process_gives_the_objective(read: Read) -> None:
    found = read("whatever\n", "error\t0.25\ntest\t0.5\n\n")
    assert found == Outcome(Status.SUCCESS, 0.25, {"error": 0.25, "test": 0.5})


def test_post_process_line_that_is_no_metric_is_named(read: Read) -> None:
    found = read("whatever\n", "0.25\n")
    assert found.status is Status.CRASHED
    assert 'no metric "error" in postprocess.log; postprocess.log:1: "0.25" is not name<TAB>value' in found.reason
    found = read("whatever\n", "warning: old format\nerror\t0.25\n")
    assert (found.status, found.quality) == (Status.SUCCESS, 0.25)
    assert "postprocess.log:1" in found.additional


def test_post_process_value_that_is_not_finite_is_a_crash_for_the_objective_only(read: Read) -> None:
    found = read("", "error\t0.25\ntest\tinf\n")
    assert (found.status, found.metrics) == (Status.SUCCESS, {"error": 0.25})
    assert found.additional == 'left out: postprocess.log:2: test is "inf", not a finite number'
    assert read("", "error\tinf\n").reason == 'postprocess.log:1: error is "inf", not a finite number'


def test_metric_named_by_a_control_character_is_refused(read: Read) -> None:
    found = read("a\x07\t1\nerror\t0.25\n", tab=True)
    assert found.metrics == {"error": 0.25}
    assert r'"a\x07" is no name of a metric' in found.additional


def test_metrics_are_bounded_and_the_objective_always_finds_room(read: Read) -> None:
    found = read("".join(f"m{i}\t{i}\n" for i in range(2000)) + "error\t0.25\n", tab=True)
    assert (found.quality, len(found.metrics)) == (0.25, 1001)
    assert len(found.additional) < 500
    assert "and 997 more" in found.additional
