"""Makes a new study folder in one step, so that a failed start leaves nothing behind."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from boxwright import __version__
from boxwright.errors import StudyError, UserError
from boxwright.store.database import Store
from boxwright.store.layout import SCENARIO, SPACE


def check_new_study(folder: Path) -> None:
    """Refuse a study folder that cannot be made, before anything is done.

    Raises:
        UserError: It exists and is not empty, or nothing can be written there.
    """
    try:
        str(folder.absolute()).encode("utf-8")
        _check_place(folder)
    except UnicodeEncodeError as error:
        raise UserError("its path is not UTF-8. Give another folder with --study.", place=str(folder)) from error
    except OSError as error:  # a name too long, a folder that cannot be looked into
        raise UserError(
            f"cannot be made: {error.strerror}. Give another folder with --study.", place=str(folder)
        ) from error


def _check_place(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if folder.exists() or folder.is_symlink():
        raise UserError(
            "exists already. Continue it with `boxwright resume`, or give another folder with --study.",
            place=str(folder),
        )
    parent = folder.absolute().parent
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir():
        raise UserError(
            f"{parent} is a file, so no folder can be made below it. Give another folder with --study.",
            place=str(folder),
        )
    if not os.access(parent, os.W_OK | os.X_OK):
        raise UserError(f"{parent} cannot be written to. Give another folder with --study.", place=str(folder))


def create_study(
    folder: Path,
    *,
    scenario_text: str,
    space_text: str,
    meta: dict[str, str],
    copies: Mapping[str, bytes | None] | None = None,
) -> Store:
    """Make a study folder with its scenario, space and empty database; open it for writing.

    Args:
        folder: The study folder.
        scenario_text: The scenario, to stand alone.
        space_text: The space as JSON.
        meta: What the database is to remember.
        copies: Files of elsewhere that the study keeps, by their names here; None for one that it does not need.

    Raises:
        UserError: The folder exists or cannot be made.
    """
    check_new_study(folder)
    draft = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft.mkdir()
        (draft / SCENARIO).write_text(scenario_text, encoding="utf-8")
        (draft / SPACE).write_text(space_text, encoding="utf-8")
        for name, data in (copies or {}).items():
            if data is not None:
                (draft / name).write_bytes(data)
        stamps = {"study_id": secrets.token_hex(8), "created": repr(time.time()), "version": __version__}
        Store.create(draft, {**stamps, **meta}).close()
        draft.rename(folder)
    except (OSError, StudyError) as error:
        shutil.rmtree(draft, ignore_errors=True)
        reason = error.__cause__ if isinstance(error, StudyError) else error.strerror
        raise UserError(
            f"cannot be made: {reason or error}. Give another folder with --study.", place=str(folder)
        ) from error
    return Store(folder, write=True)
