"""The gallery script last_line.py, run as a scenario runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from boxwright.gallery import gallery_root

SCRIPT = gallery_root() / "postprocess" / "last_line.py"


def call(folder: Path, *words: str, log: str | bytes | None = None) -> subprocess.CompletedProcess[str]:
    if log is not None:
        (folder / "stdout.log").write_bytes(log if isinstance(log, bytes) else log.encode())
    argv = [sys.executable, "-IS", str(SCRIPT), *words]
    return subprocess.run(argv, cwd=folder, capture_output=True, encoding="utf-8", timeout=180, check=False)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("0.25", "0.25"),
        ("validation error: 0.25", "0.25"),
        ("error=2.5e-1.", "0.25"),
        ("conv2d_3 of model-v1.2.3 has error 0.25", "0.25"),
        ("\x1b[32macc 98.5%\x1b[0m", "98.5"),
        ("10/10 ━━━━ 1s 3ms/step - loss: .5", "0.5"),
        ("cost 1.", "1.0"),
        ("[0.1, -3]", "-3.0"),
        ("done\rloss 7", "7.0"),
        ("ü\udcff 4", "4.0"),
    ],
)
def test_last_line_takes_the_last_number(tmp_path: Path, line: str, value: str) -> None:
    done = call(tmp_path, "--name", "error", log=b"1 2 3\n" + line.encode("utf-8", "surrogateescape") + b"\r\n\n \n")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"error\t{value}\n", "")


def test_last_line_gives_several_names_the_last_numbers_in_order(tmp_path: Path) -> None:
    done = call(tmp_path, "--name", "validation_error", "--name", "Prüffehler", log="epoch 3: 0.1 0.2\n")
    assert done.stdout == "validation_error\t0.1\nPrüffehler\t0.2\n"


def test_last_line_picks_fields_by_number(tmp_path: Path) -> None:
    done = call(tmp_path, "--field", "2", "--field", "-1", "--name", "a", "--name", "b", log="1 2 3 4")
    assert done.stdout == "a\t2.0\nb\t4.0\n"


def test_last_line_reads_another_file_and_calls_the_metric_quality(tmp_path: Path) -> None:
    (tmp_path / "my log").write_text("0.5")
    assert call(tmp_path, "--file", "my log").stdout == "quality\t0.5\n"


@pytest.mark.parametrize(
    ("log", "message"),
    [
        (None, "last_line.py: stdout.log: no such file"),
        ("", "last_line.py: stdout.log: holds no line that is not blank"),
        (b"\n\0\0 \r\n" * 100_000, "last_line.py: stdout.log: holds no line that is not blank"),
        ("0.1\nfinished\n", 'last_line.py: stdout.log: no number in the last line, "finished"'),
        ("0.1\nerror nan\n", 'last_line.py: stdout.log: quality is nan in the last line, "error nan"'),
        ("0.1\nerror -Infinity\n", "quality is -inf in the last line"),
        ("error 1e999", "quality is inf in the last line"),
        (b"\xff\xfe\x07 x\n", r"no number in the last line"),
        ("1" * 3_000_000 + "x", "no number in the last line"),
    ],
)
def test_last_line_without_a_usable_number_is_an_error(tmp_path: Path, log: str | bytes | None, message: str) -> None:
    done = call(tmp_path, log=log)
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert len(done.stderr) < 500


def test_last_line_of_megabytes_ends_in_its_number(tmp_path: Path) -> None:
    assert call(tmp_path, log=b"1" * 5_000_000 + b" 0.25").stdout == "quality\t0.25\n"


def test_last_line_with_too_few_numbers_is_an_error(tmp_path: Path) -> None:
    done = call(tmp_path, "--name", "a", "--name", "b", log="0.1")
    assert (done.returncode, done.stderr) == (
        1,
        "last_line.py: the last line holds 1 numbers, but there are 2 names\n",
    )
    assert call(tmp_path, "--field", "2").returncode == 1


@pytest.mark.parametrize(
    "words",
    [
        ("--name", "a", "--name", "a"),
        ("--name", "a\tb"),
        ("--name", ""),
        ("--field", "1", "--field", "2"),
        ("--field", "0"),
        ("--field", "x"),
        ("--nmae", "a\nb"),
    ],
)
def test_last_line_refuses_wrong_arguments_in_one_line(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = call(tmp_path, *words, log="0.1")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("last_line.py: ")


def test_last_line_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "stdout.log")
    assert call(tmp_path).returncode == 1
