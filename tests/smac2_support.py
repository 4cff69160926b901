"""Scenarios of SMAC v2 for tests."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

BASE = {
    "algo": "./wrapper.sh",
    "run_obj": "QUALITY",
    "runcount_limit": "6",
    "pcs-file": "params.pcs",
}
PCS = "x real [0, 1] [0.5]\nn integer [1, 10] [3]\nc {a, b} [a]\n"
ANSWER = 'echo "Result of algorithm run: SUCCESS, 1, 0, 0.5, 0"'


def make_smac2(
    folder: Path,
    *lines: str,
    script: str = ANSWER,
    drop: Iterable[str] = (),
    instances: str | None = None,
    pcs: str = PCS,
) -> Path:
    """Write a scenario of SMAC v2 with a wrapper and a PCS file, and return its path.

    Args:
        folder: Where to.
        lines: Go into the file beside the base; a line with a key of the base replaces it.
        script: What the wrapper does, in sh.
        drop: Keys of the base that are left out.
        instances: Content of ``instances.txt``.
        pcs: Content of ``params.pcs``.
    """
    folder.mkdir(exist_ok=True)
    (folder / "params.pcs").write_text(pcs)
    wrapper = folder / "wrapper.sh"
    wrapper.write_text(f"#!/bin/sh\n{script}\n")
    wrapper.chmod(0o755)
    if instances is not None:
        (folder / "instances.txt").write_text(instances)
    own = {line.partition("=")[0].strip() for line in lines}
    base = [f"{key} = {value}" for key, value in BASE.items() if key not in own and key not in drop]
    file = folder / "scenario.txt"
    file.write_text("\n".join([*base, *lines]) + "\n")
    return file
