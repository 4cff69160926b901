"""Hostile option files give a value or one of our errors; the million of them is ``python tests/fuzz``."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from boxwright.errors import ScenarioError
from boxwright.scenario.smac2.reading import read_entries


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
