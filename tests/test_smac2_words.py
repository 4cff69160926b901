"""The texts inside option files: ``algo`` is cut as SMAC v2 cuts it, and configurations are read."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxwright.materialise.jinja import compile_jinja, make_environment
from boxwright.scenario.smac2.words import (
    as_template,
    from_template,
    join_algo,
    read_configuration,
    read_state_form,
    split_algo,
    write_configuration,
)

TEXTS = st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"]), max_size=12) | st.text(
    ' "\\a\t{%#}', max_size=8
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("python w.py", ["python", "w.py"]),
        ("  a   b ", ["a", "b"]),
        ("a\tb c", ["a\tb", "c"]),
        ('"a b" c', ["a b", "c"]),
        ('a" "b', ["a b"]),
        ('a ""', ["a", ""]),
        ('\\"a b\\"', ['"a', 'b"']),
        ('"a \\" b"', ['a " b']),
        ("'a b'", ["'a", "b'"]),
        ("a\\b $HOME *", ["a\\b", "$HOME", "*"]),
        ("", []),
    ],
)
def test_algo_is_cut_at_blanks_and_grouped_by_double_quotes_only(text: str, words: list[str]) -> None:
    assert split_algo(text) == words


@given(st.lists(TEXTS, max_size=4))
@settings(max_examples=200)
def test_any_words_come_back_as_they_were_joined(words: list[str]) -> None:
    assert split_algo(join_algo(words).strip()) == words


@given(TEXTS)
@settings(max_examples=50)
def test_any_word_is_a_template_of_itself(word: str) -> None:
    template = as_template(word)
    assert from_template(template) == word
    if "{" in template:
        assert compile_jinja(template, "x", make_environment(), has_lines=False).render({}) == word


@pytest.mark.parametrize("word", ["{{ seed }}", "a{% if x %}", "{# no #}"])
def test_template_that_depends_on_the_run_is_no_word(word: str) -> None:
    assert from_template(word) is None


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("-x '1' -y 'a b'", {"x": "1", "y": "a b"}),
        ("-x 1 -y -2", {"x": "1", "y": "-2"}),
        ("  -x ''  ", {"x": ""}),
        ("", {}),
    ],
)
def test_configuration_is_read_in_the_call_form(text: str, values: dict[str, str]) -> None:
    assert read_configuration(text) == values


@pytest.mark.parametrize("text", ["x 1", "-x", "-x 'a", "-x 'a'b", "-x 1 2"])
def test_what_is_no_configuration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="cannot be read from"):
        read_configuration(text)


@given(
    st.dictionaries(
        st.text("abc-_", min_size=1), st.text(st.characters(exclude_characters="'", exclude_categories=["Cs"]))
    )
)
@settings(max_examples=50)
def test_any_configuration_comes_back_as_it_was_written(values: dict[str, str]) -> None:
    assert read_configuration(write_configuration(values)) == values


def test_long_texts_are_read_in_no_time() -> None:
    values = {f"p{number}": "a b" for number in range(100_000)}
    text = ",".join(f"{name}='{value}'" for name, value in values.items())
    begun = time.monotonic()
    assert read_state_form(f"7: {text} \r") == values
    assert split_algo('\\"' * 100_000) == ['"' * 100_000]
    assert time.monotonic() - begun < 10
