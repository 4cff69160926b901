"""Collects what a run left, by patterns inside its folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from boxwright.materialise.staging import link_or_copy
from boxwright.scenario.model import Outputs
from boxwright.scenario.targets import RESERVED


@dataclass(frozen=True, slots=True)
class Collected:
    """What became of a run's outputs.

    Attributes:
        files: Collected files, relative to the run folder, sorted.
        missing: Patterns of ``require`` that nothing fits.
    """

    files: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def collect_outputs(outputs: Outputs, folder: Path, destination: Path) -> Collected:
    """Link (else copy) the collected files to the destination, and say what is missing.

    Whatever lies outside of the run folder stays unseen, symbolic links there included. The destination is made
    only for files.

    Raises:
        OSError: The system refuses.
    """
    files = sorted({file for pattern in outputs.collect for file in _files(folder, pattern)})
    missing = tuple(pattern for pattern in outputs.require if next(_matches(folder, pattern), None) is None)
    for name in files:
        target = destination / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        link_or_copy((folder / name).resolve(), target)
    return Collected(tuple(files), missing)


def _matches(folder: Path, pattern: str) -> Iterator[Path]:
    """Yield what fits a pattern and really lies in the folder."""
    root = folder.resolve()
    for path in folder.glob(pattern):
        try:
            real = path.resolve(strict=True)
        except (OSError, RuntimeError):  # a link to nothing, or in a circle
            continue
        if real != root and real.is_relative_to(root):
            yield path


def _files(folder: Path, pattern: str) -> Iterator[str]:
    """Yield the ordinary files that fit, and those in folders that fit."""
    for path in _matches(folder, pattern):
        if path.is_file():
            yield str(path.relative_to(folder))
        elif path.is_dir():
            yield from _files_below(folder, path)


def _files_below(folder: Path, path: Path) -> Iterator[str]:
    for inner in path.rglob("*"):
        if inner.is_file() and not inner.is_symlink() and inner.resolve().is_relative_to(folder.resolve()):
            yield str(inner.relative_to(folder))


def discard_outputs(patterns: Sequence[str], folder: Path) -> None:
    """Delete what fits the patterns; nothing is wrong if it is gone already.

    To be done once the run's outcome is on disk: the answer itself may lie in a file that is discarded. Whatever
    lies outside of the run folder stays untouched, and so do boxwright's own files (``run.json``, logs).

    Raises:
        OSError: The system refuses.
    """
    for pattern in patterns:
        for path in list(folder.glob(pattern)):
            inside = path.parent.resolve().is_relative_to(folder.resolve())
            if not inside or path == folder or str(path.relative_to(folder)) in RESERVED:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
