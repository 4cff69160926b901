"""PCS files: both forms, mixed, and line-numbered errors."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxwright.errors import SpaceError
from boxwright.space.domain import Domain
from boxwright.space.draft import Draft
from boxwright.space.model import Space
from boxwright.space.pcs import read_pcs

BOTH_FORMS = """\
lr real [1e-5, 0.1] [0.01] log   # new form
batch [8, 256] [32]il
momentum[0,1][.9]
act {relu, tanh, elu} [relu]
depth integer [1, 20] [3]
size ordinal {small, mid, large} [mid]
fixed integer [5, 5] [5]
dropout [0, 1] [0.5]

Conditionals:
dropout | act in {relu, elu} && depth > 2 || size == large
momentum | act in {relu}
momentum | size in {mid, large}

Forbidden:
{act=tanh, depth=8}
{lr * batch > 20}
"""


def read(text: str) -> Space:
    draft = Draft()
    read_pcs(text, "params.pcs", draft)
    return draft.finish("params.pcs")


def test_pcs_reader_mixes_both_forms() -> None:
    space = read(BOTH_FORMS)
    assert space.domain("lr") == Domain("lr", "float", 0.01, 1e-5, 0.1, log=True)
    assert space.domain("batch") == Domain("batch", "int", 32, 8, 256, log=True)
    assert space.domain("momentum") == Domain("momentum", "float", 0.9, 0.0, 1.0)
    assert space.domain("act") == Domain("act", "choices", "relu", values=("relu", "tanh", "elu"))
    assert space.domain("size") == Domain("size", "choices", "mid", values=("small", "mid", "large"), ordered=True)
    assert space.domain("fixed") == Domain("fixed", "choices", 5, values=(5,))


@pytest.mark.parametrize(
    ("texts", "active"),
    [
        ({"act": "relu"}, {"dropout", "momentum"}),
        ({"act": "relu", "depth": "2"}, {"momentum"}),
        ({"act": "relu", "size": "small"}, {"dropout"}),
        ({"act": "tanh"}, set()),
        ({"act": "tanh", "size": "large"}, {"dropout"}),
        ({"act": "elu", "depth": "4"}, {"dropout"}),
    ],
)
def test_pcs_conditions_bind_and_before_or_and_join_old_lines(texts: dict[str, str], active: set[str]) -> None:
    config = read(BOTH_FORMS).parse_texts(texts)
    assert {"dropout", "momentum"} & config.keys() == active


def test_pcs_values_stay_text_as_written() -> None:
    space = read("phase {0, 01, 1.0} [01]\n")
    assert space.default() == {"phase": "01"}
    assert space.parse_texts({"phase": "1.0"}) == {"phase": "1.0"}


def test_pcs_reader_applies_the_rule_that_defaults_count_even_if_inactive() -> None:
    text = "a {x, y} [x]\nb {u, v} [u]\nb | a == y\n{a=x, b=u}\n"
    with pytest.raises(SpaceError, match=r'params.pcs:4: "\{a=x, b=u\}": the default configuration is forbidden'):
        read(text)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("x | akt in {relu}", 'params.pcs:18: "x | akt in {relu}": no parameter "x". Known: act, batch,'),
        ("dropout2 | act in {relu}", 'no parameter "dropout2". Did you mean "dropout"?'),
        ("lr [0, 1] [0.5]", 'the parameter "lr" stands twice, first at params.pcs:1'),
        ("x [0, 1] [0.5]l", "a log scale needs a lower bound above 0, found 0.0. Write 1e-6, or leave out the log."),
        ("x [0, 1] [2]", "the default 2.0 is outside its range 0.0 to 1.0"),
        ("x real [1, 1] [1]", "lower must be below upper"),
        ("x integer [1.5, 3] [2]", '"1.5" is no whole number'),
        ("x [a, 3] [2]", '"a" is no finite number'),
        ("x [1e999, 3] [2]", '"1e999" is no finite number'),
        ("x [1, 2, 3] [2]", "a range has two bounds, found 3"),
        ("x [1, 3] [2]ix", 'only i and l may follow, found "ix"'),
        ("x real [1, 3] [2] lag", 'only log may follow, found "lag"'),
        ("x float [1, 3] [2]", 'no type "float". Known: categorical, integer, ordinal, real.'),
        ("x integr [1, 3] [2]", 'Did you mean "integer"?'),
        ("x integer {1, 3} [1]", "the type integer needs a range in [ ]"),
        ("x ordinal [1, 3] [1]", "the type ordinal needs values in { }"),
        ("x {a,, b} [a]", "a value is empty"),
        ("x {a, 'b'} [a]", "holds a quote"),
        ("x {a, a} [a]", "'a' stands twice"),
        ("x {a, b} [c]", "'c' is none of its values"),
        ("x {a, b} [a] log", "nothing may follow"),
        ("x {a, b}", "this is no parameter, condition or forbidden clause"),
        ("what is this", "this is no parameter"),
        ("dropout | act == relu", 'a second condition for "dropout"'),
        ("dropout |", "a condition has a child and a rule"),
        ("act | dropout > 0.5", "conditions go round in a circle"),
        ("{act=tanh, deep=8}", 'no parameter "deep". Did you mean "depth"?'),
        ("{act=tanh, depth=88}", 'depth = "88", but it must be a whole number from 1 to 20'),
        ("{act=tanh, act=relu}", "act stands twice in one forbidden clause"),
        ("{}", "a forbidden clause is empty"),
        ("{act=tanh", "is no forbidden clause"),
        ("{act=relu, size=mid}", "the default configuration is forbidden by (act == 'relu' && size == 'mid')"),
    ],
)
def test_pcs_error_names_the_line(line: str, wanted: str) -> None:
    with pytest.raises(SpaceError) as raised:
        read(BOTH_FORMS + line)
    message = str(raised.value)
    assert wanted in message
    assert message.startswith("params.pcs:")
    assert "\n" not in message


LINES = [*BOTH_FORMS.splitlines(), "{x^2 + sin(depth) >= -.5e3 || !}", "dropout | size != mid"]
NOISE = st.text(st.sampled_from("[]{}()|,=&<>!^%*/+-.# ilog015eE\n\t\0\"'\\äxact\ud800\u2028"), max_size=6)


@settings(max_examples=300, deadline=1000)
@given(data=st.data())
def test_pcs_reader_gives_a_space_or_a_space_error_for_damaged_lines(data: st.DataObject) -> None:
    lines = list(LINES[:16])
    for _ in range(data.draw(st.integers(1, 3))):
        line = data.draw(st.sampled_from(LINES))
        at, cut = data.draw(st.integers(0, len(line))), data.draw(st.integers(0, 8))
        damaged = line[:at] + data.draw(NOISE) + line[at + cut :]
        lines.insert(data.draw(st.integers(0, len(lines))), damaged)
        if line in lines and data.draw(st.booleans()):
            lines.remove(line)
    try:
        space = read("\n".join(lines))
    except SpaceError:
        return
    assert space.check(space.default()) == space.default()


@settings(max_examples=100, deadline=1000)
@given(st.text(max_size=200))
def test_pcs_reader_gives_a_space_or_a_space_error_for_any_text(text: str) -> None:
    try:
        read(text)
    except SpaceError:
        return


@pytest.mark.parametrize(
    "line",
    [
        f"x [0, 1] [{'5' * 100_000}]",
        f"x integer [0, 1] [{'x' * 100_000}]",
        f"x {'r' * 100_000} [0, 1] [0]",
        f"x [0, 1] [0]{'i' * 100_000}",
        f"x {{a, '{'b' * 100_000}}} [a]",
    ],
)
def test_pcs_error_shows_only_the_beginning_of_an_endless_text(line: str) -> None:
    with pytest.raises(SpaceError) as raised:
        read(line)
    assert len(str(raised.value)) < 500


def test_pcs_reader_takes_a_list_of_twenty_thousand_values_at_once() -> None:
    text = f"x {{{', '.join(map(str, range(20_000)))}}} [0]\n"
    before_s = time.process_time()
    assert read(text).size() == 20_000
    assert time.process_time() - before_s < 4
