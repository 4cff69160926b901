"""What optimizers write when they call their black box, and what they read: a case for each row of each dialect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from boxwright.algo.calls import CallError, Reply
from boxwright.algo.main import _read, _tell
from boxwright.parse.result_line import parse_result, result_body

DONE: dict[str, object] = {"state": "done", "status": "SUCCESS", "cost": 0.25, "runtime_s": 3.5, "run": 17}
REFUSED: dict[str, object] = {"state": "refused", "text": "x = 7, but it must be\na number"}
OVER: dict[str, object] = {"state": "over", "text": "the study is over"}
LARGEST = "1.7976931348623157E308"


def failed(status: str, reason: str = "") -> dict[str, object]:
    return {"state": "done", "status": status, "runtime_s": 3.5, "run": 17, "reason": reason}


@pytest.mark.parametrize(
    ("dialect", "words", "wanted"),
    [
        ("smac2", "no_instance 0 5.0 2147483647 -1 -x 1.0E-5 -n 7", {"texts": {"x": "1.0E-5", "n": "7"}, "seed": -1}),
        ("smac2", f"data/a.cnf 0 {LARGEST} 2147483647 42", {"texts": {}, "instance": "data/a.cnf", "seed": 42}),
        ("smac2", "no_instance 0 5.0 2147483647 -1 -x '3'", {"texts": {"x": "3"}}),
        ("smac2", "no_instance 0 5.0 2147483647 -1 -x -3", {"texts": {"x": "-3"}}),
        ("smac2", "no_instance 0 5.0 2147483647 -1 --flag a", {"texts": {"-flag": "a"}}),
        ("smac2", "no_instance 0 5.0 2147483647 -1 -x \udcff", {"texts": {"x": "\\xff"}}),
        ("smac2", "0 0 99999999999999 0 3 -x 1", {"texts": {"x": "1"}, "cutoff_s": None, "instance": None}),
        ("smac2", "--instance i --cutoff 6 --seed 3 --config -x 1", {"texts": {"x": "1"}, "cutoff_s": 6.0}),
        ("aclib2", "--config -x 1", {"texts": {"x": "1"}, "instance": None, "seed": None, "cutoff_s": None}),
        ("aclib2", "--seed 3 --instance i --config -x 1", {"instance": "i", "seed": 3}),
        ("paramils", "i 0 2.5 max 9 -x 'a b'", {"texts": {"x": "a b"}, "instance": "i", "cutoff_s": 2.5, "seed": 9}),
        ("irace", "12 3 987 i.tsp --ants 5 --rho=0.5", {"texts": {"ants": "5", "rho": "0.5"}, "seed": 987}),
        ("irace", "12 3 987 i.tsp 60 -ants 5", {"texts": {"ants": "5"}, "cutoff_s": 60.0, "instance": "i.tsp"}),
        ("irace", "12 3 987 i.tsp --x -3", {"texts": {"x": "-3"}, "cutoff_s": None}),
        ("plain", "x=1 --y=a=b", {"texts": {"x": "1", "y": "a=b"}, "seed": None}),
        ("plain", "--seed 3 --instance i --cutoff 9 x=1", {"texts": {"x": "1"}, "seed": 3, "cutoff_s": 9.0}),
    ],
)
def test_call_says_what_is_wanted(dialect: str, words: str, wanted: dict[str, object]) -> None:
    call = _read(dialect, words.replace("'a b'", "'a\0b'").split(" "))
    found = call.wanted()
    texts = found["texts"]
    assert isinstance(texts, dict)
    found["texts"] = {name: value.replace("\0", " ") for name, value in texts.items()}
    assert {name: found.get(name) for name in wanted} == wanted


@pytest.mark.parametrize(
    ("dialect", "words", "problem"),
    [
        (
            "smac2",
            "no_instance 0 5.0 1",
            "found 4 words, expected: instance, instance-specific, cutoff, runlength, seed",
        ),
        ("smac2", "no_instance 0 5.0 1 -1 x 1", 'found "x" where -name was expected'),
        ("smac2", "no_instance 0 5.0 1 -1 -x", '"-x" has no value behind it'),
        ("smac2", "no_instance 0 5.0 1 1 -x 1 -n 2 -x 3", '"x" stands there twice'),
        ("irace", "1 2 3 i --x=1 --x 1", '"x" stands there twice'),
        ("plain", "x=1 x=2", '"x" stands there twice'),
        ("smac2", "no_instance 0 5.0 1 1.5 -x 1", 'seed "1.5" is not a whole number'),
        ("smac2", "no_instance 0 five 1 1 -x 1", 'cutoff "five" is not a number'),
        ("smac2", "no_instance 0 0 1 1 -x 1", 'cutoff "0" is not above 0'),
        ("smac2", "no_instance 0 NaN 1 1 -x 1", "cutoff is not a number"),
        ("aclib2", "-x 1", "there is no --config before the parameters"),
        ("aclib2", "--speed 3 --config -x 1", 'found "--speed" where one of --instance, --cutoff, --seed with'),
        ("irace", "1 2 3", "found 3 words, expected: configuration, instance, seed, instance, [bound]"),
        ("plain", "x", 'found "x" where name=value was expected'),
        ("dakota", "params.in", "found 1 words, expected two: a parameters file and a results file"),
        ("dakota", "/nowhere/params.in out", "/nowhere/params.in: cannot be read: No such"),
    ],
)
def test_words_that_are_no_call_are_told_what_would_be(dialect: str, words: str, problem: str) -> None:
    with pytest.raises(CallError) as caught:
        _read(dialect, words.split()).wanted()
    assert str(caught.value).startswith(problem)


@pytest.mark.parametrize("dialect", ["smac2", "irace", "plain"])
def test_words_over_several_lines_are_refused_in_one(dialect: str) -> None:
    with pytest.raises(CallError) as caught:
        _read(dialect, ["i", "0", "5", "1", "1", "a\nb", "\x1b[31m"]).wanted()
    assert str(caught.value).isprintable()


SMAC = "no_instance 0 5.0 2147483647 42 -x 1"
IRACE = "12 3 987 i.tsp --x 1"


@pytest.mark.parametrize(
    ("dialect", "words", "answer", "printed", "code"),
    [
        ("smac2", SMAC, DONE, "Result of this algorithm run: SUCCESS, 3.5, -1, 0.25, 42, run 17", 0),
        (
            "smac2",
            SMAC,
            failed("TIMEOUT"),
            "Result of this algorithm run: TIMEOUT, 3.5, -1, 1000000000.0, 42, run 17",
            0,
        ),
        (
            "smac2",
            SMAC,
            failed("MEMOUT", "3 GiB, too many"),
            "Result of this algorithm run: TIMEOUT, 3.5, -1, 1000000000.0, 42, run 17: 3 GiB; too many",
            0,
        ),
        (
            "smac2",
            SMAC,
            failed("KILLED"),
            "Result of this algorithm run: CRASHED, 3.5, -1, 1000000000.0, 42, run 17",
            0,
        ),
        (
            "smac2",
            SMAC,
            failed("UNSAT"),
            "Result of this algorithm run: CRASHED, 3.5, -1, 1000000000.0, 42, run 17",
            0,
        ),
        (
            "smac2",
            SMAC,
            failed("LOST"),
            "Result of this algorithm run: CRASHED, 3.5, -1, 1000000000.0, 42, run 17",
            0,
        ),
        ("smac2", SMAC, failed("ABORT"), "Result of this algorithm run: ABORT, 3.5, -1, 1000000000.0, 42, run 17", 0),
        (
            "smac2",
            SMAC,
            REFUSED,
            "Result of this algorithm run: CRASHED, 0.0, -1, 1000000000.0, 42, x = 7; but it must be a number",
            0,
        ),
        (
            "smac2",
            SMAC,
            OVER,
            "Result of this algorithm run: ABORT, 0.0, -1, 1000000000.0, 42, the study is over",
            0,
        ),
        ("paramils", SMAC, DONE, "Result for ParamILS: SAT, 3.5, -1, 0.25, 42, run 17", 0),
        (
            "paramils",
            SMAC,
            failed("CRASHED", "exit code 3"),
            "Result for ParamILS: CRASHED, 3.5, -1, 1000000000.0, 42, run 17: exit code 3",
            0,
        ),
        ("irace", IRACE, DONE, "0.25 3.5", 0),
        ("irace", "12 3 987 i.tsp 60 --x 1", DONE, "0.25 3.5", 0),
        ("irace", IRACE, failed("CRASHED"), "Inf 3.5", 0),
        ("irace", IRACE, REFUSED, "Inf 0.0", 0),
        ("irace", IRACE, OVER, "", 1),
        ("plain", "x=1", DONE, "0.25", 0),
        ("plain", "x=1", failed("TIMEOUT"), "", 1),
        ("plain", "x=1", REFUSED, "", 1),
    ],
)
def test_answer_is_in_the_words_of_the_optimizer(
    capfd: pytest.CaptureFixture[str], dialect: str, words: str, answer: dict[str, object], printed: str, code: int
) -> None:
    assert _tell(dialect, _read(dialect, words.split()), Reply(answer)) == code
    said = capfd.readouterr()
    assert said.out == (f"{printed}\n" if printed else "")
    assert bool(said.err) == (code == 1)  # irace takes stderr for a part of the answer
    assert dialect != "plain" or answer is not REFUSED or "refused: x = 7, but it must be a number\n" in said.err
    if printed.startswith("Result"):
        body = result_body(printed.encode())
        assert body is not None
        parse_result(body.decode())


def test_answer_to_aclib2_is_json(capfd: pytest.CaptureFixture[str]) -> None:
    _tell("smac2", _read("smac2", ["--config", "-x", "1"]), Reply(DONE))
    _tell("aclib2", _read("aclib2", ["--config", "-x", "1"]), Reply(failed("MEMOUT", "3 GiB")))
    found: list[Any] = []
    for line in capfd.readouterr().out.splitlines():
        prefix, _, body = line.partition(": ")
        assert prefix == "Result of this algorithm run"
        found.append(json.loads(body))
    assert found == [
        {"status": "SUCCESS", "cost": 0.25, "runtime": 3.5, "misc": "run 17"},
        {"status": "TIMEOUT", "cost": 1e9, "runtime": 3.5, "misc": "run 17: 3 GiB"},
    ]


STANDARD = """\
                                          2 variables
                      1.500000000000000e+00 x1
                      a b c
                                          2 functions
                                          1 ASV_1:obj_fn
                                          1 ASV_2:weight
                                          2 derivative_variables
                                          1 DVV_1:x1
                                          2 DVV_2:c
                                          0 analysis_components
                                          1 eval_id
