"""Kinds of optimizer seeds that do not fit together."""

from __future__ import annotations

from collections.abc import Iterator

from boxwright.scenario.kinds import MODELLED, SeedKind
from boxwright.scenario.optimizer import Optimizer

Faults = Iterator[tuple[tuple[str | int, ...], str]]

_PARTS_OF_AUTO = ("gp", "rf", "parzen")


def optimizer_faults(optimizer: Optimizer | None) -> Faults:
    """Yield ``(key, problem)`` for the kinds of seeds that an optimizer is asked for."""
    if optimizer is None:
        return
    seeds = optimizer.seeds if isinstance(optimizer.seeds, tuple) else None
    portfolio = optimizer.portfolio if isinstance(optimizer.portfolio, tuple) else None
    yield from _list_faults("seeds", seeds)
    yield from _list_faults("portfolio", portfolio)
    listed = "seeds" if seeds is not None else "portfolio" if optimizer.portfolio is not None else None
    if seeds is not None and optimizer.portfolio is not None:
        yield ("optimizer", "portfolio"), "the kinds are in optimizer.seeds already. Keep one of them."
    if listed is not None:
        for name, value, default in (
            ("model", optimizer.model, "auto"),
            ("acquisition", optimizer.acquisition, "ei"),
        ):
            if value != default:
                yield (
                    ("optimizer", name),
                    f'"{value}" is said beside optimizer.{listed}. Say it there, in a table of its own.',
                )
    elif optimizer.acquisition != "ei" and optimizer.model not in MODELLED:
        yield ("optimizer", "acquisition"), _not_weighed(optimizer.acquisition, optimizer.model)


def _list_faults(name: str, kinds: tuple[SeedKind, ...] | None) -> Faults:
    if kinds is None:
        return
    if not kinds:
        yield ("optimizer", name), 'the list is empty. Write kinds such as { model = "gp" }.'
    for index, kind in enumerate(kinds):
        key = ("optimizer", name, index)
        if kind.acquisition != "ei" and kind.model not in MODELLED:
            yield (*key, "acquisition"), _not_weighed(kind.acquisition, kind.model)
        if name == "portfolio" and kind.count != 1:
            yield (*key, "count"), f"found {kind.count}, but every seed has the whole portfolio. Leave it out."
        if name == "portfolio" and kind.name in {other.name for other in kinds[:index]}:
            yield key, f'"{kind.name}" is in the portfolio already. Name each kind once.'
        if kind.model == "auto":
            yield from ((key, _part_of_auto(part)) for part in kinds if _is_part_of_auto(part, kind))


def _is_part_of_auto(part: SeedKind, auto: SeedKind) -> bool:
    return part.model in _PARTS_OF_AUTO and part.acquisition == auto.acquisition


def _part_of_auto(part: SeedKind) -> str:
    # Turns are counted by what a proposal says it comes of: all of auto's would be counted as the other's.
    return f'"auto" takes "{part.model}" where that fits, and nobody could tell the two apart. Name one of them.'


def _not_weighed(acquisition: str, model: str) -> str:
    return f'"{acquisition}" weighs what a model predicts, and "{model}" does not. It goes with auto, gp and rf.'
