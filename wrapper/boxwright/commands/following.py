"""``status -f``: a line whenever something has changed, until the study is left by its controller."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from boxwright.errors import UserError

_PAUSE_S = 1.0


def follow(study: str | Path, say: Callable[[str], None], *, pause_s: float = _PAUSE_S) -> dict[str, Any]:
    """Say where a study stands, again whenever that has changed; return its last state when its controller is gone.

    A study that is not there yet, because the job of its controller waits in the queue, is waited for.

    Raises:
        UserError: The folder is something else, or its controller's job was never queued.
    """
    from boxwright.commands.status import status
    from boxwright.store.layout import is_study

    folder = Path(study).absolute()
    if not is_study(folder):
        _wait_for(folder, say, pause_s)
    said = ""
    while True:
        state = status(folder)
        line = state_line(state)
        if line != said:
            say(line)
            said = line
        if state["state"] != "running":
            return state
        time.sleep(pause_s)


def _wait_for(folder: Path, say: Callable[[str], None], pause_s: float) -> None:
    from boxwright.store.layout import is_study

    if not job_folder(folder).is_dir():
        raise UserError("is no study. Give the folder that `boxwright run` or `submit` named.", place=str(folder))
    say("the job of its controller has not begun yet")
    while not is_study(folder):
        time.sleep(pause_s)


def job_folder(study: Path) -> Path:
    """Return where job script and talk of a controller lie that was queued: beside its study, not there yet."""
    return study.with_name(f"{study.name}.controller")


def state_line(state: dict[str, Any]) -> str:
    """Return in one line where a study stands."""
    target = "?" if state["target"] is None else state["target"]
    parts = [f"{state['settled']} of {target} trials settled"]
    if state["failed"]:
        parts.append(f"{state['failed']} without an answer")
    if state["running"]:
        parts.append(f"{len(state['running'])} running")
    if state.get("pilots"):
        parts.append(f"{state['pilots']['running']} pilots, {state['pilots']['queued']} queued")
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
