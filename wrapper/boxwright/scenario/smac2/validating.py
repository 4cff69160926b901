"""The options of SMAC v2 that say how an incumbent is validated."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from boxwright.scenario.instances import read_instances
from boxwright.scenario.smac2.places import Places
from boxwright.scenario.smac2.values import Values
from boxwright.scenario.validation import LEAST_FACTOR

_MOST_RUNS = 100_000
_FACTOR = 2.0


class ValidationOptions:
    """Reads them.

    Args:
        values: The options.
        instances: The section ``instances`` that they have made.
        files: Finds the file of test instances.

    Attributes:
        without_effect: Options that change nothing, each with the reason; known once ``found`` is through.
    """

    def __init__(self, values: Values, instances: Mapping[str, object], files: Places) -> None:
        self.without_effect: list[tuple[str, str]] = []
        self._values = values
        self._files = files
        self._test = instances.get("test")
        self._has_instances = "file" in instances or "names" in instances

    def found(self) -> Iterator[tuple[str, str, object]]:
        """Yield option, key of the section ``validation`` and value; None for what is not said.

        Raises:
            ScenarioError: A value is wrong.
        """
        values = self._values
        # SMAC v2 validates unless it is told not to. Here it has to have something to do so on.
        is_wanted = values.flag("validation", self._test is not None)
        if is_wanted and self._test is None and self._has_instances:
            self.without_effect.append(("validation", "there are no test instances"))
            is_wanted = False
        yield "validation", "at_end", is_wanted or None
        is_last_enough = values.flag("validate-only-last-incumbent", True)
        if values.flag("validate-all", False):
            yield "validate-all", "incumbents", "all"
        elif not is_last_enough:
            yield "validate-only-last-incumbent", "incumbents", "times"
        factor = values.number("mult-factor", _FACTOR, least=0)
        if factor is not None and factor < LEAST_FACTOR:
            raise values.wrong("mult-factor", f"a number of at least {LEAST_FACTOR}")
        yield "mult-factor", "factor", None if factor == _FACTOR else factor
        yield "min-timestamp", "from_s", values.number("min-timestamp", least=0) or None
        until_s = values.number("max-timestamp", least=-1)
        yield "max-timestamp", "until_s", None if until_s is None or until_s <= 0 else until_s
        most = values.whole("num-test-instances", least=1)
        yield "num-test-instances", "instances", most
        yield "num-validation-runs", "runs", self._runs(most)
        yield "validation-seed", "seed", values.whole("validation-seed") or None

    def _runs(self, most: int | None) -> int | None:
        """Return how often a configuration runs on each test instance; None where nothing says it.

        SMAC v2 takes ``num-validation-runs``, rounded up to a multiple of the test instances, and by its manual
        ``num-seeds-per-test-instance`` bounds it.
        """
        total = self._values.whole("num-validation-runs")
        seeds = self._values.whole("num-seeds-per-test-instance", least=1)
        runs = [seeds] if seeds is not None else []
        if total is not None:
            instances = self._instances()
            runs.append(math.ceil(total / max(1, min(instances, most or instances))))
        if not runs:
            return None
        if self._values.flag("algo-deterministic", True) and max(runs) > 1:
            for option in ("num-validation-runs", "num-seeds-per-test-instance"):
                if self._values.place(option):
                    self.without_effect.append((option, "a deterministic command runs once on each test instance"))
            return None
        return max(1, min(*runs, _MOST_RUNS))

    def _instances(self) -> int:
        if isinstance(self._test, str):
            return len({row.name for row in read_instances(self._files.file(self._test, ""), self._test)})
        return len(self._test) if isinstance(self._test, list) else 1
