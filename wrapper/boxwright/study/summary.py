"""How a study was left."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Summary:
    """How a study was left.

    Attributes:
        settled: Trials with an outcome.
        failed: Those among them without an answer (crashed, timed out, killed …).
        interrupted: Whether it was stopped before it was through.
        aborted: Whether a run asked for the study to stop.
        reason: Why it ended of its own accord before all runs were made, in one line: a goal was reached, or a limit
            of the scenario stopped it (``wallclock_s``, ``first_failures``); empty where it was through, or stopped
            by a person.
    """

    settled: int
    failed: int
    interrupted: bool
    aborted: bool
    reason: str = ""

    @property
    def exit_code(self) -> int:
        """Return what the command line exits with: 0 done, 1 done with failed runs, 130 interrupted."""
        if self.interrupted and not self.reason:
            return 130
        return 1 if self.failed or self.aborted else 0

    @property
    def left(self) -> str:
        """Return in one word how the study was left: finished, interrupted or aborted."""
        return "aborted" if self.aborted else "interrupted" if self.interrupted else "finished"
