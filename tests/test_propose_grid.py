"""The full grid."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import msgspec
import pytest

from boxwright.errors import UserError
from boxwright.propose.designs import design_size, make_design
from boxwright.propose.grid import all_steps
from boxwright.scenario.designs import Grid
from boxwright.space import Space
from boxwright.terms import Config, config_key
from propose_support import make_space

CONDITIONAL = """
opt = { type = "categorical", choices = ["sgd", "adam"] }
momentum = { type = "ordinal", sequence = [0.1, 0.5, 0.9], when = "opt == sgd" }
nesterov = { type = "categorical", choices = [true, false], when = "momentum == 0.9" }
units = { type = "int", lower = 1, upper = 2 }
forbidden = ["{opt=adam, units=2}"]
"""


def points(settings: Grid, space: Space) -> list[Config]:
    return list(make_design(settings, space, folder=Path()))


def test_grid_moves_its_last_parameter_fastest() -> None:
    space = make_space("""
        b = { type = "categorical", choices = ["x", "y"] }
        a = { type = "float", lower = 0, upper = 1 }
    """)
    assert [(c["b"], c["a"]) for c in points(Grid(levels=3), space)] == [
        ("x", 0.0), ("x", 0.5), ("x", 1.0), ("y", 0.0), ("y", 0.5), ("y", 1.0),
    ]  # fmt: skip


def test_grid_holds_each_active_part_once_and_no_forbidden_configuration() -> None:
    space = make_space(CONDITIONAL)
    configs = points(Grid(), space)
    assert [tuple(c.values()) for c in configs] == [
        ("sgd", 0.1, 1), ("sgd", 0.1, 2), ("sgd", 0.5, 1), ("sgd", 0.5, 2),
        ("sgd", 0.9, True, 1), ("sgd", 0.9, True, 2), ("sgd", 0.9, False, 1), ("sgd", 0.9, False, 2),
        ("adam", 1),
    ]  # fmt: skip
    assert all(space.check(config) == config for config in configs)
    assert design_size(Grid(), space, Path()) == 9
    assert design_size(Grid(runs=4), space, Path()) == 4


def test_grid_knows_a_condition_on_a_parameter_that_stands_below() -> None:
    space = make_space("""
        child = { type = "int", lower = 1, upper = 3, when = "parent == a" }
        parent = { type = "categorical", choices = ["a", "b"] }
    """)
    assert points(Grid(), space) == [
        {"child": 1, "parent": "a"}, {"child": 2, "parent": "a"}, {"child": 3, "parent": "a"}, {"parent": "b"},
    ]  # fmt: skip


def test_grid_takes_levels_by_name() -> None:
    space = make_space("""
        lr = { type = "float", lower = 1e-4, upper = 1, log = true }
        n = { type = "int", lower = 1, upper = 1000 }
        z = { type = "float", lower = 0, upper = 1 }
    """)
    settings = Grid(levels={"lr": 5, "n": (10, 100, 10)})
    configs = points(settings, space)
    assert len(configs) == design_size(settings, space, Path()) == 5 * 2 * 3
    assert sorted({config["lr"] for config in configs}) == pytest.approx([1e-4, 1e-3, 1e-2, 1e-1, 1])
    assert {config["n"] for config in configs} == {10, 100}
    assert {config["z"] for config in configs} == {0.0, 0.5, 1.0}


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        ({"nn": 3}, 'design.levels: no parameter "nn". Did you mean "n"?'),
        ({"n": (0,)}, "design.levels.n: n = 0, but it must be a whole number from 1 to 9."),
        ({"n": ("many",)}, "design.levels.n: n = 'many', but it must be a whole number from 1 to 9."),
        ({"n": ()}, "design.levels.n: no values. Name at least one, or a number of values."),
    ],
)
def test_grid_refuses_levels_that_do_not_fit_the_space(levels: dict[str, object], message: str) -> None:
    space = make_space("n = { type = 'int', lower = 1, upper = 9 }")
    settings = msgspec.convert({"kind": "grid", "levels": levels}, Grid)
    with pytest.raises(UserError) as caught:
        make_design(settings, space, folder=Path())
    assert str(caught.value) == message


def test_grid_of_a_million_million_points_begins_at_once() -> None:
    space = make_space("".join(f"x{i} = {{ type = 'float', lower = 0, upper = 1 }}\n" for i in range(12)))
    settings = Grid(levels=10)
    first = list(islice(make_design(settings, space, folder=Path()), 11))
    assert first[10]["x11"] == 0.0
    assert first[10]["x10"] == pytest.approx(1 / 9)
    assert design_size(settings, space, Path()) == 10**12
    assert len(points(Grid(levels=10, runs=25), space)) == 25


def test_grid_too_large_to_count_has_no_known_size() -> None:
    space = make_space("n = { type = 'int', lower = 1, upper = 200000 }\nforbidden = ['{n=7}']")
    assert design_size(Grid(levels=200_000), space, Path()) is None
    assert design_size(Grid(levels=200_000, runs=5), space, Path()) == 5


def test_all_steps_list_a_finite_space() -> None:
    space = make_space(CONDITIONAL.replace("upper = 2 ", "upper = 40 "))
    configs = [config for config in all_steps(space) if config is not None]
    assert len({config_key(config) for config in configs}) == len(configs) == 4 * 40 + 39


def test_all_steps_of_a_very_wide_space_begin_at_once() -> None:
    space = make_space(
        "n = { type = 'int', lower = 0, upper = 9007199254740992, default = 9 }\nforbidden = ['{n<7}']"
    )
    assert list(islice(all_steps(space), 9)) == [None] * 7 + [{"n": 7}, {"n": 8}]


def test_grid_passes_over_all_that_begins_with_what_is_forbidden_in_one_step() -> None:
    names = [f"p{number}" for number in range(12)]
    lines = [f"{name} = {{ type = 'int', lower = 0, upper = 9, default = 9 }}" for name in names]
    space = make_space("\n".join([*lines, "forbidden = ['{p0 < 9}', '{p1=7, p0=9}', '{p3 + p2 < 18}']"]))
    steps = list(islice(all_steps(space), 150))
    number = next(number for number, step in enumerate(steps) if step is not None)
    assert number == 9 + 9 * 10 + 9
    assert steps[number] == {name: 9 if name in ("p0", "p2", "p3") else 0 for name in names}
    assert None not in steps[number:]


def test_grid_next_to_all_of_which_is_forbidden_has_no_known_size(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"p{number}" for number in range(12)]
    lines = [f"{name} = {{ type = 'int', lower = 0, upper = 9, default = 0 }}" for name in names]
    space = make_space("\n".join([*lines, f"forbidden = ['{{{' + '.join(names)} > 3}}']"]))
    monkeypatch.setattr("boxwright.propose.grid.STEPS_LIMIT", 5000)
    assert design_size(Grid(levels=10), space, Path()) is None
    assert design_size(Grid(levels=10, runs=20), space, Path()) == 20
    assert design_size(Grid(levels=2), space, Path()) == 1


def test_grid_over_a_thousand_parameters_begins_at_once() -> None:
    names = [f"p{number}" for number in range(1100)]
    space = make_space("\n".join(f'{name} = {{ type = "int", lower = 0, upper = 9 }}' for name in names))
    first, second = islice(make_design(Grid(levels=2), space, folder=Path()), 2)
    assert first == dict.fromkeys(names, 0)
    assert second == {**first, "p1099": 9}
    assert design_size(Grid(levels=2), space, Path()) is None
    assert design_size(Grid(levels=2, runs=7), space, Path()) == 7