"""
APREPRO = """\
                    { DAKOTA_VARS = 2 }
                    { x1 = 1.500000000000000e+00 }
                    { c = "a b" }
                    { DAKOTA_FNS = 2 }
                    { ASV_1:obj_fn = 1 }
                    { ASV_2:weight = 1 }
                    { DAKOTA_DER_VARS = 2 }
                    { DVV_1:x1 = 1 }
                    { DVV_2:c = 2 }
                    { DAKOTA_AN_COMPS = 0 }
                    { DAKOTA_EVAL_ID = 1 }
"""


JSON = """\
{
    "analysis_components": [], "derivative_variables": [1], "eval_id": "1", "metadata": [],
    "responses": [{"active_set": 1, "label": "obj_fn"}, {"active_set": 1, "label": "weight"}],
    "variables": [{"label": "x1", "value": 1.500000000000000e+00}, {"label": "c", "value": "a b"}]
}
"""


@pytest.mark.parametrize("text", [STANDARD, APREPRO, JSON])
def test_dakota_reads_a_value_for_each_function(tmp_path: Path, text: str) -> None:
    (tmp_path / "params.in").write_text(text)
    words = [str(tmp_path / "params.in"), str(tmp_path / "results.out")]
    call = _read("dakota", words)
    assert call.wanted() == {"texts": {"x1": "1.500000000000000e+00", "c": "a b"}}
    assert _tell("dakota", call, Reply({**DONE, "metrics": {"weight": 3.0}})) == 0
    assert (tmp_path / "results.out").read_text() == "0.25 obj_fn\n3.0 weight\n"
    assert _tell("dakota", call, Reply(DONE)) == 0
    assert (tmp_path / "results.out").read_text() == 'FAIL the run reports no metric "weight"\n'
    assert _tell("dakota", call, Reply(failed("CRASHED", "exit code 3"))) == 0
    assert (tmp_path / "results.out").read_text() == "FAIL run 17: exit code 3\n"
    assert _tell("dakota", call, Reply(OVER)) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["params.in", "results.out"]


def test_dakota_is_refused_derivatives(tmp_path: Path) -> None:
    (tmp_path / "params.in").write_text(STANDARD.replace("1 ASV_1", "3 ASV_1"))
    with pytest.raises(CallError, match="asks for derivatives, and there are none"):
        _read("dakota", [str(tmp_path / "params.in"), "results.out"])
    for number in ("9" * 5000, "²", "-1", "1.5"):
        (tmp_path / "params.in").write_text(STANDARD.replace("1 ASV_1", f"{number} ASV_1"))
        with pytest.raises(CallError, match="asks for derivatives"):
            _read("dakota", [str(tmp_path / "params.in"), "results.out"])
        (tmp_path / "params.in").write_text(STANDARD.replace("2 variables", f"{number} variables"))
        with pytest.raises(CallError, match="is no parameters file"):
            _read("dakota", [str(tmp_path / "params.in"), "results.out"])
    (tmp_path / "params.in").write_text(JSON.replace('"x1"', r'"\ud800"'))
    with pytest.raises(CallError, match=r'"\\ud800" holds half of a character'):
        _read("dakota", [str(tmp_path / "params.in"), "results.out"]).wanted()
    (tmp_path / "params.in").write_text(JSON.replace('"active_set": 1', '"active_set": 2'))
    with pytest.raises(CallError, match="active_set of obj_fn = 2 asks for derivatives"):
        _read("dakota", [str(tmp_path / "params.in"), "results.out"])
    for nonsense in ("nonsense\n", "{", '{"variables": 3}', '{"a":' * 9999, '{"variables": [], "responses": [1]}'):
        (tmp_path / "params.in").write_text(nonsense)
        with pytest.raises(CallError, match="is no parameters file"):
            _read("dakota", [str(tmp_path / "params.in"), "results.out"])
