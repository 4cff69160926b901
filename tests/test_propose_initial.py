"""The initial design of an optimizer."""

from __future__ import annotations

from boxwright.propose.initial import initial_design
from boxwright.scenario.model import Optimizer
from propose_support import make_space


def test_initial_design_is_the_default_where_chance_finds_nothing_else() -> None:
    names = [f"p{number}" for number in range(20)]
    lines = [f'{name} = {{ type = "int", lower = 0, upper = 1 }}' for name in names]
    space = make_space("\n".join([*lines, f'forbidden = ["{{{" + ".join(names)} > 0}}"]']))
    assert initial_design(space, Optimizer(runs=30), 2) == [space.default()]
