"""The initial design of an optimizer."""

from __future__ import annotations

from typing import Literal

import pytest

from boxwright.propose.first import first_configs
from boxwright.propose.initial import initial_design
from boxwright.scenario.optimizer import Optimizer
from boxwright.terms import Value
from propose_support import PLANE, make_space


def test_initial_design_is_the_default_where_chance_finds_nothing_else() -> None:
    names = [f"p{number}" for number in range(20)]
    lines = [f'{name} = {{ type = "int", lower = 0, upper = 1 }}' for name in names]
    space = make_space("\n".join([*lines, f'forbidden = ["{{{" + ".join(names)} > 0}}"]']))
    assert initial_design(space, Optimizer(runs=30), 2) == [space.default()]


@pytest.mark.parametrize(
    ("model", "runs", "seeds", "size"),
    [("auto", 100, 1, 12), ("auto", 20, 1, 5), ("auto", 100, 16, 16), ("rf", 100, 1, 20), ("gp", 4, 8, 4)],
)
def test_initial_design_is_small_beside_a_gaussian_process(
    model: Literal["auto", "gp", "rf"], runs: int, seeds: int, size: int
) -> None:
    assert len(initial_design(make_space(PLANE), Optimizer(runs=runs, model=model), seeds)) == size


@pytest.mark.parametrize(
    ("written", "choice"),
    [("'a'", "'a'"), ('"q"', '"q"'), ("b", "b"), ("'b'", "b"), (" 'b' ", "b"), (7, 7), ("'7'", 7), (True, True)],
)
def test_first_configuration_may_name_a_choice_with_quotes_of_its_own(written: Value, choice: Value) -> None:
    space = make_space("""
        c = { type = "categorical", choices = ["'a'", "b", '"q"', 7, true] }
        n = { type = "int", lower = 1, upper = 9 }
    """)
    settings = Optimizer(runs=3, first=({"c": written, "n": "'5'"},))
    assert first_configs(space, settings) == [{"c": choice, "n": 5}]
