"""Names that are too long, no UTF-8 or out of range; links and pipes in run folders; an output that is full."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.store.contents import lies_inside, regular_files
from support import RunBoxwright

LONG = "n" * 300
ODD = os.fsdecode(b"bad\xff")


@pytest.fixture
def study(make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path) -> Path:
    done = boxwright("run", make_scenario("echo hello; touch \"$(printf 'od\\377d')\"; " + RESULT), "--study", "s")
    assert done.returncode == 0, done.stderr
    return tmp_path / "s"


RESULT = 'echo "Result of algorithm run: SUCCESS, 0.1, 1, $BOXWRIGHT_TRIAL, 0"'


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    (line,) = done.stderr.splitlines()
    return line


@pytest.mark.parametrize("verb", ["run", "check", "status", "results", "resume", "stop", "archive"])
@pytest.mark.parametrize("name", [LONG, f"{LONG}/deep", ODD])
def test_name_that_no_file_can_have_is_refused(boxwright: RunBoxwright, verb: str, name: str) -> None:
    one_line(boxwright(verb, name))


@pytest.mark.parametrize("name", [LONG, f"{LONG}/deep", ODD, f"{ODD}/deep"])
def test_study_of_such_a_name_is_refused_before_anything_is_made(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path, name: str
) -> None:
    scenario = make_scenario()
    one_line(boxwright("run", scenario, "--study", name))
    assert list(tmp_path.iterdir()) == [scenario.parent]


def test_scenario_below_a_folder_that_is_no_utf8_is_refused(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    scenario = make_scenario(name=ODD)
    for verb in ("check", "run"):
        assert "its path is not UTF-8" in one_line(boxwright(verb, scenario))
    assert list(tmp_path.iterdir()) == [scenario.parent]


@pytest.mark.parametrize("name", [f"{LONG}.zip", f"{LONG}/a.zip"])
def test_archive_of_a_name_too_long_is_refused(study: Path, boxwright: RunBoxwright, name: str) -> None:
    assert "cannot be written" in one_line(boxwright("archive", study, name))


def test_show_prints_names_that_are_no_utf8_or_span_lines(study: Path, boxwright: RunBoxwright) -> None:
    (study / "runs/000/000001/two\nlines").touch()
    text = boxwright("show", study, "1").stdout
    assert "  od\\udcffd  0 B\n" in text
    assert "  two\\nlines  0 B\n" in text


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_archive_takes_names_that_are_no_utf8(
    study: Path, boxwright: RunBoxwright, tmp_path: Path, name: str
) -> None:
    done = boxwright("archive", study, name)
    assert done.returncode == 0, done.stderr
    if name == "a.zip":
        with zipfile.ZipFile(tmp_path / name) as packed:
            assert "s/runs/000/000001/od\\udcffd" in packed.namelist()
    else:
        with tarfile.open(tmp_path / name) as tar:
            assert os.fsdecode(b"s/runs/000/000001/od\xffd") in tar.getnames()


def test_study_that_was_renamed_to_no_utf8_is_read(study: Path, boxwright: RunBoxwright) -> None:
    odd = study.rename(study.with_name(ODD))
    for words in (["status"], ["status", "--json"], ["results", "--json"], ["show", "1"], ["archive"]):
        verb, *rest = words
        done = boxwright(verb, odd, *rest)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("verb", ["show", "tail", "kill"])
def test_run_number_beyond_all_databases_is_refused(study: Path, boxwright: RunBoxwright, verb: str) -> None:
    one_line(boxwright(verb, study, "99999999999999999999999"))
    assert "no run 9223372036854775807" in one_line(boxwright(verb, study, str(2**63 - 1)))


@pytest.mark.parametrize("words", [["--csv"], ["--json"], []])
def test_full_output_is_told_in_one_line(study: Path, words: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "boxwright", "results", str(study), *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=180,
        )
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1] == "boxwright: the system refused to write: No space left on device"
    assert "Traceback" not in done.stderr


def replace_by_link(folder: Path, target: Path) -> None:
    folder.rename(folder.with_name("away"))
    folder.symlink_to(target)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    for name in ("secret", "stdout.log"):
        (folder / name).write_text("not yours")
    return folder


def test_archive_follows_no_link_that_stands_for_a_run_folder(
    study: Path, boxwright: RunBoxwright, outside: Path, tmp_path: Path
) -> None:
    replace_by_link(study / "runs/000/000001", outside)
    (study / "outputs").symlink_to(tmp_path)
    (study / "results.csv").unlink()
    (study / "results.csv").symlink_to(outside / "secret")
    assert boxwright("archive", study, "a.zip").returncode == 0
    with zipfile.ZipFile(tmp_path / "a.zip") as packed:
        names = packed.namelist()
        assert not any(b"not yours" in packed.read(name) for name in names)
    assert not any("secret" in name or "000001" in name or "outputs" in name for name in names)
    assert "s/runs/000/000002/stdout.log" in names


def test_show_and_tail_follow_no_link_that_stands_for_a_run_folder(
    study: Path, boxwright: RunBoxwright, outside: Path
) -> None:
    replace_by_link(study / "runs/000/000001", outside)
    assert "secret" not in boxwright("show", study, "1").stdout
    assert "a link" in one_line(boxwright("tail", study, "1"))


def test_tail_reads_neither_pipes_nor_links(study: Path, boxwright: RunBoxwright, outside: Path) -> None:
    for run in ("1", "2"):
        (study / f"runs/000/00000{run}/stdout.log").unlink()
    os.mkfifo(study / "runs/000/000001/stdout.log")
    (study / "runs/000/000002/stdout.log").symlink_to(outside / "secret")
    assert "no regular file" in one_line(boxwright("tail", study, "1"))
    assert "cannot be read" in one_line(boxwright("tail", study, "2"))


def test_study_that_is_itself_reached_by_a_link_is_read(study: Path, boxwright: RunBoxwright, tmp_path: Path) -> None:
    (tmp_path / "way").symlink_to(study)
    assert boxwright("tail", "way", "1").stdout.startswith("hello\n")
    assert "stdout.log" in boxwright("show", "way", "1").stdout
    assert lies_inside(tmp_path / "way", tmp_path / "way" / "runs")
    assert regular_files(study, study / "nothing") == []
