"""``show`` and ``tail``: one run, and its log."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from boxwright.commands.opening import find_run, open_study
from boxwright.errors import UserError, one_line

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
    from boxwright.report.words import number, seconds, size, value_text

    record = show(study, run)
    if as_json:
        json.dump(record.as_json(), sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
        return 0
    folder = Path(record.folder)
    files = _files(Path(study).absolute(), folder)
    lines = [
        f"run {record.run}, attempt {record.attempt} of trial {record.trial} ({record.origin})",
        f"status: {record.status}{': ' if record.reason else ''}{one_line(record.reason)}",
        f"slot {record.slot}, GPUs {','.join(record.gpus) or 'none'}, seed {record.seed}",
        f"time: {seconds(record.wall_s)} wall, {seconds(record.cpu_s)} CPU; memory: {size(record.max_rss_bytes)}",
        "configuration:",
        *(f"  {one_line(name)} = {value_text(value)}" for name, value in record.config.items()),
        "metrics:",
        *(f"  {one_line(name)} = {number(value)}" for name, value in record.metrics.items()),
        f"folder: {one_line(str(folder))}",
        *(f"  {one_line(str(path.relative_to(folder)))}  {size(path.lstat().st_size)}" for path in files),
    ]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def tail(study: str | Path, run: int, *, follow: bool = False, stderr: bool = False) -> Iterator[bytes]:
    """Yield what a run has written, block by block; with ``follow`` until the run is over.

    Raises:
        UserError: The folder is no study, or there is no such run.
    """
    from boxwright.store.contents import lies_inside

    record = show(study, run)
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
        if show(study, run).status != "RUNNING":
            follow = False
        time.sleep(0.2)


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


def tail_command(study: str, run: int, *, follow: bool, stderr: bool) -> int:
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
