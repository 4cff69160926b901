"""Keys of an external optimizer that do not fit together."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import msgspec

from boxwright.scenario.layers import show
from boxwright.scenario.optimizer import Optimizer

Faults = Iterator[tuple[tuple[str | int, ...], str]]

_BOTH = ("kind", "command", "runs", "seed", "target")
_EXTERNAL = ("shell", "copies", "where", "restarts", "protocol", "unknown", "repeated")


def external_faults(optimizer: Optimizer | None) -> Faults:
    """Yield ``(key, problem)`` for an optimizer that has a command, and for keys that would need one."""
    if optimizer is None:
        return
    plain = Optimizer(runs=1)
    for field in msgspec.structs.fields(Optimizer):
        value = getattr(optimizer, field.name)
        if field.name in _BOTH or value == getattr(plain, field.name):
            continue
        if optimizer.command is None and field.name in _EXTERNAL:
            yield (
                ("optimizer", field.name),
                f"found {show(value)}, but there is no optimizer.command that it is about.",
            )
        is_told = field.name == "warm_start" and optimizer.protocol == "ask-tell"
        if optimizer.command is not None and field.name not in _EXTERNAL and not is_told:
            problem = (
                f"found {show(value)}, which is about boxwright's own seeds. Leave it out, or optimizer.command."
            )
            yield ("optimizer", field.name), problem
    if optimizer.command is not None:
        yield from _command_faults(optimizer)


def _command_faults(optimizer: Optimizer) -> Faults:
    key = ("optimizer", "command")
    if optimizer.where == "job" and optimizer.protocol == "ask-tell":
        yield ("optimizer", "where"), '"job" goes with protocol = "algo" only. Leave it out.'
    if optimizer.shell:
        if not isinstance(optimizer.command, str):
            yield ("optimizer", "shell"), "true goes with a command of one text: a list is started without a shell."
        elif not optimizer.command.strip():
            yield key, "the command is empty. Write the optimizer's command line."
        return
    try:
        words = shlex.split(optimizer.command) if isinstance(optimizer.command, str) else optimizer.command
    except ValueError as error:
        yield key, f"cannot be cut into words: {error}"
        return
    if not words or not words[0].strip():
        yield key, "the command is empty. Write the optimizer's command line."
