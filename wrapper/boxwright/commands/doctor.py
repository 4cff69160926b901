"""``doctor``: what this machine has for boxwright."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import sys
from typing import Any

from boxwright.errors import one_line

_NEEDED = (
    "smac",
    "ConfigSpace",
    "numpy",
    "scipy",
    "jinja2",
    "msgspec",
    "psutil",
    "nvidia-ml-py",
    "click",
    "rich",
    "zstandard",
)
_OPTIONAL = ("tensorflow", "tensorflow-cpu", "torch", "scikit-learn", "mlxtend")


def doctor() -> dict[str, Any]:
    """Return cores, memory, GPUs, packages and schedulers found on this machine."""
    import psutil

    from boxwright import __version__
    from boxwright.commands.clusters import clusters
    from boxwright.execute.gpus import find_gpus

    return {
        "boxwright": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": psutil.virtual_memory().total,
        "memory_available_bytes": psutil.virtual_memory().available,
        "gpus": [
            {"id": gpu.index, "name": gpu.name, "memory_bytes": gpu.memory_total_bytes, "busy": bool(gpu.pids)}
            for gpu in find_gpus()
        ],
        "packages": {name: _version(name) for name in _NEEDED},
        "optional": {name: version for name in _OPTIONAL if (version := _version(name))},
        **clusters(),
    }


def doctor_command(*, as_json: bool) -> int:
    """Do ``boxwright doctor``; exit code 1 if something that is needed is missing."""
    from boxwright.commands.clusters import cluster_lines
    from boxwright.report.json_text import json_text
    from boxwright.report.words import size

    found = doctor()
    missing = [name for name, version in found["packages"].items() if version is None]
    if as_json:
        sys.stdout.write(f"{json_text(found, indent=1)}\n")
        return 1 if missing else 0
    write = sys.stdout.write
    write(f"boxwright {found['boxwright']}, Python {found['python']}, {found['system']}\n")
    write(f"cores: {found['cores']}\n")
    write(f"memory: {size(found['memory_bytes'])}, {size(found['memory_available_bytes'])} available\n")
    for gpu in found["gpus"]:
        write(f"GPU {gpu['id']}: {gpu['name']}, {size(gpu['memory_bytes'])}{', in use' if gpu['busy'] else ''}\n")
    if not found["gpus"]:
        write("GPUs: none found through NVML\n")
    write(
        "packages: "
        + ", ".join(f"{name} {version or 'MISSING'}" for name, version in found["packages"].items())
        + "\n"
    )
    write(
        "also: " + (", ".join(f"{name} {version}" for name, version in found["optional"].items()) or "nothing") + "\n"
    )
    for line in cluster_lines(found):
        write(f"{one_line(line)}\n")
    return 1 if missing else 0


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
