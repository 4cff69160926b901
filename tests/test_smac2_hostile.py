"""Hostile option files give a value or one of our errors; the million of them is ``python tests/fuzz``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxwright.errors import ScenarioError
from boxwright.scenario.smac2.reading import read_entries
from boxwright.store.given import given_cutoff_s


@given(st.text() | st.text("algo=run_obj \n\"'#-.1"))
@settings(max_examples=100)
def test_any_text_is_entries_or_an_error_with_its_line(text: str) -> None:
    try:
        entries = read_entries(text, "scenario.txt")
        places = [entry.place for entry in entries]
    except ScenarioError as error:
        places = [error.place]
    assert len(places) <= text.count("\n") + 1
    assert all(place.startswith("scenario.txt:") for place in places)


@pytest.mark.parametrize(
    ("text", "given_s"),
    [
        ('{"run": 1, "cutoff_s": 2.5}', 2.5),
        ('{"cutoff_s": null}', None),
        ('{"cutoff_s": -1}', 7.0),
        ('{"cutoff_s": "2.5"}', 7.0),
        ("{}", 7.0),
        ('{"cutoff_s": ' + "[" * 100_000, 7.0),
        (None, 7.0),
    ],
)
def test_cutoff_of_a_run_is_read_whatever_the_run_has_put_in_its_place(
    tmp_path: Path, text: str | None, given_s: float | None
) -> None:
    if text is None:
        os.mkfifo(tmp_path / "run.json")  # nobody writes to it
    else:
        (tmp_path / "run.json").write_text(text)
    assert given_cutoff_s(tmp_path, unknown=7.0) == given_s
