"""The space of a study: which configurations there are."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ConfigSpace import Configuration, ConfigurationSpace
from ConfigSpace.conditions import ConditionLike
from ConfigSpace.forbidden import ForbiddenLike
from ConfigSpace.hyperparameters import NumericalHyperparameter

from boxwright.errors import SpaceError, nearest
from boxwright.space.distributions import Distribution
from boxwright.space.domain import Domain, domain_of, value_at
from boxwright.space.logic import Test, condition_test, forbidden_test
from boxwright.space.quantiles import Quantile, grid_values, make_quantile
from boxwright.terms import Config, Value


@dataclass(frozen=True, slots=True)
class _Step:
    """One parameter, when its turn comes: after all the parents of its condition."""

    index: int
    domain: Domain
    quantile: Quantile
    active: Test | None
    condition: ConditionLike | None


@dataclass(frozen=True)
class Space:
    """The parameters with their ranges, conditions and forbidden clauses.

    Attributes:
        configspace: The same as ConfigSpace sees it; a parameter with a distribution is a uniform one there.
        distributions: Of the parameters that are not uniformly distributed.
        names: The parameters in the order of their files.
    """

    configspace: ConfigurationSpace
    distributions: Mapping[str, Distribution]
    names: tuple[str, ...]
    _steps: tuple[_Step, ...] = field(init=False, repr=False, compare=False)
    _forbidden: tuple[tuple[Test, ForbiddenLike], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        nodes = self.configspace._dag.nodes
        by_depth = sorted(self.names, key=lambda name: nodes[name].maximum_depth)
        object.__setattr__(self, "_steps", tuple(self._step(name) for name in by_depth))
        clauses = tuple((forbidden_test(clause), clause) for clause in self.configspace.forbidden_clauses)
        object.__setattr__(self, "_forbidden", clauses)

    @property
    def unbounded(self) -> tuple[str, ...]:
        """Parameters whose distribution has no bounds, so that an optimizer would not know where to look."""
        return tuple(name for name in self.names if name in self.distributions and self.distributions[name].unbounded)

    def domain(self, name: str) -> Domain:
        """Return what values a parameter may take."""
        return domain_of(self.configspace[name])

    def default(self) -> dict[str, Value]:
        """Return the default configuration: active parameters only."""
        return self._collect(lambda step, values: step.domain.default)

    def size(self) -> int | None:
        """Return how many configurations there are at most (conditions ignored); None if without number."""
        sizes = [step.domain.size for step in self._steps]
        return None if None in sizes else math.prod(size for size in sizes if size is not None)

    def forbidden_by(self, config: Config) -> ForbiddenLike | None:
        """Return the clause that forbids a configuration, None if there is none."""
        return next((clause for test, clause in self._forbidden if test(config)), None)

    def from_unit(self, u: Sequence[float]) -> dict[str, Value] | None:
        """Return the configuration at one point of the unit cube, None if it is forbidden.

        Args:
            u: One number from 0 to 1 for each parameter, in the order of ``names``; those of parameters that turn
                out inactive are not used.
        """
        config = self._collect(lambda step, values: step.quantile(float(u[step.index])))
        return None if any(test(config) for test, _ in self._forbidden) else config

    def grid_values(self, name: str, levels: int) -> list[Value]:
        """Return a parameter's values on a grid: all choices, ``levels`` values of a real or wide parameter."""
        step = next(step for step in self._steps if step.domain.name == name)
        return grid_values(step.domain, levels)

    def check(self, values: Mapping[str, object], place: str = "") -> dict[str, Value]:
        """Return a configuration as plain, typed, active-only values.

        Raises:
            SpaceError: A parameter is unknown, missing, inactive or out of its range, or the whole is forbidden.
        """
        self._refuse_unknown(values, place)

        def take(step: _Step, config: Config) -> Value:
            if step.domain.name not in values:
                raise SpaceError(f"no value for {step.domain.name}: {step.domain.describe()}.", place=place)
            return step.domain.from_value(values[step.domain.name], place)

        config = self._collect(take)
        for step in self._steps:
            if step.domain.name in values and step.domain.name not in config:
                raise SpaceError(f"{step.domain.name} is inactive here: {step.condition}. Leave it out.", place=place)
        return self.allowed(config, place)

    def parse_texts(self, texts: Mapping[str, str], place: str = "") -> dict[str, Value]:
        """Return a configuration from the texts of flags or cells.

        A parameter that is not named takes its default. An inactive one is dropped, and only its text may be blank.

        Raises:
            SpaceError: A parameter is unknown, a text stands for none of its values, or the whole is forbidden.
        """
        self._refuse_unknown(texts, place)

        def take(step: _Step, config: Config) -> Value:
            text = texts.get(step.domain.name)
            return step.domain.default if text is None else step.domain.from_text(text, place)

        return self.allowed(self._collect(take), place)

    def allowed(self, config: dict[str, Value], place: str = "") -> dict[str, Value]:
        """Return the configuration.

        Raises:
            SpaceError: It is forbidden.
        """
        clause = self.forbidden_by(config)
        if clause is not None:
            raise SpaceError(f"this configuration is forbidden: {clause_text(clause)}.", place=place)
        return config

    def pruned(self, values: Config) -> dict[str, Value] | None:
        """Return the configuration that values of all parameters make, inactive ones left out; None if forbidden."""
        config = self._collect(lambda step, _: values[step.domain.name])
        return None if any(test(config) for test, _ in self._forbidden) else config

    def composed(self, choose: Callable[[Domain], Value]) -> dict[str, Value]:
        """Return what choosing the active parameters one by one, parents first, comes to; it may be forbidden."""
        return self._collect(lambda step, _: choose(step.domain))

    def conditions_parents_first(self) -> list[tuple[str, ConditionLike]]:
        """Return the parameters that have a condition, each after those that it hangs on."""
        return [(step.domain.name, step.condition) for step in self._steps if step.condition is not None]

    def configuration(self, config: Config) -> Configuration:
        """Return ConfigSpace's object for a configuration that ``check`` has passed.

        Raises:
            SpaceError: It is not valid.
        """
        try:
            return Configuration(self.configspace, values=dict(config))
        except ValueError as error:
            raise SpaceError(f"{dict(config)} is not valid here: {error}") from error

    def _step(self, name: str) -> _Step:
        parameter = self.configspace[name]
        domain = domain_of(parameter)
        conditions = self.configspace.parent_conditions_of[name]
        condition = conditions[0] if conditions else None
        return _Step(
            self.names.index(name),
            domain,
            make_quantile(parameter, domain, self.distributions.get(name)),
            None if condition is None else condition_test(condition),
            condition,
        )

    def _collect(self, take: Callable[[_Step, Config], Value]) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for step in self._steps:
            if step.active is None or step.active(values):
                values[step.domain.name] = take(step, values)
        return {name: values[name] for name in self.names if name in values}

    def _refuse_unknown(self, values: Mapping[str, Any], place: str) -> None:
        for name in values:
            if name not in self.configspace:
                raise SpaceError(f'no parameter "{name}". {nearest(str(name), self.names)}', place=place)


def plain_config(configuration: Configuration) -> dict[str, Value]:
    """Return a ConfigSpace configuration as plain Python values: active parameters only."""
    space = configuration.config_space
    vector = configuration.get_array()
    values: dict[str, Value] = {}
    for name, index in space.index_of.items():
        if math.isnan(vector[index]):
            continue
        value = configuration[name]
        # a real value that was given stays as it was given: through the vector its last digit may change
        is_number = isinstance(space[name], NumericalHyperparameter)
        values[name] = value if is_number else value_at(space[name], float(vector[index]))
    return values


def clause_text(clause: ForbiddenLike) -> str:
    """Return a forbidden clause as a person would write it."""
    return str(clause).replace("Forbidden: ", "")
