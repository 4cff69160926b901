"""SMAC's result line in every dialect, by the rules of SMAC v2.10.03 (its library AEATK).

``Result of this algorithm run: STATUS, runtime, runlength, quality, seed[, additional]``, with the older prefixes
(``Result for ParamILS:``, ``Final Result for HAL:`` …), and AClib2's JSON object in place of the fields.
"""

from __future__ import annotations

import math
import re
import sys
from dataclasses import dataclass

from boxwright.errors import RunError, nearest, one_line
from boxwright.parse.json_text import decode_json, encode_json
from boxwright.parse.logs import Line, quoted, shortened
from boxwright.parse.numbers import is_java_long, java_double, java_trim
from boxwright.terms import Status

RESULT_NEEDLE = b"esult"
"""Stands in every result line: what does not hold it need not be looked at."""

# AEATK's two patterns. Possessive quantifiers, because two runs of \s* side by side cost quadratic time on a
# hostile line of blanks; test_parse_result_prefix.py compares them with the originals.
_PREFIX = re.compile(
    rb"\s*+(?:Result\s*+of\s*+(?:this\s*+)?[Aa]lgorithm\s*+[rR]un\s*+:"
    rb"|(?:Final\s*+)?[Rr]esult\s++(?:[Ff]or|[oO]f)\s++(?:HAL|ParamILS|SMAC|[tT]his [wW]rapper):)"
)

_STATUSES = {
    "SAT": Status.SUCCESS,
    "SATISFIABLE": Status.SUCCESS,
    "SUCCESS": Status.SUCCESS,
    "UNSAT": Status.UNSAT,
    "UNSATISFIABLE": Status.UNSAT,
    "TIMEOUT": Status.TIMEOUT,
    "MEMOUT": Status.MEMOUT,  # SMAC3 1.x
    "MEMORYOUT": Status.MEMOUT,  # SMAC3 2.x
    "CRASHED": Status.CRASHED,
    "ABORT": Status.ABORT,
}
_NOT_FOR_RUNS = ("RUNNING", "KILLED")
_ADDITIONAL_CHARACTERS = 4000
_LARGEST = sys.float_info.max


@dataclass(frozen=True, slots=True)
class ResultLine:
    """What a result line says.

    Attributes:
        quality: As reported: never NaN, but it may be infinite; None where AClib2's JSON names no cost.
        runtime_s: At least 0 and finite.
        runlength: At least 0, or -1 for unknown, and finite.
        additional: The sixth field, or what else AClib2's JSON holds.
    """

    status: Status
    quality: float | None
    runtime_s: float | None
    runlength: float | None
    additional: str = ""


def result_body(line: bytes) -> bytes | None:
    """Return what follows the prefix of a result line; None if the line is none."""
    found = _PREFIX.match(line)
    return line[found.end() :] if found else None


def read_result(line: Line) -> ResultLine | None:
    """Return what a line of a log says if it is a result line, None if it is none.

    Raises:
        RunError: It is a result line and breaks a rule; the text names the rule.
    """
    body = result_body(line.text)
    if body is None:
        return None
    if line.cut:
        raise RunError("the result line is longer than 64 KiB")
    return parse_result(body.decode("utf-8", "replace"))


def parse_result(body: str) -> ResultLine:
    """Return what the part after the prefix says.

    Raises:
        RunError: It breaks a rule; the text names the value found and what would be right.
    """
    body = java_trim(body)
    return _from_json(body) if body.startswith("{") else _from_fields(body)


def _from_fields(body: str) -> ResultLine:
    fields = body.split(",")
    while fields and not fields[-1]:
        fields.pop()
    fields = [java_trim(field) for field in fields]
    if len(fields) < 5:
        found = f"{len(fields)} field{'s' * (len(fields) != 1)} in {quoted(body)}"
        raise RunError(f"{found}; a result line holds status, runtime, runlength, quality, seed")
    status = _status(fields[0])
    runtime_s = _runtime(_number("runtime", fields[1]))
    runlength = _runlength(_number("runlength", fields[2]))
    quality = _quality(_number("quality", fields[3]))
    if not is_java_long(fields[4]):
        raise RunError(f"seed {quoted(fields[4])} is not a whole number")
    if len(fields) > 6:  # SMAC v2 drops the sixth too: it cannot know which commas are part of the text
        additional = f"{len(fields)} fields; those after the fifth were dropped, additional text holds no commas"
    else:
        additional = _clean(fields[5]) if len(fields) == 6 else ""
    return ResultLine(status, quality, runtime_s, runlength, additional)


def _from_json(body: str) -> ResultLine:
    try:
        answer = decode_json(body)
    except ValueError as error:
        raise RunError(f"the result line's JSON cannot be read: {error}") from error
    if not isinstance(answer, dict) or not isinstance(answer.get("status"), str):
        raise RunError(f'no "status" text in {quoted(body)}; write {{"status": "SUCCESS", "cost": 0.1}}')
    status = _status(java_trim(answer.pop("status")))
    runtime = answer.pop("runtime", None)
    runtime_s = None if runtime is None else _runtime(_json_number("runtime", runtime))
    if "cost" in answer:
        quality = _quality(_json_number("cost", answer.pop("cost")))
    elif status is Status.SUCCESS:  # SMAC3 1.x took 0 for it, the best of all errors
        raise RunError(f'no "cost" in {quoted(body)}')
    else:
        quality = None
    misc = answer.get("misc")
    text = misc if list(answer) == ["misc"] and isinstance(misc, str) else encode_json(answer) if answer else ""
    return ResultLine(status, quality, runtime_s, None, _clean(text))


def _status(text: str) -> Status:
    name = text.upper().removeprefix("STATUSTYPE.")
    if name in _STATUSES:
        return _STATUSES[name]
    if name in _NOT_FOR_RUNS:
        raise RunError(f"status {name} is not for a run to say; it says one of {', '.join(_STATUSES)}")
    raise RunError(f"status {quoted(text, 30)} is not known. {nearest(name[:30], _STATUSES)}")


def _number(field: str, text: str) -> float:
    number = java_double(text)
    if number is None:
        raise RunError(f"{field} {quoted(text)} is not a number")
    return number


def _json_number(field: str, value: object) -> float:
    if isinstance(value, str):  # SMAC3 1.x took numbers in quotes
        return _number(field, value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RunError(f"{field} {quoted(encode_json(value))} is not a number")
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _runtime(number: float) -> float:
    if not number >= 0:
        raise RunError(f"runtime {number!r} is not 0 or more")
    return min(number, _LARGEST)


def _runlength(number: float) -> float:
    if not (number >= 0 or number == -1):
        raise RunError(f"runlength {number!r} is neither 0 or more, nor -1")
    return min(number, _LARGEST)


def _quality(number: float) -> float:
    if math.isnan(number):
        raise RunError("quality is NaN, not a number")
    return number


def _clean(text: str) -> str:
    return shortened(one_line(text[: _ADDITIONAL_CHARACTERS + 1]), _ADDITIONAL_CHARACTERS)
