"""Which metrics have a column of their own; apart from the set-up, so that a reader of tables loads no space."""

from __future__ import annotations

from boxwright.scenario import Scenario


def shown_metrics(scenario: Scenario) -> tuple[str, ...]:
    """Return the metrics with a column of their own: the objective first, then those the scenario names."""
    return tuple(dict.fromkeys((scenario.study.objective.metric, *scenario.parse.regex, *scenario.study.metrics)))
