"""The [space] table of a scenario becomes a Space, and every mistake in it is told in one line."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from boxwright.errors import SpaceError
from boxwright.scenario.parameters import SpaceTable
from boxwright.space import Space, load_space

GOOD = """
lr = { type = "float", lower = 1e-5, upper = 0.1, default = 0.01, log = true }
depth = { type = "int", lower = 1, upper = 20 }
act = { type = "categorical", choices = ["relu", "elu", "tanh"] }
size = { type = "ordinal", sequence = [8, 16, 32], default = 16 }
bias = { type = "categorical", choices = [true, false] }
any = { type = "categorical", choices = [2, 2.5, "auto", true], default = "auto" }
seed = { type = "constant", value = 7 }
"""


def load(text: str, folder: Path = Path()) -> Space:
    return load_space(msgspec.toml.decode(text, type=SpaceTable), place="branin.toml", folder=folder)


def error_of(text: str, folder: Path = Path()) -> str:
    with pytest.raises(SpaceError) as raised:
        load(text, folder)
    message = str(raised.value)
    assert "\n" not in message
    return message


def test_table_gives_the_parameters_in_file_order_with_their_defaults() -> None:
    space = load(GOOD)
    assert space.names == ("lr", "depth", "act", "size", "bias", "any", "seed")
    assert space.default() == {
        "lr": 0.01, "depth": 10, "act": "relu", "size": 16, "bias": True, "any": "auto", "seed": 7
    }  # fmt: skip
    assert {name: type(value) for name, value in space.default().items()} == {
        "lr": float, "depth": int, "act": str, "size": int, "bias": bool, "any": str, "seed": int
    }  # fmt: skip


def test_table_takes_conditions_and_forbidden_clauses() -> None:
    space = load(GOOD + 'drop = { type = "float", lower = 0, upper = 1, when = "act in {relu, elu} && depth > 2" }\n'
                        'forbidden = ["{act=elu, size=8}", "{lr * depth > 1}"]\n')  # fmt: skip
    assert space.default()["drop"] == 0.5
    shallow = {name: value for name, value in space.default().items() if name != "drop"} | {"depth": 2}
    assert "drop" not in space.check(shallow)
    with pytest.raises(SpaceError, match=r"forbidden: \{lr \* depth > 1\}"):
        space.check({**space.default(), "lr": 0.1, "depth": 11})


def test_table_joins_a_parameter_file_with_parameters_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "params.pcs").write_text("act {relu, tanh} [relu]\n")
    space = load(
        'file = "params.pcs"\n'
        'slope = { type = "float", lower = 0, upper = 1, when = "act == relu" }\n'
        'forbidden = ["{act=relu, slope=1}"]',
        tmp_path,
    )
    assert space.names == ("act", "slope")
    assert space.parse_texts({"act": "tanh"}) == {"act": "tanh"}


@pytest.mark.parametrize(
    ("table", "wanted"),
    [
        (
            'lr = { type = "float", lower = 0, upper = 1, log = true }',
            "branin.toml: space.lr: a log scale needs a lower bound above 0, found 0.0. "
            "Write 1e-6, or drop log = true.",
        ),
        ('n = { type = "int", lower = 0, upper = 9, log = true }', "found 0. Write 1, or drop log = true."),
        ('x = { type = "float", lower = 1e-15, upper = 1, log = true }', "at least 1e-12, found 1e-15"),
        ('x = { type = "float", lower = 0, upper = 1, default = 2 }', "space.x: the default 2.0 is outside its"),
        ('x = { type = "float", lower = 1, upper = 1 }', "lower must be below upper, found 1.0 and 1.0"),
        ('x = { type = "int", lower = 5, upper = 3 }', "lower must be below upper, found 5 and 3"),
        ('x = { type = "float", lower = 0, upper = inf }', "a finite number is needed, found inf"),
        ('x = { type = "float", lower = nan, upper = 1 }', "a finite number is needed, found nan"),
        ('x = { type = "int", lower = 0, upper = 9007199254740994 }', "beyond ±2^53"),
        ('x = { type = "float", lower = 0, upper = 1e300 }', "too large"),
        ('x = { type = "float", lower = 0, upper = 1e-12 }', "too narrow"),
        ('x = { type = "categorical", choices = [] }', "choices is empty"),
        ('x = { type = "ordinal", sequence = [] }', "sequence is empty"),
        ('x = { type = "categorical", choices = ["a", "a"] }', "'a' stands twice"),
        ('x = { type = "categorical", choices = [1, "1"] }', "'1' stands twice"),
        ('x = { type = "categorical", choices = [1, true] }', "the values 1 and true in choices count as equal"),
        ('x = { type = "categorical", choices = ["a"], default = "b" }', "'b' is none of its values: 'a'"),
        ('x = { type = "categorical", choices = [1, 2], default = true }', "True is none of its values: 1, 2"),
        ('x = { type = "categorical", choices = ["a\\u0000"] }', "no command can be given"),
        ('"" = { type = "constant", value = 1 }', "needs a name"),
        ('"a b" = { type = "constant", value = 1 }', "holds a blank"),
        ('"a\\nb" = { type = "constant", value = 1 }', "holds '\\n'"),
        ("\"a'b\" = { type = \"constant\", value = 1 }", "holds \"'\""),
        ('"a|b" = { type = "constant", value = 1 }', "holds '|'"),
        ('"a{b" = { type = "constant", value = 1 }', "holds '{'"),
        ('"a&&b" = { type = "constant", value = 1 }', "holds '&&'"),
        ('"a\\u200bb" = { type = "constant", value = 1 }', "holds '\\u200b'"),
        ("", "the space is empty"),
        ('fil = "params.pcs"', 'branin.toml: space.fil: no key "fil" that is a text. Did you mean "file"?'),
        ('forbiden = ["{a=1}"]', 'Did you mean "forbidden"?'),
        ('file = ["a.pcs"]', "file must be a text"),
        ('file = "missing.pcs"', "missing.pcs: this parameter file cannot be read: No such file or directory."),
        ('file = "params.yaml"', "ends in .pcs, .txt or .json"),
        ('file = "."', "ends in .pcs, .txt or .json"),
        ('file = "a\\u0000.pcs"', "cannot be read"),
    ],
)  # fmt: skip
def test_table_refuses(table: str, wanted: str) -> None:
    assert wanted in error_of(table)


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("akt == relu", 'branin.toml: space.x.when: no parameter "akt". Did you mean "act"?'),
        ("act == rely", "act = \"rely\", but it must be one of 'relu', 'elu', 'tanh'"),
        ("depth > deep", 'depth = "deep", but it must be a whole number from 1 to 20'),
        ("depth > 2.5", 'depth = "2.5"'),
        ("depth > 50", "a whole number from 1 to 20"),
        ("act > relu", '">" needs an ordered parameter, but act is categorical'),
        ("x > 0.5", "x depends on itself"),
        ("depth >= 2", "conditions know < and >"),
        ("(depth > 2)", "no parentheses"),
        ("depth>2", "with blanks around"),
        ("act in relu", '"in" needs its values in braces'),
        ("act in {}", '"in" needs its values in braces'),
        ("", '"" is no condition'),
        ("act == relu &&", '"" is no condition'),
    ],
)
def test_table_refuses_a_condition(condition: str, wanted: str) -> None:
    assert wanted in error_of(GOOD + f'x = {{ type = "float", lower = 0, upper = 1, when = "{condition}" }}')


def test_table_refuses_conditions_that_go_round_in_a_circle() -> None:
    circle = "".join(
        f'{child} = {{ type = "int", lower = 0, upper = 9, when = "{parent} > 3" }}\n'
        for child, parent in (("a", "b"), ("b", "c"), ("c", "b"))
    )
    assert "conditions go round in a circle: b needs c needs b" in error_of(circle)


def test_table_refuses_a_forbidden_default() -> None:
    message = error_of(GOOD + 'forbidden = ["{act=relu, size=16}"]')
    assert message.startswith('branin.toml: space.forbidden: "{act=relu, size=16}": the default configuration is')


def test_table_takes_names_with_dots_colons_and_letters_of_any_alphabet() -> None:
    space = load('"hp.dense.0:größe-ß@1" = { type = "int", lower = 1, upper = 2 }')
    assert space.parse_texts({"hp.dense.0:größe-ß@1": "2"}) == {"hp.dense.0:größe-ß@1": 2}


def test_table_names_the_place_of_a_parameter_that_a_file_has_already(tmp_path: Path) -> None:
    (tmp_path / "p.pcs").write_text("\nact {relu} [relu]\n")
    message = error_of('file = "p.pcs"\nact = { type = "constant", value = 1 }', tmp_path)
    assert 'stands twice, first at p.pcs:2: "act {relu} [relu]"' in message


def test_table_refuses_a_parameter_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "p.pcs").write_bytes(b"act {a} [a]\n\xff")
    assert error_of('file = "p.pcs"', tmp_path) == "p.pcs: byte 12 is no UTF-8 text."
