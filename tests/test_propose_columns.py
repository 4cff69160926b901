"""A space as columns: the same configurations as the space itself, many at a time."""

from __future__ import annotations

import numpy as np
import pytest

from boxwright.propose.search.climb import Effort, climb
from boxwright.propose.search.columns import Columns
from boxwright.space import Space
from propose_support import make_space

FOREST = """
kind = { type = "categorical", choices = ["svm", "mlp", 3, true] }
c = { type = "float", lower = 1e-3, upper = 1e3, log = true, when = "kind == svm" }
layers = { type = "int", lower = 1, upper = 40, log = true, when = "kind == mlp" }
width = { type = "int", lower = -7, upper = 9, when = "layers > 2" }
size = { type = "ordinal", sequence = ["s", "m", "l", "xl"] }
tail = { type = "float", lower = -2, upper = 5, when = "size > m" }
fixed = { type = "constant", value = "yes" }
forbidden = ["{kind=svm, size=xl}", "{width + tail > 9}", "{layers > width * tail + 35}"]
"""


@pytest.fixture(scope="module")
def space() -> Space:
    return make_space(FOREST)


def test_rows_stand_for_the_configurations_they_came_from(space: Space) -> None:
    columns = Columns(space)
    rng = np.random.default_rng(1)
    seen = 0
    for _ in range(300):
        config = space.from_unit(rng.random(len(space.names)).tolist())
        if config is None:
            continue
        row = columns.row(config)
        back = columns.config(row)
        assert back is not None
        assert set(back) == set(config)
        for name, value in config.items():
            assert type(back[name]) is type(value)
            assert back[name] == (pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value)
        seen += 1
    assert seen > 100


def test_columns_know_what_is_active_and_what_is_forbidden(space: Space) -> None:
    columns = Columns(space)
    rows = columns.draw(2000, np.random.default_rng(2))
    shown = columns.active(rows)
    forbidden = columns.forbidden(shown)
    assert 20 < forbidden.sum() < 1000
    for row, entries, is_forbidden in zip(rows, shown, forbidden, strict=True):
        config = columns.config(row)
        assert (config is None) == is_forbidden
        if config is not None:
            assert {name for name, entry in zip(space.names, entries, strict=True) if not np.isnan(entry)} == set(
                config
            )


def test_draws_are_even_over_whole_numbers_and_choices(space: Space) -> None:
    columns = Columns(space)
    rows = columns.draw(8000, np.random.default_rng(3))
    width = columns.columns[space.names.index("width")]
    values, counts = np.unique(width.numbers(rows[:, space.names.index("width")]), return_counts=True)
    assert values.tolist() == list(range(-7, 10))
    assert counts.min() > 350
    _, counts = np.unique(rows[:, space.names.index("kind")], return_counts=True)
    assert len(counts) == 4
    assert counts.min() > 1800


def test_climb_finds_the_best_corner_of_a_space_with_conditions(space: Space) -> None:
    columns = Columns(space)
    names = list(space.names)

    def score(shown: np.ndarray) -> np.ndarray:
        deep = np.nan_to_num(shown[:, names.index("width")], nan=-1.0)
        far = np.nan_to_num(shown[:, names.index("tail")], nan=-1.0)
        return np.asarray(deep - (far - 0.3) ** 2, dtype=float)

    effort = Effort(challengers=100, around=10)
    best = climb(columns, score, np.empty((0, len(names))), np.random.default_rng(4), effort)[0]
    config = columns.config(best)
    assert config is not None
    assert (config["kind"], config["width"]) == ("mlp", 9)
    assert config["tail"] == pytest.approx(0.0, abs=0.05)  # 0.3 of the range is 0.1, but 9 + 0.1 is forbidden


def test_climb_returns_no_forbidden_row(space: Space) -> None:
    columns = Columns(space)
    rows = climb(
        columns, lambda shown: np.zeros(len(shown)), columns.default[None], np.random.default_rng(5), Effort()
    )
    assert len(rows) > 1000
    assert all(columns.config(row) is not None for row in rows)


def test_climb_scores_many_challengers_in_blocks(space: Space) -> None:
    sizes: list[int] = []

    def score(shown: np.ndarray) -> np.ndarray:
        sizes.append(len(shown))
        return np.asarray(np.nan_to_num(shown[:, 3], nan=-1.0), dtype=float)

    best = climb(columns := Columns(space), score, columns.default[None], np.random.default_rng(6), Effort(12_345))
    assert sum(sizes[:3]) == 12_345 + 1 + 200
    assert max(sizes) == 5000
    assert best[0][3] == 1.0
