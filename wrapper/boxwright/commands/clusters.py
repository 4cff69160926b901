"""What ``doctor`` says of batch schedulers: which there are, and whether the nodes would see what they must."""

from __future__ import annotations

import asyncio
import shutil
import socket
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boxwright.errors import SchedulerError, UserError

if TYPE_CHECKING:
    from boxwright.schedulers.base import JobSpec
    from boxwright.schedulers.probe import Node


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
        lines.append(f"this folder: on a shared file system ({kind}); whether the nodes see it, too, says --probe")
    else:
        lines.append(
            f"this folder: on a file system of this machine alone ({kind}). Nodes of a cluster would not see a study "
            "that is made here; go to a folder on a shared one, or see with --probe"
        )
    return lines


def probe_command(
    backend: str | None = None, queue: str | None = None, interface: str | None = None, ports: str | None = None
) -> int:
    """Submit a small job and say what it found; return exit code 1 if a study would not work there."""
    from boxwright import __version__
    from boxwright.commands.queued import refuse_missing_commands
    from boxwright.pilots.addresses import listen, own_addresses
    from boxwright.scenario.durations import parse_ports
    from boxwright.schedulers.base import JobSpec
    from boxwright.schedulers.finding import find_schedulers

    names = list(find_schedulers()) if backend is None else [backend]
    if len(names) != 1:
        which = f"there are several: {', '.join(names)}" if names else "none is found here"
        raise UserError(f"which scheduler? {which}. Name it with --backend.", place="--probe")
    refuse_missing_commands(names[0])
    try:
        listener = listen(interface, parse_ports(ports))
    except ValueError as error:
        raise UserError(str(error), place="--ports") from error
    addresses = own_addresses(interface)
    folder = Path(tempfile.mkdtemp(prefix="boxwright-probe-", dir=Path.cwd()))
    spec = JobSpec(name="bw-probe", argv=(), folder=folder, queue=queue, walltime_s=300)
    node = _probe(names[0], spec, listener, addresses)
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


def _probe(backend: str, spec: JobSpec, listener: socket.socket, addresses: Sequence[str]) -> Node:
    """Return what the job found; its folder stays only where it may tell why there is no answer."""
    from boxwright.pilots.processes import log_tail
    from boxwright.schedulers.known import open_scheduler
    from boxwright.schedulers.probe import NoAnswerError, probe

    def say(text: str) -> None:
        print(text, file=sys.stderr)  # noqa: T201

    try:
        node = asyncio.run(probe(open_scheduler(backend, quiet_s=2.0), spec, listener, addresses, say))
    except NoAnswerError as error:
        words = log_tail(spec.folder, error.job) or "it left no log"
        raise SchedulerError(f"{error}: {words}") from error
    except BaseException:
        shutil.rmtree(spec.folder, ignore_errors=True)
        raise
    shutil.rmtree(spec.folder, ignore_errors=True)
    return node
