"""Numbers as text: Java's DecimalFormat patterns and Double.toString."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwright.materialise.numberformat import parse_format
from boxwright.materialise.values import java_double, text_of

# Written by Java 17: new DecimalFormat(pattern, DecimalFormatSymbols.getInstance(Locale.ROOT)).format(number)
RECORDED = Path(__file__).parent / "golden" / "materialise" / "java_decimal_format.tsv"


@pytest.mark.parametrize("row", RECORDED.read_text().splitlines())
def test_number_format_gives_what_java_gives(row: str) -> None:
    pattern, number, text = row.split("\t")
    assert parse_format(pattern).text(float(number)) == text


@pytest.mark.parametrize(
    "pattern", ["", "abc", "0,", "0..0", "#0#", "0x0", "0#.0", "'0", "0.0E", "%0%", ",", "0,0E0"]
)
def test_number_format_refuses_what_is_no_pattern(pattern: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f'"{pattern}"')):
        parse_format(pattern)


def test_number_format_writes_numbers_that_are_not_finite_as_java_does() -> None:
    assert [parse_format("0.0").text(x) for x in (math.inf, -math.inf, math.nan)] == ["∞", "-∞", "NaN"]


@pytest.mark.parametrize("number", [0.5, 1.5, 2.5, 12345, 2**60])
def test_number_format_rounds_halves_to_the_even_digit(number: float) -> None:
    assert parse_format("0").text(number) == str(round(number))


@pytest.mark.parametrize(
    "text",
    [
        *("0.0", "-0.0", "1.0", "5.0", "0.001", "9.99E-4", "1.0E-5", "1.0E7", "9999999.0", "1.23456789E7", "100.0"),
        *("0.1", "123.456", "1.7976931348623157E308", "4.9E-324", "2.2250738585072014E-308", "1.0E23", "-3.0E-7"),
        *("1234567.125", "0.3333333333333333", "0.002"),
    ],
)
def test_java_double_writes_as_double_to_string_does(text: str) -> None:
    assert java_double(float(text)) == text


def test_java_double_writes_numbers_that_are_not_finite_as_java_does() -> None:
    assert [java_double(x) for x in (math.inf, -math.inf, math.nan)] == ["Infinity", "-Infinity", "NaN"]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_java_double_reads_back_as_the_same_number(number: float) -> None:
    text = java_double(number)
    assert float(text) == number
    assert re.fullmatch(r"-?\d+\.\d+(E-?\d+)?", text)
    assert ("E" in text) == (number != 0 and not 1e-3 <= abs(number) < 1e7)


def test_text_of_a_value_is_short_and_lower_case() -> None:
    assert [text_of(value) for value in (True, False, 3, 1e-05, 2.0, "a b")] == [
        "true",
        "false",
        "3",
        "1e-05",
        "2.0",
        "a b",
    ]
