"""Spaces of every shape, as hypothesis draws them: tables as they stand in a scenario."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import hypothesis
import msgspec
from hypothesis import strategies as st

from boxwright.errors import SpaceError
from boxwright.scenario.parameters import SpaceTable
from boxwright.space import Space, load_space
from boxwright.space.values import text_of
from boxwright.terms import Value

Table = dict[str, Any]

WORDS = st.from_regex(r"[A-Za-z_éλ][A-Za-z0-9_éλ]{0,5}", fullmatch=True)
"""Names that may stand in an expression, and values that may."""

NAMES = WORDS | st.from_regex(r"[a-z漢é0-9@:][A-Za-z0-9_.:@/+*%~é漢-]{0,6}", fullmatch=True)
_MARKS = r"[^,{}\[\]#'\"|\s\x00-\x1f\ud800-\udfff]"
TEXTS = WORDS | st.from_regex(f"{_MARKS}({_MARKS}| (?=[a-z])){{0,8}}", fullmatch=True)
NUMBERS = st.floats(-1e290, 1e290) | st.sampled_from([0.0, -0.0, 1e-13, -1e-9, 1e15, 1e-300, 123456789.125, 1e290])
WHOLE = st.integers(-(2**53), 2**53) | st.integers(-9, 9)
VALUES: st.SearchStrategy[Value] = st.one_of(TEXTS, WHOLE, st.floats(-1e6, 1e6), st.booleans())


@st.composite
def _float(draw: st.DrawFn) -> Table:
    if log := draw(st.booleans()):
        lower = draw(st.floats(1e-12, 1e12))
        return {"type": "float", "lower": lower, "upper": lower * draw(st.floats(1.001, 1e12)), "log": log}
    lower, upper = sorted((draw(NUMBERS), draw(NUMBERS)))
    return {"type": "float", "lower": lower, "upper": upper}


@st.composite
def _int(draw: st.DrawFn) -> Table:
    log = draw(st.booleans())
    lower, upper = sorted((draw(WHOLE), draw(WHOLE)))
    return {"type": "int", "lower": max(lower, 1) if log else lower, "upper": max(upper, 2), "log": log}


def _choices(kind: str, key: str, values: st.SearchStrategy[Value]) -> st.SearchStrategy[Table]:
    lists = st.lists(values, min_size=1, max_size=4, unique_by=text_of)
    return lists.flatmap(
        lambda found: st.sampled_from(found).map(lambda default: {"type": kind, key: found, "default": default})
    )


def parameters(values: st.SearchStrategy[Value], constants: st.SearchStrategy[Value]) -> st.SearchStrategy[Table]:
    """Return parameters whose choices, and constants, are such values."""
    return st.one_of(
        _float(),
        _int(),
        _choices("categorical", "choices", values),
        _choices("ordinal", "sequence", values),
        constants.map(lambda value: {"type": "constant", "value": value}),
    )


@st.composite
def tables(
    draw: st.DrawFn, values: st.SearchStrategy[Value] = VALUES, constants: st.SearchStrategy[Value] = VALUES
) -> Table:
    """Draw a table with conditions and forbidden clauses; not each is a sound one."""
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    table: Table = {name: draw(parameters(values, constants)) for name in names}
    for index, name in enumerate(names[1:], 1):
        if draw(st.booleans()):
            terms = st.lists(_terms({earlier: table[earlier] for earlier in names[:index]}), min_size=1, max_size=2)
            sides = draw(st.lists(terms, min_size=1, max_size=2))
            table[name]["when"] = " || ".join(" && ".join(side) for side in sides)
    clauses = draw(st.lists(_clauses(table) | _expressions(table), max_size=2))
    order = draw(st.permutations(names))  # a child may stand before its parent
    return {**{name: table[name] for name in order}, "forbidden": clauses}


def _value(parameter: Table) -> st.SearchStrategy[str]:
    """Draw one of a parameter's values, as it is written."""
    if parameter["type"] == "float":
        return st.floats(parameter["lower"] + 0.0, parameter["upper"] + 0.0).map(repr)  # no range from 0.0 to -0.0
    if parameter["type"] == "int":
        return st.integers(parameter["lower"], parameter["upper"]).map(repr)
    found = parameter.get("choices") or parameter.get("sequence") or [parameter["value"]]
    return st.sampled_from(found).map(text_of)


@st.composite
def _terms(draw: st.DrawFn, parents: Mapping[str, Table]) -> str:
    name = draw(st.sampled_from(sorted(parents)))
    operators = (
        ["==", "!=", "in"] if parents[name]["type"] in ("categorical", "constant") else ["==", "!=", "<", ">", "in"]
    )
    operator = draw(st.sampled_from(operators))
    if operator != "in":
        return f"{name} {operator} {draw(_value(parents[name]))}"
    return f"{name} in {{{', '.join(draw(st.lists(_value(parents[name]), min_size=1, max_size=3)))}}}"


@st.composite
def _clauses(draw: st.DrawFn, table: Table) -> str:
    names = draw(st.lists(st.sampled_from(sorted(table)), min_size=1, max_size=3, unique=True))
    return "{" + ", ".join(f"{name}={draw(_value(table[name]))}" for name in names) + "}"


@st.composite
def _expressions(draw: st.DrawFn, table: Table) -> str:
    names = st.sampled_from(sorted(table))
    terms = names | st.floats(-1e9, 1e9).map(lambda number: repr(abs(number))) | names.map("abs({})".format)
    sides = [" ".join((draw(terms), draw(st.sampled_from("+-*/^%")), draw(terms))) for _ in range(2)]
    comparison = f"{sides[0]} {draw(st.sampled_from(['<', '>', '<=', '>=', '==', '!=']))} {sides[1]}"
    return f"{{{comparison} {draw(st.sampled_from(['&&', '||']))} {draw(names)} == {draw(WORDS)}}}"


def loaded(table: Table) -> Space:
    """Return the space that a table says; an unsound one without its clauses, or without its conditions, too."""
    parts = {name: part for name, part in table.items() if name != "forbidden"}
    plain = {name: {key: item for key, item in part.items() if key != "when"} for name, part in parts.items()}
    written: list[str] = table["forbidden"]
    for clauses in (written, written[:1], written[:0]):
        for entries in (parts, plain):
            document = msgspec.convert({**entries, "forbidden": clauses}, SpaceTable)
            with contextlib.suppress(SpaceError):
                return load_space(document, place="", folder=Path())
    raise hypothesis.errors.UnsatisfiedAssumption
