"""What was taken over from one source of a warm start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec import Struct

from boxwright.errors import ScenarioError, SpaceError
from boxwright.terms import Config, Status, Value


class WarmRun(Struct, frozen=True, kw_only=True):
    """A run of elsewhere: one line of the study's copy.

    Attributes:
        source: Where it is from, as the scenario says it.
        quality: In the user's own direction; None for a failure.
    """

    source: str
    status: Status
    quality: float | None
    config: dict[str, Value]


@dataclass
class Taken:
    """What was taken over from one source.

    Attributes:
        passed: How many runs were not.
        reason: Why the first of these was not.
        merged: How many runs more than ``runs`` were taken over: several of one configuration became one.
        defaults: Parameters that the source does not have, so that they take their defaults.
        words: What else is to be said of it.
    """

    source: str
    runs: list[WarmRun] = field(default_factory=list)
    passed: int = 0
    reason: str = ""
    merged: int = 0
    defaults: Config = field(default_factory=dict)
    words: list[str] = field(default_factory=list)

    def add(self, status: Status, quality: float | None, config: Callable[[], dict[str, Value]]) -> None:
        """Take a run over if its configuration is one of this space."""
        try:
            run = WarmRun(source=self.source, status=status, quality=quality, config=config())
        except SpaceError as error:
            self.pass_over(error.problem)
        else:
            self.runs.append(run)

    def pass_over(self, reason: str) -> None:
        """Count a run that cannot be taken over."""
        self.passed += 1
        self.reason = self.reason or reason.rstrip(".")

    @property
    def note(self) -> str:
        """Return in one line what was taken over."""
        taken = len(self.runs) + self.merged
        total = taken + self.passed
        text = f"warm start: {taken} of {total} run{'' if total == 1 else 's'} of {self.source} taken over"
        if self.merged:
            text += f", as {len(self.runs)} configuration{'' if len(self.runs) == 1 else 's'}"
        if self.passed:
            text += f"; {self.passed} not, the first because {self.reason}"
        if self.defaults:
            values = ", ".join(f"{name} = {value}" for name, value in self.defaults.items())
            text += f"; not in there, so taken as the default: {values}"
        return "; ".join([text, *self.words])


def refuse_empty(taken: Taken, if_empty: str) -> None:
    """Refuse a source of which nothing can be taken over.

    Raises:
        ScenarioError: In any case.
    """
    if not taken.passed:
        raise ScenarioError(if_empty, place=taken.source)
    counted = "one run" if taken.passed == 1 else f"{taken.passed} runs"
    raise ScenarioError(
        f"{counted}, none of which can be taken over, the first because {taken.reason}.", place=taken.source
    )
