"""What becomes of the files that a run leaves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from boxwright.materialise import Collected, collect_outputs, discard_outputs
from boxwright.scenario.model import Outputs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "run"
    (path / "plots").mkdir(parents=True)
    for name in ("model.h5", "plots/a.png", "plots/b c.png", "run.json", "stdout.log"):
        (path / name).write_text(name)
    return path


def collect(folder: Path, **patterns: tuple[str, ...]) -> Collected:
    return collect_outputs(Outputs(**patterns), folder, folder.parent / "outputs")


def test_outputs_are_collected_by_pattern(folder: Path) -> None:
    found = collect(folder, collect=("*.h5", "plots", "nothing*"))
    assert found.files == ("model.h5", "plots/a.png", "plots/b c.png")
    assert (folder.parent / "outputs" / "plots" / "b c.png").read_text() == "plots/b c.png"
    assert collect(folder, collect=("*.h5", "plots", "nothing*")) == found


def test_destination_is_made_only_for_files(folder: Path) -> None:
    assert collect(folder, collect=("nothing",)) == Collected()
    assert not (folder.parent / "outputs").exists()


def test_missing_outputs_are_named(folder: Path) -> None:
    assert collect(folder, require=("*.h5", "*.txt", "plots", "plots/*.gif")).missing == ("*.txt", "plots/*.gif")


def test_discarded_outputs_are_gone_but_our_own_files_stay(folder: Path) -> None:
    discard_outputs(("*",), folder)
    assert sorted(path.name for path in folder.iterdir()) == ["run.json", "stdout.log"]


def test_collecting_discards_nothing_yet(folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    collect(folder, collect=("*.h5",), discard=("*",))
    assert sorted(folder.rglob("*")) == before


def test_discarding_twice_is_like_once(folder: Path) -> None:
    discard_outputs(("plots", "*.h5"), folder)
    discard_outputs(("plots", "*.h5"), folder)
    assert sorted(path.name for path in folder.iterdir()) == ["run.json", "stdout.log"]


def test_outputs_outside_of_the_folder_stay_unseen_and_untouched(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "secret").write_text("x")
    (folder / "way").symlink_to(outside)
    (folder / "plots" / "file").symlink_to(outside / "secret")
    (folder / "broken").symlink_to("nowhere")
    (folder / "circle").symlink_to("circle")
    found = collect(
        folder, collect=("way/*", "way", "plots", "**/*", "broken"), require=("way", "plots/file", "broken")
    )
    assert not any("way" in name or "plots/file" in name for name in found.files)
    assert found.missing == ("way", "plots/file", "broken")
    discard_outputs(("way/*", "way", "plots/file", "circle"), folder)
    assert (outside / "secret").exists()
    assert not (folder / "way").is_symlink()


def test_pipes_are_not_collected(folder: Path) -> None:
    os.mkfifo(folder / "plots" / "pipe")
    assert collect(folder, collect=("plots", "plots/*")).files == ("plots/a.png", "plots/b c.png")
