"""What the way a run ended says about it, whatever it printed."""

from __future__ import annotations

import signal
from pathlib import Path

from boxwright.errors import one_line
from boxwright.execute.messages import Ended, Exit, PostExit
from boxwright.parse.logs import last_words
from boxwright.terms import Status


def stopped(exit: Exit, folder: Path) -> tuple[Status, str] | None:  # noqa: A002 - the word of the exit.json file
    """Return status and reason of a run that did not end by itself; None if it did."""
    detail = one_line(exit.detail)
    match exit.ended_by:
        case Ended.NOT_STARTED:
            return Status.CRASHED, f"the command could not be started: {detail or 'no reason given'}"
        case Ended.CANCELLED:
            return Status.KILLED, detail or "killed"
        case Ended.CUTOFF:
            return Status.TIMEOUT, f"stopped at the cutoff after {exit.wall_s:.1f} s"
        case Ended.MEMORY:
            return Status.MEMOUT, f"stopped at the memory limit: {detail or size_text(exit.max_rss_bytes)}"
        case Ended.OUTPUT:
            return Status.CRASHED, f"stopped because it wrote too much: {detail or _written(folder)}"
        case Ended.EXITED:
            return None


def failed(exit_code: int | None) -> str:
    """Return in words why this exit code is a failure; empty for 0."""
    if exit_code is None:
        return "no exit code"
    if exit_code == 0:
        return ""
    if exit_code < 0:
        return f"killed by {_signal_name(-exit_code)}"
    # A shell reports its child's signal as 128 + number.
    by_signal = f" (128 + {_signal_name(exit_code - 128)})" if 128 < exit_code < 160 else ""
    return f"exit code {exit_code}{by_signal}"


def post_failed(post: PostExit | None, folder: Path) -> str:
    """Return in words why there are no metrics of the post-process command; empty if it went well."""
    if post is None:
        return "the post-process command was not run"
    detail = one_line(post.detail)
    match post.ended:
        case Ended.EXITED:
            problem = failed(post.exit_code)
        case Ended.CUTOFF:
            problem = f"stopped at its cutoff after {post.wall_s:.1f} s"
        case Ended.NOT_STARTED:
            problem = f"could not be started: {detail or 'no reason given'}"
        case _:
            problem = f"was stopped: {detail or post.ended.value}"
    if not problem:
        return ""
    return f"post-process: {problem}{last_words(folder / 'postprocess.err', folder / 'postprocess.log')}"


def size_text(size_bytes: int) -> str:
    """Return a size as a person reads it: ``3.2 GiB``."""
    size = float(size_bytes)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _written(folder: Path) -> str:
    total = 0
    for name in ("stdout.log", "stderr.log"):
        try:
            total += (folder / name).lstat().st_size
        except OSError:
            continue
    return size_text(total)
