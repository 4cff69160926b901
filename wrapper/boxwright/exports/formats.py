"""Which formats there are, and how one is written: beside its target, then renamed, so that none is half there."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

from boxwright.errors import UserError, nearest
from boxwright.report.source import Source

Write = Callable[[Source, Path], list[str]]
"""Writes a study to a path that does not exist yet; returns what a person should know, a line each."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format.

    Attributes:
        suffix: What follows the study's name where no target is given.
        home: Module and function that write it.
    """

    suffix: str
    home: str


_HERE = "boxwright.exports"
FORMATS = {
    "csv": Format(".csv", f"{_HERE}.tabular:write_csv"),
    "parquet": Format(".parquet", f"{_HERE}.tabular:write_parquet"),
    "json": Format(".json", f"{_HERE}.tabular:write_json"),
    "optuna": Format(".optuna.db", f"{_HERE}.optuna:write_optuna"),
    "smac": Format(".smac", f"{_HERE}.smac3:write_smac"),
    "deepcave": Format(".smac", f"{_HERE}.smac3:write_smac"),  # DeepCAVE opens SMAC3's folders
    "smac2": Format(".smac2", f"{_HERE}.smac2:write_smac2"),
    "tensorboard": Format(".tensorboard", f"{_HERE}.tensorboard:write_tensorboard"),
    "mlflow": Format(".mlruns", f"{_HERE}.mlflow:write_mlflow"),
}


def write_export(source: Source, to: str, target: Path | None, *, force: bool = False) -> tuple[Path, list[str]]:
    """Write a study in a format.

    Args:
        source: The study; nothing of it is changed.
        to: Name of the format.
        target: File or folder to make; beside the study, by its name, if None.
        force: Take the place of what is there.

    Returns:
        What was made, and what a person should know, a line each.

    Raises:
        UserError: There is no such format, its library is missing, or the target cannot be made.
    """
    if to not in FORMATS:
        raise UserError(f'no format "{to}". {nearest(to, FORMATS, in_order=True)}', place="--to")
    form = FORMATS[to]
    path = (target or Path(f"{source.folder}{form.suffix}")).absolute()
    if os.path.lexists(path) and not force:
        raise UserError("exists already. Give another one with --out, or --force to replace it.", place=str(path))
    if source.folder == path or path in source.folder.parents:
        raise UserError("is or holds the study itself. Give another one with --out.", place=str(path))
    module, _, name = form.home.partition(":")
    write = cast(Write, getattr(import_module(module), name))
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        notes = write(source, draft)
        _take_place(draft, path)
    except BaseException as error:
        remove(draft)
        if not isinstance(error, OSError):
            raise
        raise UserError(f"cannot be written: {error.strerror or error}.", place=str(path)) from error
    return path, notes


def need(library: str, extra: str) -> UserError:
    """Return the error for a library that is not installed."""
    return UserError(f"needs {library}: pip install 'boxwright[{extra}]'", place="--to")


def remove(path: Path) -> None:
    """Delete a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _take_place(draft: Path, path: Path) -> None:
    """Let a finished export have its name. What had it goes first, since a folder cannot be renamed over another."""
    if path.is_dir() or path.is_symlink():
        old = path.with_name(f".{path.name}.{os.getpid()}.old")
        path.rename(old)
        try:
            draft.rename(path)
        except OSError:
            old.rename(path)
            raise
        remove(old)
        return
    draft.rename(path)
