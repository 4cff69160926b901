"""What is left of a finite space towards its end, and of one next to all of which is forbidden."""

from __future__ import annotations

import pytest

from boxwright.propose.finite import Remaining
from boxwright.propose.search.climb import Effort
from boxwright.propose.search.engine import Engine, Kind
from boxwright.terms import Config, config_key
from propose_support import make_space

CORNER = """
mode = { type = "categorical", choices = ["off", "on"] }
a = { type = "int", lower = 0, upper = 10000, when = "mode == on" }
b = { type = "int", lower = 0, upper = 10000, when = "mode == on" }
c = { type = "int", lower = 0, upper = 10000, when = "mode == on" }
forbidden = ["{a + b + c > 3}"]
"""
SHARES = (
    "p0 = { type = 'int', lower = 0, upper = 60, default = 60 }\n"
    + "".join(f"p{number} = {{ type = 'int', lower = 0, upper = 60, default = 0 }}\n" for number in range(1, 6))
    + "forbidden = ['{p0 + p1 + p2 + p3 + p4 + p5 != 60}']"
)
LINE = """
a = { type = "int", lower = 0, upper = 29, default = 0 }
b = { type = "int", lower = 0, upper = 2999, default = 0 }
forbidden = ["{b != 100 * a + 1 && b > 0}", "{b = 0, a = 5}"]
"""

KINDS = pytest.mark.parametrize("kind", [Kind(random_share=1.0), Kind("gp")], ids=["chance", "model"])


def asked_until_the_end(engine: Engine, most: int) -> list[Config]:
    found: list[Config] = []
    while (answer := engine.ask()) is not None:
        found.append(answer[0])
        engine.running(answer[0])
        engine.tell(answer[0], float(len(found) % 7), len(found))
        assert len(found) <= most
    return found


@KINDS
def test_seed_ends_in_a_wide_space_next_to_all_of_which_is_forbidden(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boxwright.propose.finite.STEPS_LIMIT", 20_100)
    monkeypatch.setattr("boxwright.propose.search.engine.MAX_TRIES", 500)
    space = make_space(CORNER)
    engine = Engine(space, 3, kind, Effort(50, 20, 2, 4, 2))
    found = asked_until_the_end(engine, 21)
    assert len({config_key(config) for config in found}) == len(found)
    assert len(found) >= 1 + 4 + 3  # mode = off, and all that is listed: what is allowed beside a = 0 and b = 0 or 1
    assert all(space.check(config) == config for config in found)


@KINDS
def test_seed_finds_all_that_is_allowed_of_a_space_that_can_be_listed(kind: Kind) -> None:
    found = asked_until_the_end(Engine(make_space(LINE), 3, kind, Effort(50, 20, 2, 4, 2)), 100)
    assert len({config_key(config) for config in found}) == len(found) == 30 + 29


def test_seed_draws_at_random_where_little_of_a_wide_space_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boxwright.propose.finite.STEPS_LIMIT", 20_000)
    engine = Engine(make_space(SHARES), 1, Kind(random_share=1.0), Effort())
    found = [engine.ask() for _ in range(12)]
    assert all(answer is not None and answer[1] == "random" for answer in found)
    # The first that are listed, and the only ones of which three are 0 by more than a rare chance.
    assert all(any(answer[0][name] for name in ("p0", "p1", "p2")) for answer in found if answer)


def test_large_space_is_listed_part_by_part_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boxwright.propose.finite.COUNT_LIMIT", 5)
    left = Remaining(make_space("n = { type = 'int', lower = 1, upper = 23, default = 1 }\nforbidden = ['{n=9}']"))
    taken: set[str] = set()
    sizes = []
    while configs := left.without(taken):
        sizes.append(len(configs))
        taken.add(config_key(configs[-1]))
    assert len(taken) == 22
    assert sizes == [6, 5, 4, 3, 2, 1] * 3 + [4, 3, 2, 1]
    assert left.is_whole
    assert left.without(taken - {config_key({"n": 23})}) == [{"n": 23}]  # taken back


def test_listing_gives_up_after_so_many_combinations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boxwright.propose.finite.STEPS_LIMIT", 50)
    left = Remaining(make_space("n = { type = 'int', lower = 1, upper = 2000, default = 1 }\nforbidden = ['{n>3}']"))
    first = left.without(set())
    assert first == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert not left.is_whole
    assert left.without({config_key(config) for config in first}) == []
