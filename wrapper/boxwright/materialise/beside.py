"""Words that name a file beside the scenario: the command runs in a folder of its own and would not find it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from boxwright.scenario.model import InputFile, Inputs, ParameterFile, Template
from boxwright.scenario.targets import target_of

_SOURCES = frozenset({".bash", ".jar", ".jl", ".js", ".lua", ".m", ".pl", ".py", ".r", ".rb", ".sh"})


def files_beside(words: Sequence[str], folder: Path, inputs: Inputs) -> Iterator[tuple[int, str, bool]]:
    """Yield position, word and whether it is a program, for files that no run will find.

    Words with a template in them are left alone, and so is the program itself, which is looked up beside the
    scenario. A file that is no program may be one that the run writes, left there by a try by hand.

    Args:
        words: As in the scenario.
        folder: Folder of the scenario.
        inputs: What is put into the run's folder.
    """
    if any(entry.mode == "archive" for entry in inputs.files):
        return  # what is inside shows when it is unpacked
    entries: tuple[InputFile | Template | ParameterFile, ...] = (*inputs.files, *inputs.templates, *inputs.parameters)
    staged = {PurePosixPath(target_of(entry)) for entry in entries}
    for index, word in enumerate(words[1:], 1):
        path = PurePosixPath(os.path.normpath(word))
        if "{" in word or word.startswith(("-", "/")) or staged & {path, *path.parents}:
            continue
        if os.path.isfile(folder / word):  # noqa: PTH113 - no error for a word that can be no path
            is_program = path.suffix.lower() in _SOURCES or os.access(folder / word, os.X_OK)
            yield index, word, is_program
