"""Dakota's parameters file, in its standard, APREPRO and JSON formats, and its results file in the standard one.

By the user's manual, chapter "Interfaces", sections "Parameters File Format" and "Results File Format".
"""

from __future__ import annotations

import os
import sys

from boxwright.algo.calls import Call, CallError, Reply, shortest

_VALUE = 1
"""The bit of the active set that asks for a function's value; 2 is its gradient, 4 its Hessian."""


def read_dakota(words: list[str]) -> Call:
    """Return what the parameters file asks for."""
    if len(words) != 2:
        raise CallError(f"found {len(words)} words, expected two: a parameters file and a results file")
    try:
        with open(words[0], encoding="utf-8") as file:  # noqa: PTH123  pathlib takes longer to import than all this
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise CallError(f"{words[0]}: cannot be read: {getattr(error, 'strerror', error)}") from error
    call = Call({}, results=words[1])
    if text.lstrip().startswith("{") and not text.lstrip("{ \t\r\n").startswith("DAKOTA_VARS"):
        return _read_json(text, words[0], call)
    entries = [entry for entry in map(_entry, text.split("\n")) if entry is not None]
    stated = next((value for value, name in entries[:1] if name in ("variables", "DAKOTA_VARS")), None)
    number = _count(stated or "")
    if number is None or len(entries) < number + 2:
        raise CallError(f"{words[0]}: is no parameters file: its first line names no number of variables")
    call.texts = {name: value for value, name in entries[1 : number + 1]}
    functions = []
    for value, name in entries[number + 2 :]:
        kind, _, function = name.partition(":")
        if kind.startswith("ASV_") and function:
            functions.append(_function(function, value, f"{words[0]}: {name}"))
    call.notes = tuple(functions)
    return call


def _function(name: str, wanted: str, place: str) -> str:
    """Return a function's name if its value is wanted, and an empty text if nothing is."""
    bits = _count(wanted)
    if bits is None or bits & ~_VALUE:
        raise CallError(f"{place} = {wanted} asks for derivatives, and there are none")
    return name if bits else ""


def _read_json(text: str, file: str, call: Call) -> Call:
    import json

    try:
        document = json.loads(text, parse_int=str, parse_float=str)
        call.texts = {str(entry["label"]): str(entry["value"]) for entry in document["variables"]}
        functions = [(str(entry["label"]), str(entry["active_set"])) for entry in document["responses"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CallError(f"{file}: is no parameters file: {error}") from error
    call.notes = tuple(_function(name, wanted, f"{file}: active_set of {name}") for name, wanted in functions)
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
            lines.append(f"{shortest(0.0 if value is None else value)} {name}")
    draft = f"{call.results}.new"
    try:
        with open(draft, "w", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            file.write("\n".join(lines) + "\n")
        os.replace(draft, call.results)  # noqa: PTH105
    except OSError as error:
        sys.stderr.write(f"boxwright algo: {call.results}: cannot be written: {error.strerror}\n")
        return 1
    return 1 if reply.state == "over" else 0
