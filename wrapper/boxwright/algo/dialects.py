"""The dialects in which optimizers call their black box: what they write, and what they read.

| dialect    | call                                                                   | answer on stdout |
| `smac2`    | `INSTANCE SPECIFIC CUTOFF RUNLENGTH SEED -name value …`                | result line |
| `aclib2`   | `[--instance I] [--cutoff C] [--seed S] --config -name value …`        | result line with JSON |
| `paramils` | as `smac2`                                                             | `Result for ParamILS: …` |
| `irace`    | `CONFIGURATION INSTANCE SEED INSTANCE [BOUND] --name value …`          | `cost time`    |
| `dakota`   | `PARAMETERS RESULTS`                                                   | none: the results file |
| `plain`    | `[--instance I] [--seed S] [--cutoff C] name=value …`                  | `cost` |
"""

from __future__ import annotations

import json
import os
import sys

from boxwright.algo.calls import FAILED_QUALITY, Call, CallError, Reply, pairs, put, shortest

_SMAC_STATUS = {
    "SUCCESS": "SUCCESS",
    "UNSAT": "CRASHED",  # where it has no cost it means an invalid combination, and SMAC v2 would take it as solved
    "TIMEOUT": "TIMEOUT",
    "MEMOUT": "TIMEOUT",  # as GenericWrapper4AC has it: SMAC v2 knows no other word for it
    "ABORT": "ABORT",
}


def read_smac2(words: list[str]) -> Call:
    """Return what SMAC v2's call line asks for; AClib2's form is known by its ``--config``."""
    if "--config" in words:
        return read_aclib2(words)
    if len(words) < 5:
        raise CallError(
            f"found {len(words)} words, expected: instance, instance-specific, cutoff, runlength, seed, -name value …"
        )
    instance, _, cutoff, _, seed = words[:5]
    return Call(pairs(words[5:]), instance=instance, cutoff=cutoff, seed=seed)


def read_aclib2(words: list[str]) -> Call:
    """Return what AClib2's form asks for."""
    if "--config" not in words:
        raise CallError("there is no --config before the parameters")
    at = words.index("--config")
    options = _options(words[:at], ("instance", "cutoff", "seed"))
    call = Call(pairs(words[at + 1 :]), **options)
    call.notes = ("aclib2",)
    return call


def read_irace(words: list[str]) -> Call:
    """Return what irace's target-runner line asks for, in either form of it."""
    if len(words) < 4:
        raise CallError(f"found {len(words)} words, expected: configuration, instance, seed, instance, [bound] …")
    _, _, seed, instance, *rest = words
    bound = rest.pop(0) if rest and not rest[0].startswith("-") else ""
    return Call(pairs(rest, joined=True), instance=instance, seed=seed, cutoff=bound)


def read_plain(words: list[str]) -> Call:
    """Return what ``name=value`` words ask for."""
    at = 0
    while at < len(words) and words[at].startswith("--") and "=" not in words[at]:
        at += 2
    options = _options(words[:at], ("instance", "cutoff", "seed"))
    texts: dict[str, str] = {}
    for word in words[at:]:
        name, equals, value = word.partition("=")
        if not equals:
            raise CallError(f'found "{word}" where name=value was expected')
        put(texts, name.lstrip("-"), value)
    return Call(texts, **options)


def _options(words: list[str], known: tuple[str, ...]) -> dict[str, str]:
    options = {}
    for at in range(0, len(words), 2):
        name = words[at].removeprefix("--")
        if name not in known or at + 1 == len(words):
            raise CallError(f'found "{words[at]}" where one of --{", --".join(known)} with its value was expected')
        options[name] = words[at + 1]
    return options


def tell_smac2(call: Call, reply: Reply) -> int:
    """Print SMAC v2's result line. Its exit code is not looked at."""
    if "aclib2" in call.notes:
        return tell_aclib2(call, reply)
    _print(_result_line("Result of this algorithm run", _smac_status(reply), call, reply))
    return 0


def tell_paramils(call: Call, reply: Reply) -> int:
    """Print ParamILS's result line."""
    status = _smac_status(reply)
    _print(_result_line("Result for ParamILS", "SAT" if status == "SUCCESS" else status, call, reply))
    return 0


def tell_aclib2(call: Call, reply: Reply) -> int:
    """Print AClib2's result line."""
    cost = FAILED_QUALITY if reply.cost is None else reply.cost
    document = {"status": _smac_status(reply), "cost": cost, "runtime": reply.runtime_s, "misc": reply.remark}
    _print(f"Result of this algorithm run: {json.dumps(document)}")
    return 0


def tell_irace(call: Call, reply: Reply) -> int:
    """Print cost and time, which irace wants with ``maxTime`` and takes without; ``Inf`` rejects a configuration.

    No reason on stderr: irace reads it with stdout, and stops at an answer of more than two numbers.
    """
    if reply.state == "over":
        return _fail(reply)
    cost = "Inf" if reply.cost is None else shortest(reply.cost)
    _print(f"{cost} {shortest(reply.runtime_s)}")
    return 0


def tell_plain(call: Call, reply: Reply) -> int:
    """Print the cost alone; without one, say why on stderr, with exit code 1."""
    if reply.cost is None:
        return _fail(reply)
    _print(shortest(reply.cost))
    return 0


def _smac_status(reply: Reply) -> str:
    if reply.state == "over":
        return "ABORT"  # the optimizer is to end, and not to take it for a bad configuration
    status = _SMAC_STATUS.get(reply.status, "CRASHED")
    return "CRASHED" if status == "SUCCESS" and reply.cost is None else status


def _result_line(prefix: str, status: str, call: Call, reply: Reply) -> str:
    quality = FAILED_QUALITY if reply.cost is None else reply.cost
    numbers = f"{shortest(reply.runtime_s)}, -1, {shortest(quality)}, {call.seed}"
    return f"{prefix}: {status}, {numbers}, {reply.remark}"


def _fail(reply: Reply) -> int:
    sys.stderr.write(f"boxwright algo: {reply.status or reply.state}: {reply.text}\n")
    return 1


def _print(line: str) -> None:
    data = line.encode("utf-8", "replace") + b"\n"
    while data:
        data = data[os.write(1, data) :]
