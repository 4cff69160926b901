"""A ConfigurationSpace whose samples and neighbours are valid, and which can write down our own clauses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from ConfigSpace import ConfigurationSpace
from ConfigSpace._condition_tree import DAG, ConditionNode
from ConfigSpace.conditions import ConditionLike
from ConfigSpace.forbidden import ForbiddenLike
from ConfigSpace.hyperparameters import Hyperparameter

from boxwright.space.conditions import (
    ActiveNotEquals,
    ExactAnd,
    ExactEquals,
    ExactGreaterThan,
    ExactIn,
    ExactLessThan,
    ExactOr,
    parents_of,
)
from boxwright.space.forbidden import ForbiddenAtMost, ForbiddenExpression, mentioned

Addable: TypeAlias = Hyperparameter[Any, Any] | ConditionLike | ForbiddenLike


class _FlatNode(ConditionNode):
    """A condition that is not sorted below others: ConfigSpace walks that tree once for every path through it."""

    def depends_on(self, other: ConditionNode) -> bool:
        """Say no: the look-ups that come of the answer are made anew in ``ExactSpace.add``."""
        return False


class _FlatDag(DAG):
    """ConfigSpace's graph, without what takes minutes for a chain of 20 conditions and for ever for 60."""

    def _minimum_conditions(self) -> list[ConditionNode]:
        return [
            _FlatNode(node.condition, [], node.unique_children, node.children_indices, node.nan_arr)
            for node in super()._minimum_conditions()
        ]


class ExactSpace(ConfigurationSpace):
    """ConfigSpace's space, with the order of its own look-ups mended.

    ConfigSpace 1.2 visits conditions by their shallowest parent. A child that hangs on a deep and on a shallow
    parent is then switched before its deep parent is, and samples and neighbours come out with values for inactive
    parameters. Here conditions are visited by their deepest parent, and neighbours heed the forbidden clauses of
    everything that a change switches on.
    """

    def __init__(self) -> None:
        super().__init__()
        self._dag = _FlatDag()

    def add(self, *args: Addable | Iterable[Addable]) -> None:
        """Add parameters, conditions and forbidden clauses."""
        super().add(*args)
        dag = self._dag
        depth = {name: node.maximum_depth for name, node in dag.nodes.items()}
        dag.minimum_conditions.sort(key=lambda node: max(depth[parent] for parent in parents_of(node.condition)))
        reached = {name: self._descendants(name) for name in dag.nodes}
        dag.change_hp_lookup = {
            name: [node for node in dag.minimum_conditions if parents_of(node.condition) & ({name} | below)]
            for name, below in reached.items()
        }
        clauses = [(clause, mentioned(clause)) for clause in dag.fast_forbidden_checks]
        dag.forbidden_lookup = {
            name: [clause for clause, names in clauses if names & ({name} | below)] for name, below in reached.items()
        }

    def to_serialized_dict(self, encoders: Mapping[type, tuple[str, Any]] | None = None) -> dict[str, Any]:
        """Return the space as plain data, our own conditions and clauses included."""
        return super().to_serialized_dict(encoders={**ENCODERS, **(encoders or {})})

    def _descendants(self, name: str) -> set[str]:
        found: set[str] = set()
        waiting = [name]
        while waiting:
            children = set(self._dag.nodes[waiting.pop()].children) - found
            found |= children
            waiting += children
        return found


def _encode_compared(item: Any, encode: Any) -> dict[str, Any]:
    return {"child": item.child.name, "parent": item.parent.name, "value": item.value}


def _encode_in(item: Any, encode: Any) -> dict[str, Any]:
    return {"child": item.child.name, "parent": item.parent.name, "values": list(item.values)}


def _encode_parts(item: Any, encode: Any) -> dict[str, Any]:
    return {"child": item.child.name, "conditions": [encode(part, encode) for part in item.components]}


ENCODERS: dict[type, tuple[str, Any]] = {
    ExactEquals: ("EQ", _encode_compared),
    ActiveNotEquals: ("NEQ", _encode_compared),
    ExactLessThan: ("LT", _encode_compared),
    ExactGreaterThan: ("GT", _encode_compared),
    ExactIn: ("IN", _encode_in),
    ExactAnd: ("AND", _encode_parts),
    ExactOr: ("OR", _encode_parts),
    ForbiddenAtMost: ("CLAUSE_LE", lambda item, encode: {"name": item.hyperparameter.name, "value": item.value}),
    ForbiddenExpression: ("EXPRESSION", lambda item, encode: {"expression": item.text}),
}
"""Our own classes under the names that ConfigSpace's files know, so that others can read all but expressions."""
