"""For optimizers written in Python: submit a configuration to a study, and wait for what comes of it.

```python
from boxwright.sdk import submit

run = submit({"x": 0.5})
print(run.wait().cost)
```

The study is the one that has started this process (``optimizer.command``), or the one that is named. Any number of
runs may be open at once, in any number of threads; ``asyncio.to_thread(run.wait)`` waits in a coroutine.
"""

from __future__ import annotations

import os
import selectors
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from boxwright.algo.line import NoStudyError, open_line, read_answer
from boxwright.errors import RunError, StudyError, UserError
from boxwright.terms import Status, Value


class RefusedError(RunError):
    """The study does not carry this out: it is not in its space, for one."""


class CancelledError(RunError):
    """The run was cancelled before it had an outcome."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run came to.

    Attributes:
        cost: What is to be minimised; None for a failure.
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


class Run:
    """A configuration that was submitted."""

    def __init__(self, study: str, wanted: dict[str, object]) -> None:
        try:
            self._line = open_line(study, wanted)
        except NoStudyError as error:
            raise StudyError(str(error)) from error
        self._lock = threading.Lock()
        self._answer: dict[str, object] | None = None
        self._is_cancelled = False

    def wait(self) -> Report:
        """Wait until it is over, and return what it came to; as often as you like, in any thread.

        Raises:
            RefusedError: It is not carried out.
            CancelledError: It was cancelled.
            StudyError: The study has ended.
        """
        with self._lock:
            if self._answer is None:
                try:
                    self._answer = read_answer(self._line)
                except NoStudyError as error:
                    self._answer = {"state": "over", "text": str(error)}
        if self._is_cancelled and self._answer.get("state") != "done":
            raise CancelledError("the run was cancelled")
        return _report(self._answer)

    def report(self) -> Report | None:
        """Return what it came to; None while it waits or runs.

        Raises:
            RefusedError, CancelledError, StudyError: As ``wait``.
        """
        return self.wait() if self._is_over() else None

    def cancel(self) -> None:
        """Withdraw it; a run that nobody else wants is stopped, and counts as KILLED."""
        self._is_cancelled = True
        try:
            self._line.shutdown(2)  # wakes who waits in another thread
        except OSError:
            return  # it is over

    def _is_over(self) -> bool:
        if self._answer is not None or self._line.fileno() < 0:
            return True
        with selectors.DefaultSelector() as selector:
            selector.register(self._line, selectors.EVENT_READ)
            return bool(selector.select(0))


def submit(
    values: Mapping[str, Value],
    *,
    instance: str | None = None,
    seed: int | None = None,
    cutoff_s: float | None = None,
    study: str | Path | None = None,
) -> Run:
    """Have a configuration run on a free slot of the study.

    Args:
        values: Parameters; one that is not named takes its default.
        instance: What it is run on.
        seed: For the command; ``study.seed`` if None.
        cutoff_s: Seconds that the run is given, if fewer than the scenario's.
        study: The study folder; the one that has started this process if None.

    Raises:
        UserError: No study is named, and none has started this process.
        StudyError: Nobody is at work on it.
    """
    folder = str(study or os.environ.get("BOXWRIGHT_STUDY", ""))
    if not folder:
        raise UserError("which study? BOXWRIGHT_STUDY is not set here. Name its folder.", place="submit")
    copy = os.environ.get("BOXWRIGHT_COPY", "")
    wanted = {"instance": instance, "seed": seed, "cutoff_s": cutoff_s, "copy": int(copy) if copy.isdigit() else None}
    return Run(folder, {"values": dict(values), **{name: item for name, item in wanted.items() if item is not None}})


def as_completed(runs: Iterable[Run]) -> Iterator[Run]:
    """Yield runs as they come to their ends."""
    with selectors.DefaultSelector() as selector:
        for run in dict.fromkeys(runs):
            if run._is_over():
                yield run
            else:
                selector.register(run._line, selectors.EVENT_READ, run)
        while selector.get_map():
            for key, _ in selector.select():
                selector.unregister(key.fileobj)
                yield key.data


def _report(answer: dict[str, Any]) -> Report:
    state, text = answer.get("state", "refused"), str(answer.get("text", ""))
    if state == "refused":
        raise RefusedError(text)
    if state != "done":
        raise StudyError(text)
    defaults: dict[str, Any] = {
        "quality": None,
        "cost": None,
        "metrics": {},
        "config": {},
        "seed": 0,
        "runtime_s": 0.0,
    }
    found = {**defaults, "additional": "", "reason": "", **answer}
    found |= {"status": Status(found["status"]), "folder": Path(found["folder"])}
    return Report(**{field.name: found[field.name] for field in fields(Report)})
