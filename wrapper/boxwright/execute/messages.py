"""What the controller and a slot agent say to each other, and what the agent leaves in ``exit.json``.

One JSON document per line, both ways (``wire.py``). The runner neither parses nor scores: a request says what to
start and within which limits, an exit says how it ended.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from msgspec import Struct

from boxwright.terms import Slot


class Ended(enum.StrEnum):
    """How a command came to its end."""

    EXITED = "exited"  # by itself: exit code or signal
    CUTOFF = "cutoff"  # stopped at the cutoff
    MEMORY = "memory"  # stopped at the memory limit
    OUTPUT = "output"  # stopped because it wrote too much
    CANCELLED = "cancelled"  # stopped because the controller, or a person, said so
    NOT_STARTED = "not started"  # the command could not be started at all


class PostStep(Struct, frozen=True):
    """A command run in the same folder after the main one; into ``postprocess.log`` and ``postprocess.err``."""

    argv: tuple[str, ...]
    cutoff_s: float


class Request(Struct, frozen=True, kw_only=True):
    """One run for a slot agent. The folder exists and holds all that the command needs.

    Attributes:
        run: Number of the run.
        folder: Working directory; ``stdout.log``, ``stderr.log`` and ``exit.json`` are written here.
        workdir: Working directory of the main command, if it is another one.
        argv: The command, without a shell.
        env: The full environment; or, where something is inherited, what is set on top of it.
        cutoff_s: Wall-clock limit of the main command.
        grace_s: Seconds between TERM and KILL.
        memory_bytes: Limit for the sum over the process tree.
        output_bytes: Limit for stdout and stderr together.
        post: Run after the main command ended by itself, with exit code 0 unless ``post_always``.
        post_always: Run the post step whatever the exit code.
        time_port: Name of the variable with a port that the command may tell its CPU time, see ``told_time.py``;
            empty where it is not asked.
        inherits: Names that a run in a batch job does not inherit from that job, and None where ``env`` is all that
            it gets. An agent never sees such names: its pilot has filled in the rest.
    """

    run: int
    folder: str
    argv: tuple[str, ...]
    env: dict[str, str]
    workdir: str | None = None
    cutoff_s: float | None = None
    grace_s: float = 3.0
    memory_bytes: int | None = None
    output_bytes: int | None = None
    post: PostStep | None = None
    post_always: bool = False
    time_port: str = ""
    inherits: tuple[str, ...] | None = None


class PostExit(Struct, frozen=True, kw_only=True):
    """How the post-process command ended."""

    ended: Ended
    exit_code: int | None = None
    detail: str = ""
    wall_s: float = 0.0


class Exit(Struct, frozen=True, kw_only=True):
    """How a run ended: the content of ``exit.json``.

    Attributes:
        exit_code: As ``subprocess`` gives it: negative is the number of the signal; None if never started.
        detail: Why, in one line: the system's error text, or the reason given with a cancel.
        started: UNIX seconds.
        ended: UNIX seconds; when all was over, the post step and stragglers included.
        cpu_s: User and system time of all processes of the run.
        told_s: The CPU time that the command itself has told last; None if it has told none.
        wall_s: From the start of the main command to its own end; the post step and the killing of stragglers
            come after it.
        max_rss_bytes: Largest sum over the process tree that was seen (at least the largest single process). The
            kernel lends a new process the size of its parent, so nothing smaller than the agent itself is seen.
        stragglers: Processes of the run that were still alive after the command had ended, and were killed.
    """

    run: int
    ended_by: Ended
    exit_code: int | None = None
    detail: str = ""
    started: float = 0.0
    ended: float = 0.0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    max_rss_bytes: int = 0
    stragglers: int = 0
    told_s: float | None = None
    post: PostExit | None = None


# ---------------------------------------------------------------------------------------------- on the wire


class Start(Struct, frozen=True, tag="start"):
    """To the agent: carry this out."""

    request: Request


class Cancel(Struct, frozen=True, tag="cancel"):
    """To the agent: stop this run; one that is over already stays as it is."""

    run: int
    reason: str


class Ready(Struct, frozen=True, tag="ready"):
    """From the agent: it holds the lock of its slot."""

    pid: int


class Finished(Struct, frozen=True, tag="finished"):
    """From the agent: the run is over, and nothing of it is alive.

    Attributes:
        is_last: The agent ends now; another one takes the next run.
    """

    exit: Exit
    is_last: bool = False


# ---------------------------------------------------------------------------------------------- to the controller


@dataclass(frozen=True, slots=True)
class SlotReady:
    """A slot's agent is up and can take a run: sent once per agent (a replaced one again), not after each run."""

    slot: Slot


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A run is over and ``exit.json`` is in its folder; if it was submitted here, its slot can take the next one.

    ``slot`` is the slot's number. For an adopted run it says nothing about the slot: SlotReady does.
    """

    slot: int
    exit: Exit


@dataclass(frozen=True, slots=True)
class SlotLost:
    """A slot agent vanished; the run it had left no ``exit.json`` and nothing of it is alive any more.

    With a run, the slot comes back (SlotReady); without one (``run`` is None), it is gone for good.
    """

    slot: int
    run: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class SlotGone:
    """A slot was taken away in good order; what became of a run that it had was told before."""

    slot: int


@dataclass(frozen=True, slots=True)
class NoSlotLeft:
    """There is no slot any more, and none will come."""

    reason: str


Event = SlotReady | RunEnded | SlotLost | SlotGone | NoSlotLeft
