"""What optimizers write: words of ``boxwright algo``, Dakota's parameters files; and what they are answered."""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from boxwright.algo import dialects
from boxwright.algo.calls import Call, CallError, Reply
from boxwright.algo.line import NoStudyError, read_answer
from boxwright.algo.main import DIALECTS, _read, _tell
from boxwright.errors import BoxwrightError
from boxwright.propose.intake import RefusedError
from boxwright.study.evaluations import _request
from fuzz.mutating import Kind

_CALLS = {
    "smac2": (
        "no_instance 0 5.0 2147483647 -1 -x 1.0E-5 -n 7 -act 'relu'",
        "data/a.cnf SAT 1.7976931348623157E308 2147483647 42",
        "--instance i --cutoff 6 --seed 3 --config -x 1 -y a",
    ),
    "aclib2": ("--seed 3 --instance i --config -x 1", "--config -x 'a'"),
    "paramils": ("i 0 2.5 max 9 -x 'a'",),
    "irace": ("12 3 987 i.tsp --ants 5 --rho=0.5", "12 3 987 i.tsp 60 -ants 5"),
    "plain": ("--seed 3 --instance i --cutoff 9 x=1 y=a=b", "x=1"),
}
_WORDS = (
    *("-x", "--x=1", "--config", "--seed", "--cutoff", "--instance", "x=", "=", "'", "''", "-", "--", "", " "),
    *("no_instance", "i", "1", "5.0", "Inf", "\udcff"),
)


def _words(dialect: str) -> Callable[[bytes], object]:
    def read(data: bytes) -> object:
        words = os.fsdecode(data.replace(b"\0", b"")).split(" ")
        return _sent(_read(dialect, words))

    return read


def _sent(call: Call) -> object:
    """Return what the study makes of what is sent to it."""
    return _request(json.dumps({"do": "evaluate", **call.wanted()}).encode())


def _dakota(data: bytes) -> object:
    Path("params.in").write_bytes(data)
    return _sent(_read("dakota", ["params.in", "results.out"]))


_STANDARD = """\
 2 variables
 1.500000000000000e+00 x1
 a b c
 2 functions
 1 ASV_1:obj_fn
 0 ASV_2:weight
 1 derivative_variables
 1 DVV_1:x1
 0 analysis_components
 1 eval_id
"""
_APREPRO = """\
 { DAKOTA_VARS = 2 }
 { x1 = 1.500000000000000e+00 }
 { c = "a b" }
 { DAKOTA_FNS = 1 }
 { ASV_1:obj_fn = 1 }
 { DAKOTA_DER_VARS = 0 }
 { DAKOTA_AN_COMPS = 0 }
 { DAKOTA_EVAL_ID = 1 }
"""
_JSON = (
    '{"variables":[{"label":"x1","value":2.5},{"label":"c","value":"a b"}],"eval_id":"1",\n'
    '"responses":[{"active_set":1,"label":"obj_fn"},{"active_set":0,"label":"weight"}]}\n'
)
_ANSWERS = (
    '{"state":"done","trial":1,"run":17,"status":"SUCCESS","quality":0.5,"cost":0.25,"metrics":{"weight":3.0},'
    '"config":{"x":1},"seed":3,"runtime_s":3.5,"additional":"a","reason":"","folder":"/s/runs/000/000017"}\n',
    '{"state":"done","trial":1,"run":17,"status":"TIMEOUT","runtime_s":3.5,"reason":"a, b","folder":"/s"}\n',
    '{"state":"refused","text":"x = 7, but it must be\\na number"}\n',
    '{"state":"over","text":"the study is over"}\n',
    '{"done":false,"text":"not understood"}\n',
)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """What is told goes nowhere."""
    printed, dialects._print = dialects._print, lambda line: None
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        dialects._print = printed


def _answer(data: bytes) -> object:
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(data)
    answer = read_answer(ours)
    for dialect in DIALECTS:
        call = Call({}, seed="1", results="results.out")
        call.notes = ("obj_fn", "weight") if dialect == "dakota" else ("bound",)
        with _quiet():
            assert _tell(dialect, call, Reply(answer)) in (0, 1)
    return answer


CALLS = [
    Kind(f"call-{dialect}", 180 // len(_CALLS), seeds, _words(dialect), (CallError, RefusedError), _WORDS)
    for dialect, seeds in _CALLS.items()
]
DAKOTA = Kind(
    "dakota-file",
    40,
    (_STANDARD, _APREPRO, _JSON),
    _dakota,
    (CallError, RefusedError),
    ("variables", "functions", "ASV_1:f", "{ ", " }", "DAKOTA_VARS", " = ", "1", "2 variables"),
)
ANSWER = Kind(
    "algo-answer",
    20,
    _ANSWERS,
    _answer,
    (NoStudyError, BoxwrightError),
    ('"state":', '"run":', '"cost":', '"metrics":', '"done"', "{}", "[]", '""', "[" * 5000),
)
