"""What may be wrong with a text that was to be JSON; imports nothing of ours."""

from __future__ import annotations

import msgspec

NOT_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What ``msgspec.json.decode`` raises: no JSON, or not of this type; no UTF-8; nested too deeply.

A file in a run's folder and a line from another process are hostile: each of the three can be written on purpose.
"""
