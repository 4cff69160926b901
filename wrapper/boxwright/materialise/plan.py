"""What a run would be, before anything is written: the plan, and how it reads in ``boxwright check``."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from boxwright.errors import one_line
from boxwright.materialise.environment import mask_secrets


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file that is written into the run folder."""

    content: bytes
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """An input that is put into the run folder.

    Attributes:
        source: Absolute.
        target: Relative to the run folder; ``.`` for the folder itself.
        mode: As in the scenario.
    """

    source: Path
    target: str
    mode: Literal["link", "copy", "archive"]


@dataclass(frozen=True, slots=True)
class Plan:
    """One run, ready to be written and started.

    Attributes:
        argv: The command; the first word is an absolute path.
        env: The full environment.
        added_env: What of it boxwright and the scenario put in.
        files: Path relative to the run folder → file.
        stages: Inputs, put in before the files are written.
        post_argv: The post-process command, None if the scenario has none.
        workdir: Where the command works, if not in the run folder; absolute.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    added_env: Mapping[str, str]
    files: Mapping[str, PlannedFile] = field(default_factory=dict)
    stages: tuple[Stage, ...] = ()
    post_argv: tuple[str, ...] | None = None
    workdir: str | None = None


def describe_plan(plan: Plan) -> str:
    """Return the plan as plain text for people: the command, the environment added, the files with their content."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    yield "command"
    yield f"  {_words(plan.argv)}"
    if plan.workdir is not None:
        yield "working directory"
        yield f"  {one_line(plan.workdir)}"
    if plan.post_argv is not None:
        yield "post-process"
        yield f"  {_words(plan.post_argv)}"
    yield "environment added"
    for name, value in sorted(mask_secrets(plan.added_env).items()):
        yield f"  {name}={one_line(value)}"
    if plan.stages:
        yield "inputs"
    for stage in plan.stages:
        yield f"  {stage.mode} {one_line(str(stage.source))} → {one_line(stage.target)}"
    for path, file in plan.files.items():
        yield f"file {one_line(path)}{' (executable)' if file.executable else ''}"
        for line in file.content.decode("utf-8", "backslashreplace").removesuffix("\n").split("\n"):
            yield f"  | {one_line(line)}"


def _words(argv: tuple[str, ...]) -> str:
    return one_line(shlex.join(argv))
