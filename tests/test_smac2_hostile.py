"""Hostile option files give a value or one of our errors; the million of them is ``tests/fuzz/option_files.py``."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxwright.errors import ScenarioError
from boxwright.scenario.smac2.reading import read_entries
from fuzz.option_files import read_mutated


@pytest.mark.parametrize("seed", [1, 2])
def test_mutated_files_are_taken_or_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.chdir(tmp_path)
    ends, _ = read_mutated(tmp_path, 400, seed)
    assert ends["taken"] > 20
    assert ends["refused"] > 20
    assert ends.total() == 400


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
