"""``show`` and ``tail``: one run, and its log."""

from __future__ import annotations

import json
import shlex
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from boxwright.commands.opening import find_run, open_study
from boxwright.errors import UserError, one_line
from boxwright.store.layout import RUN_RECORD

if TYPE_CHECKING:
    from boxwright.store.records import RunRecord

_BLOCK_BYTES = 64 * 1024
_MOST_FILES = 200


def show(study: str | Path, run: int) -> RunRecord:
    """Return one run of a study.

    Raises:
        UserError: The folder is no study, or there is no such run.
    """
    with open_study(study).store as store:
        return find_run(store, run)


def show_command(study: str, run: int, *, as_json: bool) -> int:
    """Do ``boxwright show``."""
    from boxwright.report.json_text import json_text

    record = show(study, run)
    if as_json:
        sys.stdout.write(f"{json_text(record.as_json(), indent=1)}\n")
        return 0
    sys.stdout.write("".join(f"{line}\n" for line in _description(Path(study).absolute(), record)))
    return 0


def _description(study: Path, record: RunRecord) -> Iterator[str]:
    from boxwright.report.words import number, size, value_text

    folder = Path(record.folder)
    files = _files(study, folder)
    yield f"run {record.run}, attempt {record.attempt} of trial {record.trial} ({one_line(record.origin)})"
    yield f"status: {record.status}{': ' if record.reason else ''}{one_line(record.reason)}"
    proposer = "" if record.optimizer_seed is None else f", optimizer seed {record.optimizer_seed}"
    yield f"slot {record.slot}, GPUs {','.join(record.gpus) or 'none'}, seed {record.seed}{proposer}"
    if record.instance is not None:
        yield f"instance: {one_line(record.instance)}"
    if record.started is not None:
        yield f"started: {datetime.fromtimestamp(record.started).astimezone().isoformat(' ', 'seconds')}"
    yield _used(record)
    if words := _command_line(folder / RUN_RECORD):
        yield f"command: {one_line(shlex.join(words))}"
    yield "configuration:"
    yield from (f"  {one_line(name)} = {value_text(value)}" for name, value in record.config.items())
    if record.metrics:
        yield "metrics:"
        yield from (f"  {one_line(name)} = {number(value)}" for name, value in record.metrics.items())
    yield f"folder: {one_line(str(folder))}"
    yield from (f"  {one_line(str(path.relative_to(folder)))}  {size(path.lstat().st_size)}" for path in files)


def _used(record: RunRecord) -> str:
    """Return what a run has taken, as far as it is known yet."""
    from boxwright.report.words import seconds, size

    if record.wall_s is None:
        # Without a time of its own it runs still, or its end was not seen.
        lasts = time.time() - record.started if record.started and record.status == "RUNNING" else None
        return f"time: {'not known' if lasts is None else f'{seconds(lasts)} so far'}"
    cpu = "" if record.cpu_s is None else f", {seconds(record.cpu_s)} CPU"
    memory = "" if record.max_rss_bytes is None else f"; memory: {size(record.max_rss_bytes)}"
    return f"time: {seconds(record.wall_s)} wall{cpu}{memory}"


def _command_line(path: Path) -> list[str]:
    """Return the words that a run was started with; none where its record is gone or damaged."""
    from boxwright.parse.logs import open_regular

    try:
        with open_regular(path) as file:
            words = json.load(file)["argv"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return []
    return [str(word) for word in words] if isinstance(words, list) else []


def tail(study: str | Path, run: int | None = None, *, follow: bool = False, stderr: bool = False) -> Iterator[bytes]:
    """Yield what a run (the newest if None) has written, block by block; with ``follow`` until the run is over.

    Raises:
        UserError: The folder is no study, or there is no such run.
    """
    from boxwright.store.contents import lies_inside

    record = show(study, _newest(study) if run is None else run)
    path = Path(record.folder) / ("stderr.log" if stderr else "stdout.log")
    over = Path(record.folder) / "exit.json"
    if not lies_inside(Path(study).absolute(), path.parent):
        raise UserError("is a link or lies behind one, which is not followed.", place=str(path.parent))
    position = 0
    while True:
        last = over.exists() or not follow
        for block in _blocks_from(path, position):
            position += len(block)
            yield block
        if last:
            return
        if show(study, record.run).status != "RUNNING":
            follow = False
        time.sleep(0.2)


def _newest(study: str | Path) -> int:
    """Return the number of the run that was started last."""
    opened = open_study(study)
    with opened.store as store:
        numbers = [record.run for record in store.runs()]
    if not numbers:
        raise UserError("has no run yet.", place=str(opened.folder))
    return max(numbers)


def _blocks_from(path: Path, position: int) -> Iterator[bytes]:
    from boxwright.parse.logs import open_regular

    try:
        with open_regular(path) as file:
            file.seek(position)
            while block := file.read(_BLOCK_BYTES):
                yield block
    except FileNotFoundError:  # not begun yet, or discarded
        return
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror or error}.", place=str(path)) from error


def tail_command(study: str, run: int | None, *, follow: bool, stderr: bool) -> int:
    """Do ``boxwright tail``."""
    for block in tail(study, run, follow=follow, stderr=stderr):
        sys.stdout.buffer.write(block)
        sys.stdout.buffer.flush()
    return 0


def _files(study: Path, folder: Path) -> list[Path]:
    from boxwright.store.contents import regular_files

    if not folder.is_dir():
        raise UserError("the run's folder is gone.", place=str(folder))
    return regular_files(study, folder)[:_MOST_FILES]
