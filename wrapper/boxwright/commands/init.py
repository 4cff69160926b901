"""``init``: copies a scenario of the gallery, ready to be changed."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from boxwright.errors import UserError, nearest
from boxwright.gallery import gallery_scenarios

SCHEMA_FILE = "scenario.schema.json"


def init(name: str, folder: str | Path | None = None) -> Path:
    """Copy a scenario of the gallery into a new folder, with the JSON Schema that editors check it against.

    Args:
        name: Name of the scenario in the gallery.
        folder: Where to; ``./<name>`` if None.

    Returns:
        The new folder.

    Raises:
        UserError: No scenario has this name, or the folder exists.
    """
    from boxwright.scenario import scenario_schema
    from boxwright.scenario.layers import find_scenario

    known = gallery_scenarios()
    if name not in known:
        raise UserError(f'no scenario "{name}". {nearest(name, known)}', place="gallery")
    if folder is not None and not str(folder).strip():
        raise UserError("the name is empty. Name a folder, or leave it out.", place="FOLDER")
    target = Path(name if folder is None else folder).absolute()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UserError("exists already. Give another folder.", place=str(target))
    try:
        shutil.copytree(
            known[name], target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "studies", ".*")
        )
        scenario = find_scenario(target)
        text = scenario.read_text(encoding="utf-8")
        scenario.write_text(text.replace(f"#:schema ../{SCHEMA_FILE}", f"#:schema {SCHEMA_FILE}"), encoding="utf-8")
        (target / SCHEMA_FILE).write_text(json.dumps(scenario_schema(), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot be made: {error.strerror}.", place=str(target)) from error
    return target


def init_command(name: str | None, folder: str | None) -> int:
    """Do ``boxwright init``; without a name, list the gallery."""
    if name is None:
        for known, path in gallery_scenarios().items():
            readme = path / "README.md"
            title = readme.read_text(encoding="utf-8").splitlines()[0].lstrip("# ") if readme.exists() else ""
            sys.stdout.write(f"{known:16} {title.removeprefix(known).lstrip(': ')}\n")
        return 0
    from boxwright.scenario.layers import find_scenario

    target = init(name, folder)
    sys.stdout.write(f"{target}\n")
    sys.stderr.write(f"look at {find_scenario(target)}, then: boxwright check {target}\n")
    return 0
