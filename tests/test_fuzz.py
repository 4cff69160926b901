"""A few thousand mutated inputs of every kind; the million is ``python tests/fuzz``."""

from __future__ import annotations

from pathlib import Path

import pytest

from fuzz.kinds import all_kinds
from fuzz.mutating import Kind
from fuzz.watching import fuzz


def test_mutated_inputs_give_a_value_or_one_of_our_errors_and_take_no_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with all_kinds(tmp_path) as kinds:
        tally = fuzz(kinds, first=0, number=4000, seed=7)
        names = [kind.name for kind in kinds]
    assert not tally.findings, "\n\n".join(tally.findings)
    assert tally.ends.total() == 4000
    seldom = {"toml-override", "pcs-file"}
    assert {name for name, end in tally.ends if end == "taken"} | seldom >= set(names)
    assert {name for name, end in tally.ends if end == "refused"} | {"tab-line", *seldom} >= set(names)


def test_what_should_not_be_is_found() -> None:
    def read(data: bytes) -> None:
        if len(data) % 3 == 0:
            raise ValueError("two\nlines")
        if len(data) % 3 == 1:
            raise KeyError(data)
        while len(data) == 2:
            pass

    tally = fuzz([Kind("x", 1, ("ab",), read, (ValueError,))], first=0, number=300, seed=1, limit_s=0.05)
    found = "\n".join(tally.findings)
    assert all(words in found for words in ("message of several lines", "KeyError", "took more than 0.05 s of CPU"))
    assert len(tally.findings) == 20
