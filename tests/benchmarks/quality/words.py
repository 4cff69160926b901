"""Words of the command line, and what is wrong with them."""

from __future__ import annotations

import argparse


class MistakeError(Exception):
    """What was asked for cannot be: one line, after which the benchmark ends with 2."""


def at_least_one(text: str) -> int:
    """Return a whole number above 0.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)
