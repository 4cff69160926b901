"""The fields of a result line, by the rules of SMAC v2 and of AClib2."""

from __future__ import annotations

import sys

import pytest

from boxwright.errors import RunError
from boxwright.parse.result_line import ResultLine, parse_result
from boxwright.terms import Status


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("SAT", Status.SUCCESS),
        ("SATISFIABLE", Status.SUCCESS),
        ("SUCCESS", Status.SUCCESS),
        ("sat", Status.SUCCESS),
        ("Success", Status.SUCCESS),
        ("StatusType.SUCCESS", Status.SUCCESS),
        ("UNSAT", Status.UNSAT),
        ("UNSATISFIABLE", Status.UNSAT),
        ("TIMEOUT", Status.TIMEOUT),
        ("StatusType.TIMEOUT", Status.TIMEOUT),
        ("MEMOUT", Status.MEMOUT),
        ("MEMORYOUT", Status.MEMOUT),
        ("CRASHED", Status.CRASHED),
        ("ABORT", Status.ABORT),
    ],
)
def test_result_line_knows_every_status_and_alias(text: str, status: Status) -> None:
    assert parse_result(f"{text}, 1, 2, 3, 4").status is status
    assert parse_result(f'{{"status": "{text}", "cost": 3}}').status is status


def test_result_line_gives_all_fields() -> None:
    assert parse_result(" SAT, 1.5, -1, 0.25, 17, took the short cut ") == ResultLine(
        Status.SUCCESS, quality=0.25, runtime_s=1.5, runlength=-1, additional="took the short cut"
    )


def test_result_line_trims_fields_and_drops_trailing_empty_ones() -> None:
    assert parse_result("SAT,1 ,\t2,3,4,,,") == ResultLine(Status.SUCCESS, 3, 1, 2)


def test_result_line_of_more_than_six_fields_keeps_the_first_five() -> None:
    found = parse_result("SAT, 1, 2, 3, 4, five, six")
    assert (found.quality, found.additional.split(";")[0]) == (3, "7 fields")
    assert "five" not in found.additional


def test_result_line_clips_an_infinite_runtime_and_runlength() -> None:
    found = parse_result("TIMEOUT, Infinity, Infinity, 1, 0")
    assert found.runtime_s == found.runlength == sys.float_info.max


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", '0 fields in ""; a result line holds status, runtime, runlength, quality, seed'),
        ("SAT", "1 field in"),
        ("SAT, 1, 2, 3", '4 fields in "SAT, 1, 2, 3"'),
        ("SAT, 1, 2, 3,", "4 fields in"),
        ("SUCESS, 1, 2, 3, 4", 'status "SUCESS" is not known. Did you mean "SUCCESS"?'),
        ("RUNNING, 1, 2, 3, 4", "status RUNNING is not for a run to say"),
        ("KILLED, 1, 2, 3, 4", "status KILLED is not for a run to say"),
        ("SAT, soon, 2, 3, 4", 'runtime "soon" is not a number'),
        ("SAT, NaN, 2, 3, 4", "runtime nan is not 0 or more"),
        ("SAT, -0.1, 2, 3, 4", "runtime -0.1 is not 0 or more"),
        ("SAT, 1, -2, 3, 4", "runlength -2.0 is neither 0 or more, nor -1"),
        ("SAT, 1, NaN, 3, 4", "runlength nan"),
        ("SAT, 1, 2, nan, 4", 'quality "nan" is not a number'),
        ("SAT, 1, 2, NaN, 4", "quality is NaN, not a number"),
        ("SAT, 1, 2, 1_000, 4", 'quality "1_000" is not a number'),
        ("SAT, 1, 2, 3, 0.0", 'seed "0.0" is not a whole number'),
        ("SAT, 1, 2, 3, seed", 'seed "seed" is not a whole number'),
        ("SAT, 1, 2, 3, 99999999999999999999", "is not a whole number"),
        ("SAT, 1, 2, 3\x1b[0m, 4", r'quality "3\x1b[0m" is not a number'),
    ],
)
def test_result_line_is_refused_with_the_value_found(body: str, reason: str) -> None:
    with pytest.raises(RunError) as refused:
        parse_result(body)
    assert reason in str(refused.value)
    assert str(refused.value).isprintable()


def test_aclib_line_gives_status_cost_runtime_and_misc() -> None:
    found = parse_result('{"status": "SUCCESS", "cost": 0.1, "runtime": 3.2, "misc": "a, b"}')
    assert found == ResultLine(Status.SUCCESS, quality=0.1, runtime_s=3.2, runlength=None, additional="a, b")


def test_aclib_line_keeps_further_keys_as_additional_text() -> None:
    found = parse_result('{"status": "SUCCESS", "cost": "1e-1", "epochs": 3, "misc": ""}')
    assert (found.quality, found.additional) == (0.1, '{"epochs": 3, "misc": ""}')


def test_aclib_line_without_cost_is_fine_when_the_run_failed() -> None:
    assert parse_result('{"status": "TIMEOUT"}') == ResultLine(Status.TIMEOUT, None, None, None)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{", "JSON cannot be read"),
        ('{"status": "SUCCESS", "cost": 0.1} trailing', "JSON cannot be read: Extra data"),
        ('{"cost": 0.1}', 'no "status" text'),
        ('{"status": 1, "cost": 0.1}', 'no "status" text'),
        ('{"status": "SUCCESS"}', 'no "cost"'),
        ('{"status": "SUCCESS", "cost": NaN}', "quality is NaN"),
        ('{"status": "SUCCESS", "cost": true}', 'cost "true" is not a number'),
        ('{"status": "SUCCESS", "cost": null}', 'cost "null" is not a number'),
        ('{"status": "SUCCESS", "cost": [1]}', 'cost "[1]" is not a number'),
        ('{"status": "SUCCESS", "cost": 1, "runtime": -1}', "runtime -1.0 is not 0 or more"),
        ('{"status": "SUCCESS", "cost": 1, "cost": 2}', 'the key "cost" stands twice'),
        ('{"status": "KILLED", "cost": 1}', "status KILLED is not for a run to say"),
        ('{"status":' + "[" * 20_000, "JSON cannot be read"),
        ('{"status": "SAT", "cost": 1' + "0" * 9000 + "}", "JSON cannot be read"),
    ],
)
def test_aclib_line_is_refused_with_a_reason(body: str, reason: str) -> None:
    with pytest.raises(RunError) as refused:
        parse_result(body)
    assert reason in str(refused.value)


def test_aclib_cost_of_too_many_digits_is_infinite() -> None:
    assert parse_result('{"status": "SAT", "cost": -1' + "0" * 400 + "}").quality == -float("inf")
