"""Finds the shipped scenarios, templates and post-process scripts. Nothing else computes such a path."""

from __future__ import annotations

from pathlib import Path


def gallery_root() -> Path:
    """Return the folder that holds ``scenarios/``, ``templates/`` and ``postprocess/``.

    Beside the installed code (``boxwright/share``) first, else the top of the checkout.
    """
    here = Path(__file__).resolve().parent
    shipped = here / "share"
    return shipped if shipped.is_dir() else here.parent.parent


def gallery_scenarios() -> dict[str, Path]:
    """Return the shipped scenarios: name → folder that holds ``scenario.toml``, or SMAC v2's ``scenario.txt``."""
    root = gallery_root() / "scenarios"
    found = sorted((*root.glob("*/scenario.toml"), *root.glob("*/scenario.txt")))
    return {path.parent.name: path.parent for path in found}
