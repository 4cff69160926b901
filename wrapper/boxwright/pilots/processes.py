"""Pilots as plain processes of this machine, in place of a scheduler: to try pilots out, and for tests."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from boxwright.errors import SchedulerError
from boxwright.schedulers.base import JobSpec, JobState, Phase, Scheduler
from boxwright.schedulers.known import open_scheduler

SUBPROCESS = "subprocess"
_KILL_WAIT_S = 10.0


def open_backend(name: str) -> Scheduler:
    """Return the scheduler of that name.

    Raises:
        UserError: There is none of that name.
    """
    return Processes() if name == SUBPROCESS else open_scheduler(name)


class Processes:
    """Starts each job at once as a process in a session of its own; its log is ``<name>.<id>.log`` in its folder."""

    def __init__(self) -> None:
        self.name = SUBPROCESS
        self.calls: Counter[str] = Counter()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._names: dict[str, str] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def script(self, spec: JobSpec) -> str:
        """Return the lines of shell that would be carried out."""
        return "\n".join((*spec.setup, f"exec {shlex.join(spec.argv)}")) + "\n"

    async def submit(self, spec: JobSpec, count: int = 1) -> tuple[str, ...]:
        """Start so many.

        Raises:
            SchedulerError: They cannot be started.
        """
        self.calls["submit"] += 1
        try:
            return tuple([self._start(spec) for _ in range(count)])
        except OSError as error:
            raise SchedulerError(f"a pilot could not be started: {error}") from error

    def _start(self, spec: JobSpec) -> str:
        spec.folder.mkdir(parents=True, exist_ok=True)
        job = f"{os.getpid()}-{len(self._processes)}-{time.monotonic_ns() % 10**6}"
        env = {**os.environ, "BOXWRIGHT_JOB": job}
        if spec.walltime_s is not None:
            env["BOXWRIGHT_JOB_END"] = str(int(time.time() + spec.walltime_s))
        with (spec.folder / f"{spec.name}.{job}.log").open("wb") as log:
            self._processes[job] = subprocess.Popen(
                ["/bin/sh", "-c", self.script(spec)],
                cwd=spec.folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._names[job] = spec.name
        return job

    async def states(self, ids: Collection[str]) -> dict[str, JobState]:
        """Return which of them are alive."""
        self.calls["states"] += 1
        return {job: self._state(job) for job in ids}

    def _state(self, job: str) -> JobState:
        process = self._processes.get(job)
        if process is not None and process.poll() is None:
            return JobState(phase=Phase.RUNNING, name=self._names[job])
        return JobState(phase=Phase.GONE, reason="" if process is None else f"exit code {process.returncode}")

    async def cancel(self, ids: Collection[str]) -> None:
        """Ask them to end, and insist some time later, as schedulers do."""
        self.calls["cancel"] += 1
        asked = [process for job in ids if (process := self._processes.get(job)) is not None]
        task = asyncio.get_running_loop().create_task(_end(asked))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        await asyncio.sleep(0)


async def _end(processes: Collection[subprocess.Popen[bytes]]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        left = [process for process in processes if process.poll() is None]
        for process in left:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
                os.killpg(process.pid, signal.SIGCONT)
        end = time.monotonic() + _KILL_WAIT_S
        while any(process.poll() is None for process in left) and time.monotonic() < end:
            await asyncio.sleep(0.02)


def log_tail(folder: Path, job: str) -> str:
    """Return the last line that a job has left in a log in its folder; empty if there is none."""
    newest = ""
    # ``name-12_3.log``, or ``name.o12``; the name may have digits of its own, and is that of the script, too.
    log = re.compile(rf"((?<![0-9A-Za-z])|(?<=\.[oe])){re.escape(job)}(?![0-9A-Za-z])")
    for path in folder.iterdir():
        if log.search(path.name) and path.suffix not in (".sh", ".sub") and path.is_file():
            with suppress(OSError):
                text = path.read_bytes()[-4096:].decode("utf-8", "replace")
                newest = next((line.strip() for line in reversed(text.splitlines()) if line.strip()), newest)
    return newest
