"""Submits configurations, and keeps what comes back."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import json
import math
import os
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from boxwright.algo.line import NoStudyError, open_line, parse_answer
from boxwright.errors import StudyError, UserError
from boxwright.sdk.listening import listen
from boxwright.sdk.results import CancelledError, EndedError, RefusedError, Result, result_of
from boxwright.terms import Value

_ACKNOWLEDGED = ("reported", "unreported")
_Answer = dict[str, Any]


class Run:
    """A configuration that was submitted. ``await run`` is ``run.wait()`` in a coroutine."""

    def __init__(self, study: str, wanted: dict[str, object]) -> None:
        try:
            self._line = open_line(study, wanted)
        except NoStudyError as error:
            raise StudyError(str(error)) from error
        self._lock = threading.Lock()
        self._end: concurrent.futures.Future[_Answer] = concurrent.futures.Future()
        self._end.set_running_or_notify_cancel()  # so that a coroutine that is cancelled does not cancel it
        self._reports: deque[concurrent.futures.Future[_Answer | None]] = deque()
        self._is_cancelled = False
        listen(self._line, self._hear)

    def wait(self) -> Result:
        """Wait until it is over, and return what it came to; as often as you like, in any thread.

        Raises:
            RefusedError: It is not carried out.
            CancelledError: It was cancelled.
            StudyError: The study has ended.
        """
        answer = self._end.result()
        if self._is_cancelled and answer.get("state") != "done":
            raise CancelledError("the run was cancelled")
        return result_of(answer)

    def __await__(self) -> Generator[Any, None, Result]:
        yield from asyncio.wrap_future(self._end).__await__()
        return self.wait()

    def result(self) -> Result | None:
        """Return what it came to; None while it waits or runs.

        Raises:
            RefusedError, CancelledError, StudyError: As ``wait``.
        """
        return self.wait() if self._end.done() else None

    def report(self, metrics: Mapping[str, float]) -> None:
        """Attach metrics to it, while it waits or runs; they are on disk when this returns.

        They are shown beside those that the run itself reports. Of one name the last report counts, and what the run
        itself says goes before. One that waits for a slot still keeps them until it starts.

        Args:
            metrics: Finite numbers by name; not the objective, which the run says.

        Raises:
            EndedError: It is over.
            UserError: These are no metrics.
            RefusedError: The study does not take them; the text says why.
            StudyError: The study has ended.
        """
        line = json.dumps({"do": "report", "metrics": _checked(metrics)}).encode() + b"\n"
        report: concurrent.futures.Future[_Answer | None] = concurrent.futures.Future()
        with self._lock:
            if self._end.done():
                report.set_result(None)
            else:
                self._reports.append(report)
                with contextlib.suppress(OSError):  # it has just ended, which is heard next
                    self._line.sendall(line)
        answer = report.result()
        if answer is None:
            raise EndedError(f"run {self.wait().run} is over: report of it before its end")
        if answer["state"] != "reported":
            raise RefusedError(str(answer.get("text", "")))

    def cancel(self) -> None:
        """Withdraw it; a run that nobody else wants is stopped, and counts as KILLED."""
        self._is_cancelled = True
        try:
            self._line.shutdown(2)  # whoever waits in another thread hears of it
        except OSError:
            return  # it is over

    def _hear(self, text: bytes | None) -> None:
        """Take what the controller says; called in the thread that listens."""
        try:
            answer: _Answer = parse_answer(text or b"")
        except NoStudyError as error:
            answer = {"state": "over", "text": str(error)}
        with self._lock:
            if answer.get("state") in _ACKNOWLEDGED:
                if self._reports:
                    self._reports.popleft().set_result(answer)
            elif not self._end.done():
                self._end.set_result(answer)
                while self._reports:
                    self._reports.popleft().set_result(None)


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
        UserError: No study is named, and none has started this process; or a value is none.
        StudyError: Nobody is at work on it.
    """
    folder = str(study or os.environ.get("BOXWRIGHT_STUDY", ""))
    if not folder:
        raise UserError("which study? BOXWRIGHT_STUDY is not set here. Name its folder.", place="submit")
    copy = os.environ.get("BOXWRIGHT_COPY", "")
    wanted = {"instance": instance, "seed": seed, "cutoff_s": cutoff_s, "copy": int(copy) if copy.isdigit() else None}
    asked: dict[str, object] = {name: _plain(name, item) for name, item in wanted.items() if item is not None}
    return Run(folder, {"values": {name: _plain(name, value) for name, value in values.items()}, **asked})


def as_completed(runs: Iterable[Run]) -> Iterator[Run]:
    """Yield runs as they come to their ends."""
    by_end = {run._end: run for run in runs}
    for end in concurrent.futures.as_completed(by_end):
        yield by_end[end]


def _plain(name: str, value: object) -> Value:
    """Return a value as Python's own, numpy's too.

    Raises:
        UserError: No command can be given it.
    """
    plain = value
    if not isinstance(value, bool | int | float | str) and hasattr(value, "item"):
        with contextlib.suppress(ValueError):  # an array of several
            plain = value.item()
    if isinstance(plain, bool | int | str) or (isinstance(plain, float) and math.isfinite(plain)):
        return plain
    raise UserError(f"{name} = {value!r}: a value is a text, a finite number, true or false.", place="submit")


def _checked(metrics: Mapping[str, float]) -> dict[str, float]:
    """Return metrics as plain numbers by name.

    Raises:
        UserError: One is not finite, or no number, or there are none.
    """
    found: dict[str, float] = {}
    for name, value in metrics.items():
        number = math.nan
        if not isinstance(value, bool | str | bytes):
            with contextlib.suppress(TypeError, ValueError, OverflowError):
                number = float(value)  # numpy's numbers, too
        if not isinstance(name, str) or not math.isfinite(number):
            raise UserError(f"{name!r} = {value!r}: a metric is a name and a finite number.", place="report")
        found[name] = number
    if not found:
        raise UserError("no metrics. Name one at least.", place="report")
    return found
