"""Dakota's parameters file and results file, in its standard and its APREPRO format.

By the user's manual, chapter "Interfaces", sections "Parameters File Format" and "Results File Format".
"""

from __future__ import annotations

import os

from boxwright.algo.calls import Call, CallError, Reply, shortest

_VALUE = 1
"""The bit of the active set that asks for a function's value; 2 is its gradient, 4 its Hessian."""


def read_dakota(words: list[str]) -> Call:
    """Return what the parameters file asks for."""
    if len(words) != 2:
        raise CallError(f"found {len(words)} words, expected two: a parameters file and a results file")
    try:
        with open(words[0], encoding="utf-8") as file:  # noqa: PTH123  pathlib takes longer to import than all this
            entries = [entry for entry in map(_entry, file) if entry is not None]
    except (OSError, UnicodeDecodeError) as error:
        raise CallError(f"{words[0]}: cannot be read: {error}") from error
    stated = next((value for value, name in entries[:1] if name in ("variables", "DAKOTA_VARS")), None)
    number = _count(stated or "")
    if number is None or len(entries) < number + 2:
        raise CallError(f"{words[0]}: is no parameters file: its first line names no number of variables")
    texts = {name: value for value, name in entries[1 : number + 1]}
    functions = []
    for value, name in entries[number + 2 :]:
        kind, _, function = name.partition(":")
        if kind.startswith("ASV_") and function:
            wanted = _count(value)
            if wanted is None or wanted & ~_VALUE:
                raise CallError(f"{words[0]}: {name} = {value} asks for derivatives, and there are none")
            functions.append(function if wanted else "")
    call = Call(texts, results=words[1])
    call.notes = tuple(functions)
    return call


def _count(text: str) -> int | None:
    """Return the whole number that a text is; None if it is none, or larger than any number of variables."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _entry(line: str) -> tuple[str, str] | None:
    """Return value and name of one line, of either format."""
    line = line.strip()
    if line.startswith("{") and line.endswith("}"):
        name, equals, value = line[1:-1].partition(" = ")
        return (value.strip().strip('"'), name.strip()) if equals else None
    value, _, name = line.rpartition(" ")
    return (value.strip(), name) if value else None


def tell_dakota(call: Call, reply: Reply) -> int:
    """Write the results file in one step: a value for each function, or FAIL, which Dakota has its own rules for."""
    lines = []
    for at, name in enumerate(call.notes):
        value = reply.cost if at == 0 else reply.metrics.get(name)
        if reply.cost is None or (value is None and name):
            missing = "" if reply.cost is None else f'the run reports no metric "{name}"'
            lines = [f"FAIL {missing or reply.remark}"]
            break
        if name:
            lines.append(f"{shortest(value or 0.0)} {name}")
    draft = f"{call.results}.new"
    with open(draft, "w", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
        file.write("\n".join(lines) + "\n")
    os.replace(draft, call.results)  # noqa: PTH105
    return 1 if reply.state == "over" else 0
