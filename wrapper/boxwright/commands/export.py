"""``export``: a study in the format of another tool."""

from __future__ import annotations

import sys
from pathlib import Path

from boxwright.commands.opening import open_source
from boxwright.errors import one_line


def export(study: str | Path, to: str, out: str | Path | None = None, *, force: bool = False) -> Path:
    """Write a study in the format of another tool; nothing of the study is changed.

    Args:
        study: The study folder.
        to: ``csv``, ``parquet``, ``json``, ``optuna``, ``deepcave``, ``tensorboard``, ``mlflow``, ``smac`` or
            ``smac2``.
        out: The file or folder to make; beside the study, by its name, if None.
        force: Replace what is there.

    Returns:
        What was made.

    Raises:
        UserError: The folder is no study, the format is not known, its library is missing, or it cannot be written.
    """
    return _export(study, to, out, force=force)[0]


def export_command(study: str, to: str, out: str | None, *, force: bool) -> int:
    """Do ``boxwright export``."""
    path, notes = _export(study, to, out, force=force)
    for note in notes:
        sys.stderr.write(f"{one_line(note)}\n")
    sys.stdout.write(f"{path}\n")
    return 0


def _export(study: str | Path, to: str, out: str | Path | None, *, force: bool) -> tuple[Path, list[str]]:
    from boxwright.exports.formats import write_export

    source = open_source(study)
    with source.store:
        return write_export(source, to, None if out is None else Path(out), force=force)
