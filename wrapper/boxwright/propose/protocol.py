"""How boxwright and an optimizer process talk: one JSON document per line, on the process's stdin and stdout.

boxwright writes ``init`` first, then ``running``, ``tell`` and ``ask`` as they come up. The process answers
``init`` with ``ready`` and each ``ask`` with ``proposal`` or ``exhausted``; it writes nothing else on stdout and
ends when its stdin does. Lines are taken in their order, so an answer rests on everything written before its
``ask``. An ``error`` line says in words why the process is about to give up.

```text
> {"type":"init","optimizer_seed":1,"random_seed":7,"space":{…},"settings":{…}}
< {"type":"ready","name":"boxwright 0.1.0"}
> {"type":"running","config":{"x":0.5},"own":true}
> {"type":"tell","trial":1,"config":{"x":0.5},"status":"SUCCESS","cost":3.25,"own":true}
> {"type":"ask","id":1}
< {"type":"proposal","id":1,"config":{"x":0.71},"origin":"model gp","own":1,"shared":0,"cpu_s":0.4}
```

A configuration holds the active parameters only, as JSON values; the process must return the values as they are
to be run. Configurations are told apart by value: the same one always has the same JSON.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec
from msgspec import Raw, Struct

from boxwright.scenario.kinds import Acquisition, Model, SeedKind
from boxwright.terms import Status, Value

PROTOCOL_VERSION = 1

REPEAT = "repeat"
"""The origin of a proposal that means to run a configuration again; any other one means a new configuration."""


class _Message(Struct, frozen=True, kw_only=True, tag_field="type", tag=str.lower):
    """What all messages share; keys that are not known are passed over, so that the protocol can grow."""


class Settings(Struct, frozen=True, kw_only=True):
    """How an optimizer seed looks for its next configuration; see ``scenario.optimizer.Optimizer``.

    Attributes:
        portfolio: Kinds among which one is chosen at each ask, in place of ``model`` and ``acquisition``.
        noisy: Whether one configuration may come out differently each time. Then it may be announced as running,
            and told, up to ``max_config_calls`` times, each time as another trial; and a proposal with the origin
            ``REPEAT`` may be a configuration that ran before.
    """

    model: Model = "auto"
    acquisition: Acquisition = "ei"
    portfolio: tuple[SeedKind, ...] = ()
    challengers: int = 1000
    random_share: float | None = None
    noisy: bool = False
    max_config_calls: int = 3


class Init(_Message, frozen=True, kw_only=True):
    """The first line: who the process is and what it searches.

    Attributes:
        version: Of this protocol.
        optimizer_seed: Its number among those that share the model: 1, 2, ….
        random_seed: What its random numbers start from.
        space: The space as ConfigSpace JSON.
    """

    version: int = PROTOCOL_VERSION
    optimizer_seed: int
    random_seed: int
    space: Raw
    settings: Settings = Settings()


class Running(_Message, frozen=True, kw_only=True):
    """This configuration is about to run: never propose it as a new one.

    Attributes:
        own: Whether this process proposed it, or it was dealt to it.
        origin: As the proposal said it.
    """

    config: dict[str, Value]
    own: bool = False
    origin: str = ""


class Tell(_Message, frozen=True, kw_only=True):
    """A trial is settled.

    Attributes:
        cost: To be minimised; None for a trial that failed.
        own: Whether this process proposed it, or it was dealt to it.
        origin: As the proposal said it.
    """

    trial: int
    config: dict[str, Value]
    status: Status
    cost: float | None
    own: bool = False
    origin: str = ""


class Ask(_Message, frozen=True, kw_only=True):
    """What should run next? The answer bears the same id.

    Attributes:
        ahead: Nobody wants it yet: it may never run, so it is no more taken than before. ``running`` follows if it
            does run.
    """

    id: int
    ahead: bool = False


class Ready(_Message, frozen=True, kw_only=True):
    """The process has taken in ``init``."""

    name: str
    version: int = PROTOCOL_VERSION


class Proposal(_Message, frozen=True, kw_only=True):
    """What should run next.

    Attributes:
        origin: In words: ``model gp``, ``model tpe``, ``random``, ``repeat``.
        own: How many settled trials of its own the model rests on.
        shared: How many of others.
        cpu_s: What the answer cost the process.
        expected_improvement: By how much its cost is expected to fall below the best so far; None if not known.
    """

    id: int
    config: dict[str, Value]
    origin: str = ""
    own: int = 0
    shared: int = 0
    cpu_s: float = 0.0
    expected_improvement: float | None = None


class Exhausted(_Message, frozen=True, kw_only=True):
    """There is no configuration left that was not tried and is not running, and none that it would repeat."""

    id: int


class Error(_Message, frozen=True, kw_only=True):
    """Why the process gives up, in one line."""

    message: str


ToOptimizer: TypeAlias = Init | Running | Tell | Ask
FromOptimizer: TypeAlias = Ready | Proposal | Exhausted | Error

_encoder = msgspec.json.Encoder()
_to_optimizer: msgspec.json.Decoder[ToOptimizer] = msgspec.json.Decoder(ToOptimizer)
_from_optimizer: msgspec.json.Decoder[FromOptimizer] = msgspec.json.Decoder(FromOptimizer)


def encode(message: ToOptimizer | FromOptimizer) -> bytes:
    """Return the message as one line, its end included."""
    return _encoder.encode(message) + b"\n"


def decode_to_optimizer(line: bytes) -> ToOptimizer:
    """Return what boxwright wrote.

    Raises:
        msgspec.MsgspecError: The line is no message of this protocol.
    """
    return _to_optimizer.decode(line)


def decode_from_optimizer(line: bytes) -> FromOptimizer:
    """Return what an optimizer wrote.

    Raises:
        msgspec.MsgspecError: The line is no message of this protocol.
    """
    return _from_optimizer.decode(line)
