"""Conditions and forbidden clauses over rows: they say of each what the space says of its configuration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boxwright.propose.search.columns import Columns, Rows
from boxwright.space import Space
from propose_support import make_space
from space_strategies import Table, loaded, tables


def agrees(columns: Columns, rows: Rows) -> None:
    """Compare what the columns say of rows with what the space says of the configurations they stand for."""
    space = columns.space
    shown = columns.active(rows)
    for row, entries, is_forbidden in zip(rows, shown, columns.forbidden(shown), strict=True):
        values = {name: columns.columns[j].value_at(row[j]) for j, name in enumerate(space.names)}
        config = space.composed(lambda domain, values=values: values[domain.name])  # type: ignore[misc]
        active = {name for name, entry in zip(space.names, entries, strict=True) if not np.isnan(entry)}
        assert active == set(config), values
        assert is_forbidden == (space.forbidden_by(config) is not None), values
        assert columns.config(row) == (None if is_forbidden else config)


@st.composite
def wide_spaces(draw: st.DrawFn) -> tuple[Space, list[float]]:
    """Draw a space whose parameters hang on one of a wide range, and values near what they hang on."""
    kind, log = draw(st.sampled_from(["int", "float"])), draw(st.booleans())
    whole = st.integers(1, 5) | st.integers(1, 2**40)  # ConfigSpace itself mistakes neighbours near 2^53
    lower, upper = sorted(draw(st.lists(whole, min_size=2, max_size=2, unique=True)))
    last = upper - 1  # the default lies above: ConfigSpace may take it for forbidden or inactive where it is named
    inside = st.integers(lower, min(lower + 9, last)) | st.integers(max(last - 9, lower), last)
    limits = [draw(inside | st.integers(lower, last)) for _ in range(4)]
    operators = [draw(st.sampled_from(["==", "!=", "<", ">"])) for _ in range(2)]
    lines = [
        f"n = {{ type = '{kind}', lower = {lower}, upper = {upper}, default = {upper}, log = {str(log).lower()} }}",
        f"x = {{ type = 'float', lower = 0, upper = 1, when = 'n {operators[0]} {limits[0]}' }}",
        f"y = {{ type = 'float', lower = 0, upper = 1, when = 'n in {{{limits[1]}, {limits[2]}}}' }}",
        f"z = {{ type = 'int', lower = 0, upper = {upper}, when = 'n {operators[1]} {limits[3]} && x > 0' }}",
        f"forbidden = ['{{n={limits[2]}}}', '{{n={limits[3]}, z=0}}', '{{n > {limits[0]} && n < {limits[1]}}}']",
    ]
    steps = [-3, -2, -1, 0, 1, 2, 3] if kind == "int" else [-1, -1e-4, -1e-9, 0, 1e-9, 1e-4, 1]
    near = [limit + step for limit in limits for step in steps]
    return make_space("\n".join(lines)), [value for value in near if lower <= value <= upper]


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(wide_spaces())
def test_rows_of_a_wide_range_are_active_and_forbidden_as_their_configurations_are(
    drawn: tuple[Space, list[float]],
) -> None:
    space, near = drawn
    columns = Columns(space)
    rows = columns.draw(len(near) + 20, np.random.default_rng(1))
    rows[: len(near), 0] = [columns.columns[0].place_of(value) for value in near]
    rows[::5, 1] = rows[::3, 3] = 0.0
    agrees(columns, rows)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(tables())
def test_rows_of_any_space_are_active_and_forbidden_as_their_configurations_are(table: Table) -> None:
    columns = Columns(loaded(table))
    rows = columns.draw(30, np.random.default_rng(1))
    rows[0] = columns.default
    agrees(columns, rows)


WIDE = """
n = { type = "int", lower = 0, upper = 4294967295 }
x = { type = "float", lower = 0, upper = 1, when = "n != 0" }
y = { type = "float", lower = 0, upper = 1, when = "n < 4" }
forbidden = ["{n=1}"]
"""


def test_neighbours_in_a_wide_range_are_told_apart() -> None:
    columns = Columns(make_space(WIDE))
    rows = np.array([columns.row({"n": n, "x": 0.5, "y": 0.5}) for n in range(6)])
    shown = columns.active(rows)
    assert (~np.isnan(shown[:, 1])).tolist() == [False, True, True, True, True, True]
    assert (~np.isnan(shown[:, 2])).tolist() == [True, True, True, True, False, False]
    assert columns.forbidden(shown).tolist() == [False, True, False, False, False, False]


def test_widest_range_loses_no_more_than_what_is_forbidden() -> None:
    columns = Columns(make_space("n = { type = 'int', lower = 0, upper = 9007199254740992 }\nforbidden = ['{n=0}']"))
    rows = np.array([columns.row({"n": n}) for n in (0, 1, 10, 9_000_000)])
    assert columns.forbidden(columns.active(rows)).tolist() == [True, False, False, False]


@pytest.mark.parametrize("value", [123456.789, 1000000.1, 1e-10])
@pytest.mark.parametrize("scale", ["log = true", "log = false"])
def test_value_that_a_condition_names_is_itself_after_its_way_through_a_row(value: float, scale: str) -> None:
    columns = Columns(
        make_space(f"""
        n = {{ type = "float", lower = 1e-12, upper = 9e6, default = 3, {scale} }}
        x = {{ type = "float", lower = 0, upper = 1, when = "n != {value}" }}
        """)
    )
    row = columns.row({"n": value})
    assert columns.config(row) == {"n": value}
    assert np.isnan(columns.active(row[None])[0, 1])
