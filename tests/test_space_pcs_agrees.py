"""Our PCS reader and ConfigSpace's two deprecated ones say the same of every file that both accept."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
from ConfigSpace import ConfigurationSpace
from hypothesis import given, settings
from hypothesis import strategies as st

from boxwright.errors import SpaceError
from boxwright.space.domain import domain_of
from boxwright.space.draft import Draft
from boxwright.space.model import Space
from boxwright.space.pcs import read_pcs

FILES = sorted((Path(__file__).parent / "data" / "pcs").glob("*.pcs"))
OLD = ("dos-lines.pcs", "mip-solver-old.pcs", "sat-solver-old.pcs")
NEW = ("boosting-new.pcs", "conditions.pcs", "network-new.pcs")


def read_ours(text: str) -> Space | None:
    draft = Draft()
    try:
        read_pcs(text, "params.pcs", draft)
        return draft.finish("params.pcs")
    except SpaceError:
        return None


def read_theirs(text: str, reader: str) -> ConfigurationSpace | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ConfigSpace.read_and_write import pcs, pcs_new

        try:
            space: ConfigurationSpace = (pcs if reader == "pcs" else pcs_new).read(text.splitlines())
        except Exception:  # noqa: BLE001 - whatever happens to go wrong in the deprecated readers
            return None
        return space


def described(space: ConfigurationSpace) -> dict[str, Any]:
    """Say all that a PCS file can say, in a form that does not depend on how the classes are called."""
    return {
        "parameters": {name: (type(space[name]).__name__, domain_of(space[name])) for name in space},
        "conditions": {condition.child.name: _condition(condition) for condition in space.conditions},
        "forbidden": sorted(_forbidden(clause) for clause in space.forbidden_clauses),
    }


def _condition(condition: Any) -> Any:
    if hasattr(condition, "components"):
        kind = "and" if "And" in type(condition).__name__ else "or"
        return kind, sorted(map(repr, map(_condition, condition.components)))
    name = type(condition).__name__
    operator = next(op for op in ("NotEquals", "Equals", "LessThan", "GreaterThan", "In") if op in name)
    values = sorted(condition.values) if operator == "In" else [condition.value]
    return condition.parent.name, operator, values


def _forbidden(clause: Any) -> list[tuple[str, str]]:
    leaves = getattr(clause, "dlcs", (clause,))
    return sorted((leaf.hyperparameter.name, repr(leaf.value)) for leaf in leaves)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_pcs_reader_takes_every_file_of_the_collection(file: Path) -> None:
    space = read_ours(file.read_text())
    assert space is not None
    assert space.default()


@pytest.mark.parametrize(
    ("file", "reader"), [(name, "pcs") for name in OLD] + [(name, "pcs_new") for name in NEW], ids=str
)
def test_pcs_reader_agrees_with_the_deprecated_one(file: str, reader: str) -> None:
    text = (Path(__file__).parent / "data" / "pcs" / file).read_text()
    ours, theirs = read_ours(text), read_theirs(text, reader)
    assert ours is not None
    assert theirs is not None, "the deprecated reader should take this file, or the comparison is empty"
    assert described(ours.configspace) == described(theirs)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_pcs_reader_agrees_with_the_deprecated_one_on_damaged_files(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(OLD + NEW))
    text = (Path(__file__).parent / "data" / "pcs" / name).read_text()
    at = data.draw(st.integers(0, len(text) - 1))
    cut = data.draw(st.integers(0, 3))
    put = data.draw(st.text("[]{}|,=&<>!il 0159.eE-+abxyn\n", max_size=3))
    damaged = text[:at] + put + text[at + cut :]
    ours, theirs = read_ours(damaged), read_theirs(damaged, "pcs" if name in OLD else "pcs_new")
    if ours is not None and theirs is not None:
        assert described(ours.configspace) == described(theirs)
