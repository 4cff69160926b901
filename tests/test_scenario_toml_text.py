"""The TOML writer: whatever it writes, tomllib reads back the same."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwright.scenario.toml_text import to_toml

texts = st.text(st.characters(exclude_categories=["Cs"]))
scalars = texts | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.booleans()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)


@given(st.dictionaries(texts, values, max_size=5))
def test_toml_text_reads_back_as_the_same_document(document: dict[str, object]) -> None:
    assert tomllib.loads(to_toml(document)) == document


def test_toml_text_keeps_whole_numbers_and_reals_apart() -> None:
    document = {"whole": 1, "real": 1.0, "small": 1e-5, "large": 1e22, "yes": True}
    found = tomllib.loads(to_toml(document))
    assert {name: (type(value), value) for name, value in found.items()} == {
        name: (type(value), value) for name, value in document.items()
    }


def test_toml_text_leaves_out_keys_without_a_value() -> None:
    assert to_toml({"a": None, "b": [{"c": None, "d": 1}]}) == "[[b]]\nd = 1\n"


def test_toml_text_refuses_what_toml_cannot_say() -> None:
    with pytest.raises(TypeError, match="no word for set"):
        to_toml({"a": {1, 2}})
