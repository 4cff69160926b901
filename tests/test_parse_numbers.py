"""Numbers in the grammar of Java's ``Double.valueOf``."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwright.parse.numbers import finite, is_java_long, java_double


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1.0),
        ("-1.5", -1.5),
        ("+2.", 2.0),
        (".5", 0.5),
        ("1e-3", 1e-3),
        ("1.0E-5", 1e-5),
        ("1.0d", 1.0),
        ("1f", 1.0),
        ("1e3D", 1000.0),
        (" 3\t", 3.0),
        ("0x1.8p3", 12.0),
        ("0X.8P1", 1.0),
        ("0x1p-2f", 0.25),
        ("Infinity", math.inf),
        ("-Infinity", -math.inf),
        ("+Infinity", math.inf),
        ("1e999", math.inf),
        ("0x1p9999", math.inf),
        ("-0x1p99999999999999999999", -math.inf),
        ("1.7976931348623157E308", 1.7976931348623157e308),
    ],
)
def test_java_double_reads_every_form(text: str, number: float) -> None:
    assert java_double(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "inf",
        "nan",
        "INFINITY",
        "1_000",
        "1,5",
        "1e",
        "e5",
        ".",
        "+",
        "--1",
        "0x1",
        "0x1.8",
        "1 2",
        "١",
        "1\xa0",
    ],
)
def test_java_double_refuses_what_java_refuses(text: str) -> None:
    assert java_double(text) is None


def test_java_double_reads_nan_and_finite_does_not() -> None:
    assert math.isnan(java_double("NaN") or 0)
    assert math.isnan(java_double("-NaN") or 0)
    assert finite("NaN") is None
    assert finite("-Infinity") is None
    assert finite("0.5") == 0.5


def test_java_double_refuses_thousands_of_digits() -> None:
    assert java_double("1" * 100_000) is None


@given(st.floats(allow_nan=False))
def test_java_double_reads_back_what_python_and_java_write(number: float) -> None:
    java = repr(number).replace("inf", "Infinity").replace("e", "E").replace("E+", "E")
    assert java_double(java) == number
    assert java_double(number.hex().replace("inf", "Infinity")) == number


def test_whole_numbers_have_at_most_64_bits() -> None:
    assert is_java_long("-1")
    assert is_java_long(str(2**63 - 1))
    assert not is_java_long(str(2**63))
    assert not is_java_long("1.0")
    assert not is_java_long("1" * 5000)
    assert not is_java_long("")
