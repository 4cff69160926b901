"""What the readers of all file forms fill in, and what becomes a Space once it is complete."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ConfigSpace.conditions import ConditionLike
from ConfigSpace.forbidden import ForbiddenLike
from ConfigSpace.hyperparameters import Hyperparameter

from boxwright.errors import SpaceError
from boxwright.scenario.parameters import Parameter
from boxwright.space.conditions import make_condition, parents_of, parse_condition
from boxwright.space.distributions import Distribution
from boxwright.space.exact import ExactSpace
from boxwright.space.forbidden import make_forbidden
from boxwright.space.logic import forbidden_test
from boxwright.space.model import Space, clause_text
from boxwright.space.parameters import DROP_LOG, make_parameter


@dataclass
class Draft:
    """Parameters, conditions and forbidden clauses, each with the place it was read from.

    Attributes:
        strict: Whether the defaults of inactive parameters count when a clause forbids the default (SMAC v2's rule).
    """

    parameters: dict[str, Hyperparameter[Any, Any]] = field(default_factory=dict)
    distributions: dict[str, Distribution] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    conditions: dict[str, tuple[ConditionLike, str]] = field(default_factory=dict)
    forbidden: list[tuple[ForbiddenLike, str]] = field(default_factory=list)
    strict: bool = False

    def add(self, name: str, parameter: Parameter, place: str, *, drop_log: str = DROP_LOG) -> None:
        """Take up a parameter as it stands in a file.

        Raises:
            SpaceError: It does not fit together, or its name is taken.
        """
        made, distribution = make_parameter(name, parameter, place, drop_log=drop_log)
        self.add_made(made, place)
        if distribution is not None:
            self.distributions[name] = distribution

    def add_made(self, parameter: Hyperparameter[Any, Any], place: str) -> None:
        """Take up one of ConfigSpace's own parameters.

        Raises:
            SpaceError: Its name is taken.
        """
        if parameter.name in self.parameters:
            raise SpaceError(
                f'the parameter "{parameter.name}" stands twice, first at {self.places[parameter.name]}. Remove one.',
                place=place,
            )
        self.parameters[parameter.name] = parameter
        self.places[parameter.name] = place

    def add_condition(self, child: str, text: str, place: str) -> None:
        """Take up a condition in PCS syntax; all parameters are known by now.

        Raises:
            SpaceError: It cannot be read, or does not fit the parameters.
        """
        condition = make_condition(child, parse_condition(text, place), self.parameters, place)
        self.conditions[child] = condition, place

    def add_forbidden(self, text: str, place: str) -> None:
        """Take up a forbidden clause in PCS syntax; all parameters are known by now.

        Raises:
            SpaceError: It cannot be read, or does not fit the parameters.
        """
        self.forbidden.append((make_forbidden(text, self.parameters, place), place))

    def finish(self, place: str) -> Space:
        """Return the space.

        Raises:
            SpaceError: There are no parameters, conditions go round in a circle, or the default is forbidden.
        """
        if not self.parameters:
            raise SpaceError("the space is empty. Name at least one parameter.", place=place)
        self._refuse_cycles()
        configspace = ExactSpace()
        names = tuple(self.parameters)
        configspace.add(list(self.parameters.values()), [condition for condition, _ in self.conditions.values()])
        space = Space(configspace, self.distributions, names)
        self._refuse_forbidden_default(space)
        if not self.forbidden:
            return space
        configspace.add([clause for clause, _ in self.forbidden])
        return Space(configspace, self.distributions, names)

    def _refuse_cycles(self) -> None:
        parents = {child: parents_of(condition) for child, (condition, _) in self.conditions.items()}
        settled: set[str] = set()
        for start, first in parents.items():
            path: dict[str, Iterator[str]] = {start: iter(sorted(first))}
            while path:
                name = next(reversed(path))
                parent = next(path[name], None)
                if parent is None:
                    settled.add(name)
                    del path[name]
                elif parent in path:
                    circle = [*list(path)[list(path).index(parent) :], parent]
                    raise SpaceError(
                        f"conditions go round in a circle: {' needs '.join(circle)}.", place=self.conditions[start][1]
                    )
                elif parent in parents and parent not in settled:
                    path[parent] = iter(sorted(parents[parent]))

    def _refuse_forbidden_default(self, space: Space) -> None:
        default = {step: space.domain(step).default for step in space.names} if self.strict else space.default()
        for clause, place in self.forbidden:
            if forbidden_test(clause)(default):
                raise SpaceError(
                    f"the default configuration is forbidden by {clause_text(clause)}. Change a default.", place=place
                )
