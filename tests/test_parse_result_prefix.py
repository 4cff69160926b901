"""Which lines are result lines."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwright.parse.result_line import result_body

# As they stand in AEATK, the library of SMAC v2.
NEW = re.compile(rb"^\s*Result\s*of\s*(this)?\s*[Aa]lgorithm\s*[rR]un\s*:")
OLD = re.compile(
    rb"^\s*(Final)?\s*[Rr]esult\s+(?:([Ff]or)|([oO]f))\s+(?:(HAL)|(ParamILS)|(SMAC)|([tT]his [wW]rapper)):"
)


@pytest.mark.parametrize(
    "line",
    [
        b"Result of this algorithm run: rest",
        b"Result of algorithm run: rest",
        b"Result of this Algorithm Run: rest",
        b"  \tResult  of\tthis  algorithm  run  : rest",
        b"Resultofalgorithmrun: rest",
        b"Result for ParamILS: rest",
        b"Result for SMAC: rest",
        b"Result for HAL: rest",
        b"Result of this wrapper: rest",
        b"result For This Wrapper: rest",
        b"Final Result for HAL: rest",
        b"Final result Of SMAC: rest",
    ],
)
def test_result_line_is_known_in_every_dialect(line: bytes) -> None:
    assert result_body(line) == b" rest"


@pytest.mark.parametrize(
    "line",
    [
        b"result of this algorithm run: SAT, 1, 1, 1, 1",
        b"> Result of this algorithm run: SAT, 1, 1, 1, 1",
        b"Result of this algorithm run SAT, 1, 1, 1, 1",
        b"Result of that algorithm run: SAT, 1, 1, 1, 1",
        b"Result for paramils: SAT, 1, 1, 1, 1",
        b"Result for ParamILS : SAT, 1, 1, 1, 1",
        b"Results for SMAC: SAT, 1, 1, 1, 1",
        b"\0Result for SMAC: SAT, 1, 1, 1, 1",
        b"",
    ],
)
def test_other_lines_are_no_result_lines(line: bytes) -> None:
    assert result_body(line) is None


PIECES = [b" ", b"\t", b"Final", b"Result", b"result", b"of", b"Of", b"for", b"this", b"This", b"algorithm"]
PIECES += [b"Algorithm", b"run", b"Run", b":", b"HAL", b"ParamILS", b"SMAC", b"wrapper", b"x"]


@given(st.lists(st.sampled_from(PIECES), max_size=14).map(b"".join))
def test_result_prefix_agrees_with_the_patterns_of_smac_v2(line: bytes) -> None:
    theirs = NEW.search(line) or OLD.search(line)
    assert result_body(line) == (line[theirs.end() :] if theirs else None)


def test_result_prefix_takes_no_quadratic_time_on_blanks() -> None:
    blanks = b" " * 65_000
    for line in (blanks + b"esult", b"Result of" + blanks + b"esult", b"Result of this" + blanks):
        assert result_body(line) is None
