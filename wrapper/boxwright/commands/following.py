"""``status -f``: a line whenever something has changed, until the study is left by its controller."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from boxwright.commands.queued import Watched, ask, job_folder, last_words, read_job
from boxwright.errors import UserError

_PAUSE_S = 1.0
_LATE_S = 5.0
"""So long after its controller's job is gone a study may come into sight on a network file system."""


def follow(
    study: str | Path, say: Callable[[str], None], *, pause_s: float = _PAUSE_S, late_s: float = _LATE_S
) -> dict[str, Any]:
    """Say where a study stands, again whenever that has changed; return its last state when its controller is gone.

    A study whose controller's job waits in the queue is waited for.

    Raises:
        UserError: The folder is something else, or its controller's job was never queued or came to nothing.
    """
    from boxwright.commands.status import status

    folder = Path(study).absolute()
    _wait_for(folder, say, pause_s, late_s)
    said = ""
    while True:
        state = status(folder)
        line = state_line(state)
        if line != said:
            say(line)
            said = line
        if state["controller"] != "running":
            return state
        time.sleep(pause_s)


def _wait_for(folder: Path, say: Callable[[str], None], pause_s: float, late_s: float) -> None:
    """Wait until the controller is at work whose job was queued, or until that job is over."""
    from boxwright.store.layout import is_study
    from boxwright.study.control import is_running

    job = read_job(folder)
    if job is None:
        if is_study(folder):
            return
        raise UserError("is no study. Give the folder that `boxwright run` or `submit` named.", place=str(folder))
    watched, said, gone_since = Watched(job), "", 0.0
    while not is_study(folder) or (job.resumes and not is_running(folder)):
        state, trouble = ask(watched)
        if state or trouble:
            gone_since = 0.0
            words = f"the job of its controller has not begun yet; job {job.job}: {state or trouble}"
            if words != said:
                say(words)
                said = words
        else:
            gone_since = gone_since or time.monotonic()
            if is_study(folder):
                return
            if time.monotonic() > gone_since + late_s:
                why = last_words(folder, job.job) or "it left no word in its log"
                raise UserError(
                    f"there is no study: job {job.job} of its controller is over. {why} ({job_folder(folder)})",
                    place=str(folder),
                )
        time.sleep(pause_s)


def state_line(state: dict[str, Any]) -> str:
    """Return in one line where a study stands."""
    from boxwright.report.words import counted

    target = "?" if state["target"] is None else state["target"]
    parts = [f"{state['settled']} of {target} trials settled"]
    if state["failed"]:
        parts.append(f"{state['failed']} without an answer")
    if state["running"]:
        parts.append(f"{len(state['running'])} running")
    if state.get("pilots"):
        parts.append(f"{counted(state['pilots']['running'], 'pilot')}, {state['pilots']['queued']} queued")
    if state.get("jobs"):
        parts.append(f"{counted(state['jobs']['running'], 'job')} at work, {state['jobs']['queued']} queued")
    best = state["incumbent"]
    if best is not None and best.get("quality") is not None:
        parts.append(f"best {best['quality']:.6g}")
    if state["state"] != "running":
        parts.append(state["reason"] or state["state"])
    return ", ".join(parts)


def follow_command(study: str) -> int:
    """Do ``boxwright status -f``; Ctrl-C ends the looking, and nothing else."""

    def say(line: str) -> None:
        sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
        sys.stdout.flush()

    try:
        follow(study, say)
    except KeyboardInterrupt:
        return 130
    return 0
