"""Puts inputs and materialised files into a run folder.

A hard link is the same file under another name: a run that writes *in place* into a linked input changes the
original too. Inputs that a run changes belong in ``mode = "copy"``. Symbolic links inside a staged folder stay links
to where they pointed.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from boxwright.errors import ScenarioError
from boxwright.materialise.archive import ArchiveError, probe_archive, unpack_archive
from boxwright.materialise.plan import Plan, PlannedFile, Stage


def write_plan(plan: Plan, folder: Path) -> None:
    """Put the inputs and files of a plan into the run folder, which exists.

    A materialised file replaces a staged one of the same name: the link, never the original behind it.

    Raises:
        ScenarioError: An archive is broken, or holds what must not be unpacked.
        OSError: The system refuses: the disk is full, an input has vanished.
    """
    try:
        for stage in plan.stages:
            _stage(stage, folder)
        for path, file in plan.files.items():
            _write(folder / path, file)
    except ArchiveError as error:
        raise ScenarioError(str(error), place=error.archive) from error


def check_archive(source: Path, *, place: str) -> None:
    """Refuse a file that is no archive; what is inside shows when it is unpacked.

    Raises:
        ScenarioError: It cannot be opened as one.
    """
    try:
        probe_archive(source)
    except ArchiveError as error:
        raise ScenarioError(str(error), place=place) from error


def link_or_copy(source: str | Path, target: str | Path) -> None:
    """Hard-link a file, or copy it where the system cannot link (another file system, too many links)."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        shutil.copy2(source, target)


def _stage(stage: Stage, folder: Path) -> None:
    target = folder / stage.target
    if stage.mode == "archive":
        unpack_archive(stage.source, target)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if stage.source.is_dir():
        _stage_tree(stage.source, target, is_copy=stage.mode == "copy")
        return
    source = os.path.realpath(stage.source)  # the file itself, not a symbolic link to it
    if stage.mode == "copy":
        shutil.copy2(source, target)
    else:
        link_or_copy(source, target)


def _stage_tree(source: Path, target: Path, *, is_copy: bool) -> None:
    target.mkdir(exist_ok=True)
    with os.scandir(source) as entries:
        for entry in entries:
            inner = target / entry.name
            if entry.is_symlink():
                inner.symlink_to(source.resolve() / Path(entry.path).readlink())
            elif entry.is_dir():
                _stage_tree(Path(entry.path), inner, is_copy=is_copy)
            elif entry.is_file():
                (shutil.copy2 if is_copy else link_or_copy)(entry.path, inner)


def _write(path: Path, file: PlannedFile) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = 0o777 if file.executable else 0o666
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        path.unlink()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(file.content)
