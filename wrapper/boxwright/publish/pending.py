"""What of a study is still to be uploaded; what has been is remembered there, for a resumed one."""

from __future__ import annotations

import contextlib
import fcntl
import heapq
import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from boxwright.scenario.publish import Publish
from boxwright.store.contents import regular_files
from boxwright.store.database import Store
from boxwright.store.layout import PUBLISHED, RESULTS, output_folder, run_folder
from boxwright.store.records import RunRecord
from boxwright.terms import Status, config_key

_LATEST = 500


class Pending:
    """What is still to be uploaded of one study."""

    def __init__(self, study: Path, publish: Publish, url: str) -> None:
        self._study = study
        self._publish = publish
        self._record = study / PUBLISHED
        self._url = url
        self._done: set[int] = set()
        self._known_to = 0
        self._seen: dict[int, tuple[float, int] | None] = {}
        self._results: tuple[int, int] | None = None

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep out an uploader that has outlived its controller: what is uploaded last must be the latest.

        Raises:
            OSError: The record of what was uploaded cannot be written.
        """
        with self._record.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def results(self) -> Path | None:
        """Return ``results.csv`` if it is not as it was uploaded last."""
        path = self._study / RESULTS
        try:
            status = path.stat()
        except OSError:
            return None
        self._looked_at = (status.st_size, status.st_mtime_ns)
        return None if self._looked_at == self._results else path

    def results_are_up(self) -> None:
        """Hear that it was uploaded as ``results`` found it."""
        self._results = self._looked_at

    def runs(self) -> list[int]:
        """Return the finished runs whose files are wanted and not uploaded yet, the earliest first."""
        if not self._publish.files:
            return []
        self._catch_up()
        with Store(self._study) as store:
            self._look(store)
            return [run for run in self._wanted(store) if run not in self._done]

    def files(self, run: int) -> Iterator[tuple[Path, str]]:
        """Yield the files of a run that are wanted, each with its path there: what was collected of it, too."""
        given: set[str] = set()
        for folder in (run_folder(self._study, run), output_folder(self._study, run)):
            for path in regular_files(self._study, folder):
                inner = path.relative_to(folder).as_posix()
                if inner not in given and any(_matches(inner, pattern) for pattern in self._publish.files):
                    given.add(inner)
                    yield path, f"runs/{run:06d}/{inner}"

    def run_is_up(self, run: int) -> None:
        """Remember that all files of a run were uploaded.

        Raises:
            OSError: It cannot be remembered.
        """
        line = json.dumps({"to": self._url, "run": run})
        self._done.add(run)
        with self._record.open("ab", buffering=0) as file:
            file.write(f"{line}\n".encode())

    def _catch_up(self) -> None:
        """Take in which runs were uploaded to this target before; a line that is none is uploaded once more."""
        with contextlib.suppress(FileNotFoundError), self._record.open("rb") as file:
            file.seek(self._known_to)
            for line in file:
                with contextlib.suppress(ValueError, TypeError, KeyError, RecursionError):
                    entry = json.loads(line)
                    if entry["to"] == self._url:
                        self._done.add(int(entry["run"]))
            self._known_to = file.tell()

    def _look(self, store: Store) -> None:
        """Take in the runs that have ended since the last look, without reading all of them again."""
        latest = list(store.latest_ended(_LATEST))
        records = latest if any(record.run in self._seen for record in latest) else store.finished_runs()
        for record in records:
            self._seen[record.run] = _rank(record)

    def _wanted(self, store: Store) -> list[int]:
        best = self._publish.best
        if best is None:
            return sorted(self._seen)
        if not store.is_noisy:
            ranks = ((rank, run) for run, rank in self._seen.items() if rank is not None)
            return sorted(run for _, run in heapq.nsmallest(best, ranks))
        keys = {config_key(config.config) for config in store.by_config().ranked(best)}
        return [record.run for record in store.runs(settling=True) if config_key(record.config) in keys]


def _rank(record: RunRecord) -> tuple[float, int] | None:
    counts = record.settles and record.status in (Status.SUCCESS, Status.TIMEOUT)
    return (record.cost, record.run) if counts and record.cost is not None else None


def _matches(path: str, pattern: str) -> bool:
    """Return whether a path matches a pattern as ``glob`` has them: ``**/`` is any folders, or none."""
    parts, wanted = PurePosixPath(path).parts, PurePosixPath(pattern).parts
    return _parts_match(parts, wanted)


def _parts_match(parts: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    if not wanted:
        return not parts
    if wanted[0] == "**":
        return any(_parts_match(parts[skipped:], wanted[1:]) for skipped in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], wanted[0]) and _parts_match(parts[1:], wanted[1:])
