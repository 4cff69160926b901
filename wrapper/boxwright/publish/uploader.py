"""The process that uploads: ``python -m boxwright.publish.uploader STUDY``. Its controller never waits for it.

It looks at the study once a second, or less often where a look takes long, and uploads what has changed, one file at
a time. What cannot be uploaded is tried again, less and less often. When its stdin ends, be it that the study is over
or that the controller was killed, it goes through what is left, for so long as the scenario says, and ends.
Each line that it prints is for a person.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from boxwright.errors import BoxwrightError, one_line
from boxwright.publish.pending import Pending
from boxwright.publish.target import Target
from boxwright.scenario.stored import read_stored_scenario
from boxwright.store.layout import RESULTS, SCENARIO

_EVERY_S = 1.0
_SHARE = 5.0
"""Between two looks, so many times what a look takes."""

_LONGEST_S = 60.0
_LONGEST_WORDS = 300
_OUTAGE = 3
"""After so many runs in one pass that could not be uploaded, it is not for the runs."""

ALL_UP = 0
SOMETHING_LEFT = 75
"""No exit code of Python's own: whatever ends with another has died."""


class Uploader:
    """Uploads one study until it is told to end.

    Args:
        pending: What is still to be uploaded.
        target: Where to.
        closing: Set when the study is over.
        wait_s: How long to go on after that.
    """

    def __init__(self, pending: Pending, target: Target, closing: threading.Event, wait_s: float) -> None:
        self._pending = pending
        self._target = target
        self._closing = closing
        self._wait_s = wait_s
        self._failures = 0
        self._refused: set[int] = set()

    def run(self) -> int:
        """Upload until all is over; return whether something is left."""
        while True:
            last = self._closing.is_set()
            begun = time.monotonic()
            whole = self._pass()
            if last and whole:
                return ALL_UP
            if last:
                return self._insist()
            took = time.monotonic() - begun
            self._closing.wait(max(_EVERY_S, _SHARE * took) if whole else self._pause_s())

    def _insist(self) -> int:
        """Try again after the end, until all is uploaded or the time is over."""
        deadline = time.monotonic() + self._wait_s
        while (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, self._pause_s()))
            if self._pass():
                return ALL_UP
        return SOMETHING_LEFT

    def _pause_s(self) -> float:
        return float(min(_LONGEST_S, _EVERY_S * 2 ** min(10, self._failures - 1)))

    def _pass(self) -> bool:
        """Upload all that is to be uploaded now; return whether nothing went wrong."""
        try:
            with self._pending.alone():
                if (results := self._pending.results()) is not None:
                    self._target.put(results, RESULTS)
                    self._pending.results_are_up()
                self._upload_runs()
        except Exception as error:  # noqa: BLE001  libraries of object stores raise whatever they like
            self._failures += 1
            if self._failures == 1:
                words = one_line(f"{type(error).__name__}: {error}")[:_LONGEST_WORDS]
                _say(f"{self._target.url} cannot be written to: {words}. The study goes on, and it is tried again")
            return False
        if self._failures:
            self._failures = 0
            _say(f"{self._target.url} is up to date again")
        return True

    def _upload_runs(self) -> None:
        """Upload the files of runs; one that cannot be, for a name that nobody takes, holds no other up."""
        trouble: list[Exception] = []
        for run in sorted(self._pending.runs(), key=lambda run: run in self._refused):
            try:
                for path, remote in self._pending.files(run):
                    self._target.put(path, remote)
                self._pending.run_is_up(run)
            except Exception as error:  # noqa: BLE001  see above
                trouble.append(error)
                self._refused.add(run)
                if len(trouble) == _OUTAGE:
                    break
        if trouble:
            raise trouble[0]


def _say(text: str) -> None:
    try:
        sys.stdout.write(f"publish: {text}\n")
        sys.stdout.flush()
    except OSError:
        pass  # nobody listens any more; what is left is uploaded all the same


def main(study: Path) -> int:
    """Upload a study until stdin ends."""
    closing = threading.Event()

    def wait_for_end() -> None:
        sys.stdin.buffer.read()
        closing.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    try:
        publish = read_stored_scenario(study / SCENARIO).publish
    except BoxwrightError as error:
        _say(str(error))
        return SOMETHING_LEFT
    if publish is None:
        return ALL_UP
    target = Target(publish.to, study.name)
    return Uploader(Pending(study, publish, target.url), target, closing, publish.wait_s).run()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
