"""What a run that was submitted came to, or why it came to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from boxwright.errors import RunError, StudyError
from boxwright.terms import Status, Value


class RefusedError(RunError):
    """The study does not carry this out: the configuration is not in its space, for one."""


class CancelledError(RunError):
    """The run was cancelled before it had an outcome."""


class EndedError(RunError):
    """The run is over, so nothing can be reported of it any more."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a run came to.

    Attributes:
        cost: What is to be minimised; None for a failure.
        metrics: Those that the run itself has reported, and those that were reported of it.
        config: As it was run, defaults filled in.
        runtime_s: As the run reports it, else its wall time.
        folder: The run's own folder, with all that it has left.
    """

    trial: int
    run: int
    status: Status
    quality: float | None
    cost: float | None
    metrics: Mapping[str, float]
    config: Mapping[str, Value]
    seed: int
    runtime_s: float
    additional: str
    reason: str
    folder: Path


_DEFAULTS: dict[str, object] = {
    "quality": None,
    "cost": None,
    "metrics": {},
    "config": {},
    "seed": 0,
    "runtime_s": 0.0,
    "additional": "",
    "reason": "",
}


def result_of(answer: Mapping[str, Any]) -> Result:
    """Return what the controller's answer says.

    Raises:
        RefusedError: It is not carried out.
        StudyError: The study has ended, or this is no answer.
    """
    state, text = answer.get("state", "refused"), str(answer.get("text", ""))
    if state == "refused":
        raise RefusedError(text)
    if state != "done":
        raise StudyError(text)
    found = {**_DEFAULTS, **answer}
    try:
        found |= {"status": Status(found["status"]), "folder": Path(found["folder"])}
        return Result(**{field.name: found[field.name] for field in fields(Result)})
    except (KeyError, TypeError, ValueError) as error:
        raise StudyError("this is no controller of a study") from error
