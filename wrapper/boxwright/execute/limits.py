"""What a command may use, and the meter that looks from time to time whether it does."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from boxwright.execute.messages import Ended
from boxwright.execute.told_time import ToldTime
from boxwright.execute.tree import Process, proportional_bytes, resident_bytes

FIRST_PAUSE_S = 0.05
SHORTEST_PAUSE_S = 0.02
LONGEST_PAUSE_S = 5.0
LONGEST_PAUSE_WITH_LIMIT_S = 1.0
# How fast a process is taken to fill memory or a log at the most; between two looks it can overshoot by that.
_FILL_BYTES_PER_S = 2e9
# Looking costs at most a twentieth of one core.
_LOOK_SHARE = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What one command may use; None is no limit.

    Attributes:
        memory_bytes: Sum over the process tree.
        output_bytes: Both logs together.
    """

    cutoff_s: float | None = None
    grace_s: float = 3.0
    memory_bytes: int | None = None
    output_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Excess:
    """A limit that was passed."""

    limit: Ended
    detail: str


class Meter:
    """Looks at memory and output, the more often the nearer they are to their limits, and at the time that is told.

    Attributes:
        peak_bytes: Largest sum of memory that was seen.
        pause_s: How long to wait until the next look.
    """

    def __init__(self, limits: Limits, log_fds: tuple[int, int], told: ToldTime | None = None) -> None:
        self.peak_bytes = 0
        self.pause_s = FIRST_PAUSE_S
        self._limits = limits
        self._log_fds = log_fds
        self._told = told

    def look(self, processes: list[Process], *, slack: float = 1.0) -> Excess | None:
        """Return the limit that is passed, and set the pause until the next look.

        Args:
            processes: The process tree of the run.
            slack: Limits are multiplied by this: a command that has been asked to end gets some more.
        """
        began = time.monotonic()
        if self._told is not None:
            self._told.look()
        used_bytes = self._memory_bytes(processes)
        self.peak_bytes = max(self.peak_bytes, used_bytes)
        written_bytes = self.written_bytes()
        self._set_pause(used_bytes, written_bytes, look_s=time.monotonic() - began)
        memory_bytes, output_bytes = self._limits.memory_bytes, self._limits.output_bytes
        if memory_bytes is not None and used_bytes > memory_bytes * slack:
            return Excess(Ended.MEMORY, f"used {used_bytes} bytes of memory; the limit is {memory_bytes}")
        if output_bytes is not None and written_bytes > output_bytes * slack:
            return excess_of_output(written_bytes, output_bytes)
        return None

    def written_bytes(self) -> int:
        """Return the size of both logs together."""
        return sum(os.fstat(fd).st_size for fd in self._log_fds)

    def _memory_bytes(self, processes: list[Process]) -> int:
        resident = sum(resident_bytes(process.pid) for process in processes)
        limit = self._limits.memory_bytes
        if limit is None or resident <= limit:
            return resident
        # Shared pages were counted once for each process: look again, at a price.
        return sum(proportional_bytes(process.pid) for process in processes)

    def _set_pause(self, used_bytes: int, written_bytes: int, *, look_s: float) -> None:
        pause_s = min(self.pause_s * 2, LONGEST_PAUSE_S)
        pairs = ((used_bytes, self._limits.memory_bytes), (written_bytes, self._limits.output_bytes))
        for used, limit in pairs:
            if limit is not None:
                pause_s = min(pause_s, LONGEST_PAUSE_WITH_LIMIT_S, (limit - used) / _FILL_BYTES_PER_S)
        self.pause_s = max(pause_s, SHORTEST_PAUSE_S, look_s * _LOOK_SHARE)


def excess_of_output(written_bytes: int, limit_bytes: int) -> Excess:
    """Return the excess in words."""
    return Excess(Ended.OUTPUT, f"wrote {written_bytes} bytes of output; the limit is {limit_bytes}")


def cut_logs(log_fds: tuple[int, int], limit_bytes: int) -> None:
    """Cut both logs so that together they keep to the limit; the smaller one keeps at least half of it."""
    sizes = [os.fstat(fd).st_size for fd in log_fds]
    smaller = min(sizes[0], sizes[1], limit_bytes // 2)
    for fd, size in zip(log_fds, sizes, strict=True):
        keep = smaller if size == min(sizes) else limit_bytes - smaller
        if size > keep:
            os.ftruncate(fd, keep)
