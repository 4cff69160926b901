"""Durations and ports as people write them."""

from __future__ import annotations

import pytest

from boxwright.scenario.durations import parse_duration, parse_ports


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (90, 90),
        ("90", 90),
        ("8h", 28800),
        ("90 min", 5400),
        ("1.5 h", 5400),
        ("1d 12h", 129600),
        ("02:30", 9000),
        ("02:00:05", 7205),
        ("1-12:00:00", 129600),
    ],
)
def test_duration_is_read_as_people_and_schedulers_write_it(text: int | str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "8 hours!", "0", "-5", "1:2:3:4", "h", "99999999999", "8h x"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no duration|is out of range"):
        parse_duration(text)


def test_ports_are_one_number_or_a_range() -> None:
    assert parse_ports(None) == ()
    assert parse_ports(5000) == (5000,)
    assert parse_ports("5000 - 5002") == (5000, 5001, 5002)


@pytest.mark.parametrize("text", ["", "a", "5-", "70000", "9-1", "0"])
def test_what_names_no_ports_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="names no ports"):
        parse_ports(text)
