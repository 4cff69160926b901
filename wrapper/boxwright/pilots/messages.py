"""What the controller and a pilot say to each other: one JSON document per line, both ways, over TLS.

The controller numbers slots through all pilots; a pilot numbers its own from 0. What a message calls ``slot`` is
the pilot's number.
"""

from __future__ import annotations

from msgspec import Struct

from boxwright.execute.messages import Exit, Request
from boxwright.terms import Slot

BEAT_S = 2.0
"""Both sides say something at least so often."""

SILENCE_S = 15.0
"""A pilot that says nothing for so long is lost."""

PATIENCE_S = 60.0
"""So long a pilot bears with a controller that says nothing: a network disk may hold it up, and all runs would go."""

LONGEST_REQUEST_BYTES = 16 << 20
"""Of a line to a pilot: a run's words and environment (at most 2 MiB on Linux), each byte written as an escape."""

LONGEST_REPORT_BYTES = 1 << 20
"""Of a line from a pilot."""


class Settings(Struct, frozen=True, kw_only=True):
    """What a pilot has to know before it says a word; it reads them from a file in the study's folder.

    Attributes:
        addresses: Where the controller may be reached; the first that answers with the study's certificate is it.
        mark: First part of the token in the environment of the study's processes.
        slots: How many the pilot holds.
        gpus: Of each slot.
        cores: Of each slot; None for no pinning.
        grace_s: Seconds between asking a run to end and insisting.
        signal_before_end_s: So long before its end the pilot sends SIGUSR1 to its runs; None for never.
        end_margin_s: So long before its walltime is over, and its runs' grace before that, a pilot ends by itself.
    """

    addresses: tuple[str, ...]
    port: int
    mark: str
    slots: int
    gpus: int = 0
    cores: int | None = None
    grace_s: float = 3.0
    signal_before_end_s: float | None = None
    end_margin_s: float
    beat_s: float = BEAT_S
    patience_s: float = PATIENCE_S


# ---------------------------------------------------------------------------------------------- both ways


class Beat(Struct, frozen=True, tag="beat"):
    """Nothing has happened, but I am still here."""


# ---------------------------------------------------------------------------------------------- from the pilot


class Hello(Struct, frozen=True, tag="hello"):
    """The first line: what I am, and what I have.

    Attributes:
        job: The id of its job, as the scheduler gave it when it was submitted.
        ends_in_s: Seconds after which no run may go on here, None where that is not known.
    """

    job: str
    host: str
    pid: int
    slots: tuple[Slot, ...]
    ends_in_s: float | None = None


class Unfit(Struct, frozen=True, tag="unfit"):
    """The first and last line of a pilot that cannot give its slots what the scenario asks for."""

    job: str
    host: str
    reason: str


class Up(Struct, frozen=True, tag="up"):
    """A slot can take a run."""

    slot: int


class Ended(Struct, frozen=True, tag="ended"):
    """A run is over, its ``exit.json`` is written, and its slot can take the next one."""

    slot: int
    exit: Exit


class Lost(Struct, frozen=True, tag="lost"):
    """A run is gone without a result; or, without one, the slot is."""

    slot: int
    run: int | None
    reason: str


class Leaving(Struct, frozen=True, tag="leaving"):
    """I take no further run, and end soon."""

    reason: str


# ---------------------------------------------------------------------------------------------- to the pilot


class Submit(Struct, frozen=True, tag="submit"):
    """Carry this out."""

    slot: int
    request: Request


class CancelRun(Struct, frozen=True, tag="cancel"):
    """Stop this run; one that is over already stays as it is."""

    run: int
    reason: str


class End(Struct, frozen=True, tag="end"):
    """Stop what is running and end."""

    reason: str


FromPilot = Hello | Unfit | Up | Ended | Lost | Leaving | Beat
ToPilot = Submit | CancelRun | End | Beat
