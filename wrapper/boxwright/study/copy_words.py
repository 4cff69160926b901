"""The command line and the environment of one copy of an external optimizer."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from boxwright.materialise.programs import find_program

if TYPE_CHECKING:
    from boxwright.study.setup import Setup

_PLACEHOLDER = re.compile(r"\{(seed|copy|study|scenario)\}")


def copy_words(setup: Setup, number: int, study: Path) -> list[str]:
    """Return what starts a copy.

    Raises:
        ScenarioError: There is no such program.
    """
    optimizer = setup.scenario.optimizer
    assert optimizer is not None
    assert optimizer.command is not None
    values = {
        "seed": str(optimizer.seed + number - 1),
        "copy": str(number),
        "study": str(study),
        "scenario": str(setup.folder),
    }
    if optimizer.shell:
        assert isinstance(optimizer.command, str)
        return ["/bin/sh", "-c", _filled(optimizer.command, lambda name: shlex.quote(values[name]))]
    command = optimizer.command
    words = shlex.split(command) if isinstance(command, str) else list(command)
    program, *rest = (_filled(word, values.__getitem__) for word in words)
    place = f"{setup.place}: optimizer.command"
    return [find_program(program, folder=setup.folder, search_path=_search_path(), place=place), *rest]


def copy_environment(number: int, study: Path) -> dict[str, str]:
    """Return the environment of a copy, in which ``boxwright algo`` finds its study."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("BOXWRIGHT_")}
    return {**inherited, "BOXWRIGHT_STUDY": str(study), "BOXWRIGHT_COPY": str(number), "PATH": _search_path()}


def _filled(text: str, value: Callable[[str], str]) -> str:
    """Return the text with its placeholders filled in; other braces stay, awk's for one."""
    return _PLACEHOLDER.sub(lambda found: value(found[1]), text)


def _search_path() -> str:
    """Return PATH, with the folder of this ``boxwright`` where it is not on it."""
    path = os.environ.get("PATH", os.defpath)
    own = str(Path(sys.executable).parent)
    return path if shutil.which("boxwright", path=path) else f"{path}{os.pathsep}{own}"
