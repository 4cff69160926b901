"""The files that SMAC v2 leaves, of any study: as ``study.smac2`` would have left them."""

from __future__ import annotations

from pathlib import Path

from boxwright.errors import SpaceError, UserError
from boxwright.report.source import Source
from boxwright.space import space_from_json
from boxwright.store.layout import SPACE
from boxwright.store.smac2.facts import Source as Smac2Source


def write_smac2(source: Source, path: Path) -> list[str]:
    """Write trajectories, live runs and last states into a folder."""
    try:
        space = space_from_json((source.folder / SPACE).read_text("utf-8"))
    except (OSError, SpaceError, UnicodeDecodeError) as error:
        raise UserError(f"{SPACE} cannot be read as the space of a study.", place=str(source.folder)) from error
    study = Smac2Source(source.scenario, space, Path(source.scenario.folder or source.folder))
    study.check("--to smac2")
    path.mkdir()
    files, _ = study.files(source.store, path)
    files.finish(None)
    return [files.left_out] if files.left_out else []
