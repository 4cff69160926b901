"""JSON that a run wrote: strict where it matters, and never an exception other than ``ValueError``."""

from __future__ import annotations

import json
from typing import Any

from boxwright.parse.logs import quoted


def decode_json(text: str) -> Any:
    """Return the value of a JSON text. NaN and Infinity are taken, so that a reason can name them.

    Raises:
        ValueError: It is no JSON, is nested too deeply, or names one key twice.
    """
    try:
        return json.loads(text, object_pairs_hook=_without_doubles)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def encode_json(value: object) -> str:
    """Return a value read from JSON as JSON again, or a mark if it is nested too deeply to be written."""
    try:
        return json.dumps(value)
    except RecursionError:
        return "…"


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the key {quoted(name)} stands twice in one object")
        found[name] = value
    return found
