"""What takes long to find out: found out once, seldom anew, and beside whoever asks."""

from __future__ import annotations

from threading import Event

import pytest

from boxwright.serve.kept import Kept
from execute_support import wait_until


def test_nobody_waits_for_what_is_found_out_and_it_is_found_out_once() -> None:
    kept: Kept[str] = Kept()
    may_end, calls = Event(), []

    def find_out() -> str:
        calls.append(1)
        may_end.wait()
        return "found"

    assert kept.soon(1, find_out) == (None, True)
    assert kept.soon(2, find_out) == (None, True)
    may_end.set()
    wait_until(lambda: kept.soon(1, find_out) == ("found", False))
    assert len(calls) == 1


def test_what_was_known_is_shown_while_something_newer_is_found_out() -> None:
    kept: Kept[str] = Kept()
    may_end = Event()
    assert kept.get(1, lambda: "old") == "old"

    def find_out() -> str:
        may_end.wait()
        return "new"

    wait_until(lambda: kept.soon(2, find_out) == ("old", True))  # once the first one has rested
    may_end.set()
    wait_until(lambda: kept.soon(2, find_out) == ("new", False))


def test_fault_is_told_to_who_asks_next_and_then_it_is_tried_again() -> None:
    kept: Kept[str] = Kept()

    def fail() -> str:
        raise ValueError("no")

    def asked() -> bool:
        kept.soon(1, fail)
        return False

    with pytest.raises(ValueError, match="no"):
        wait_until(asked)
    wait_until(lambda: kept.soon(1, lambda: "found") == ("found", False))
