"""What ``doctor`` says of batch schedulers: which there are, and whether the nodes would see what they must."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from boxwright.errors import SchedulerError, UserError


def clusters() -> dict[str, Any]:
    """Return the schedulers that can be called from here, and on what kind of file system this folder lies."""
    from boxwright.schedulers.finding import file_system, find_schedulers, is_shared

    kind = file_system(Path.cwd())
    return {
        "schedulers": {name: {"path": path, "trouble": _trouble(name)} for name, path in find_schedulers().items()},
        "folder": {"path": str(Path.cwd()), "file_system": kind, "shared": is_shared(kind)},
    }


def _trouble(name: str) -> str:
    """Return in one line why a scheduler does not answer; empty if it does."""
    from boxwright.schedulers.known import missing_programs, open_scheduler

    if missing := missing_programs(name):
        return f"{missing[0]} is not on PATH"
    try:
        asyncio.run(open_scheduler(name).states(["1"]))
    except SchedulerError as error:
        return str(error)
    return ""


def cluster_lines(found: dict[str, Any]) -> list[str]:
    """Return what was found, in words."""
    schedulers, folder = found["schedulers"], found["folder"]
    if not schedulers:
        return ["schedulers: none"]
    lines = [f"schedulers: {', '.join(schedulers)}"]
    lines += [f"{name} ({about['path']}): {about['trouble'] or 'answers'}" for name, about in schedulers.items()]
    kind = folder["file_system"] or "unknown"
    if folder["shared"]:
        lines.append(f"this folder: on a shared file system ({kind}); that its nodes see it, too, says --probe")
    else:
        lines.append(
            f"this folder: on a file system of this machine alone ({kind}). Nodes of a cluster would not see a study "
            "that is made here; go to a folder on a shared one, or see with --probe"
        )
    return lines


def probe_command(backend: str | None, queue: str | None) -> int:
    """Submit a small job and say what it found; return exit code 1 if a study would not work there."""
    from boxwright import __version__
    from boxwright.pilots.addresses import own_addresses
    from boxwright.schedulers.base import JobSpec
    from boxwright.schedulers.finding import find_schedulers
    from boxwright.schedulers.known import open_scheduler
    from boxwright.schedulers.probe import probe

    names = list(find_schedulers())
    if backend is None and len(names) != 1:
        which = f"there are several: {', '.join(names)}" if names else "none is found here"
        raise UserError(f"which scheduler? {which}. Name it with --backend.", place="--probe")
    scheduler = open_scheduler(backend or names[0], quiet_s=2.0)
    folder = Path(tempfile.mkdtemp(prefix="boxwright-probe-", dir=Path.cwd()))
    spec = JobSpec(name="bw-probe", argv=(), folder=folder, queue=queue, walltime_s=300)
    addresses = own_addresses(None)
    node = asyncio.run(probe(scheduler, spec, addresses, lambda text: print(text, file=sys.stderr)))  # noqa: T201
    shutil.rmtree(folder, ignore_errors=True)
    write = sys.stdout.write
    write(f"probe: job {node.job} on {node.host} sees this folder ({node.file_system or 'unknown file system'})\n")
    write(f"probe: Python {node.python} with boxwright {node.boxwright}; GPUs given: {node.gpus or 'none'}\n")
    if node.reached:
        write(f"probe: it reaches this host at {', '.join(node.reached)}\n")
    else:
        write(f"probe: it reaches this host at none of {', '.join(addresses)}: pilots could not; use per_run_job\n")
    if node.boxwright != __version__:
        write(f"probe: but here it is boxwright {__version__}\n")
    return 0 if node.reached and node.boxwright == __version__ else 1
