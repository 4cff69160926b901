"""The configurations that a scenario wants to run before all others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from boxwright.errors import SpaceError
from boxwright.scenario.optimizer import Optimizer
from boxwright.space import Space
from boxwright.space.values import text_of, unquoted
from boxwright.terms import Config, Value, config_key

if TYPE_CHECKING:
    import numpy as np

_DRAWS = 10_000


def refuse_wrong_first(space: Space, settings: Optimizer, place: str) -> None:
    """Refuse a configuration of ``optimizer.first`` that is none of the space.

    Raises:
        SpaceError: There is one; the message names its place in the list.
    """
    first_configs(space, settings, place)


def first_configs(space: Space, settings: Optimizer, place: str = "") -> list[Config]:
    """Return the configurations that ``optimizer.first`` names, in order.

    Raises:
        SpaceError: One of them is none of the space, or nothing can be drawn.
    """
    return [_config(space, settings, index, place) for index in range(len(settings.first))]


def with_first(first: Sequence[Config], design: Sequence[Config]) -> list[Config]:
    """Return an initial design that begins with these configurations and is as long as before, or just them."""
    found = {config_key(config): config for config in (*first, *design)}
    return list(found.values())[: max(len(design), len(first))]


def _config(space: Space, settings: Optimizer, index: int, place: str) -> Config:
    entry = settings.first[index]
    if isinstance(entry, Mapping):
        where = f"{place}: optimizer.first[{index}]" if place else f"optimizer.first[{index}]"
        return space.parse_texts({name: _text(space, name, value) for name, value in entry.items()}, where)
    return space.default() if entry == "default" else _drawn(space, settings.seed, index)


def _text(space: Space, name: str, value: Value) -> str:
    """Return a value as a text of its parameter, without quotes around it unless they are a choice's own."""
    text = text_of(value)
    is_choice = name in space.names and space.domain(name).kind == "choices"
    return text if is_choice else unquoted(text)  # a choice is looked for as it is written, then without quotes


def _drawn(space: Space, seed: int, index: int) -> Config:
    import numpy as np

    rng: np.random.Generator = np.random.default_rng([seed, index])
    for _ in range(_DRAWS):
        config = space.from_unit(rng.random(len(space.names)).tolist())
        if config is not None:
            return config
    raise SpaceError(f"no configuration could be drawn in {_DRAWS} tries: nearly all are forbidden.", place="space")
