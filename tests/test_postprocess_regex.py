"""The gallery script regex.py, run as a scenario runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from boxwright.gallery import gallery_root

SCRIPT = gallery_root() / "postprocess" / "regex.py"
LOSS = ("--name", "loss", "--pattern", r"loss=(\S+)")


def call(folder: Path, *words: str, log: str | bytes = "") -> subprocess.CompletedProcess[str]:
    (folder / "stdout.log").write_bytes(log if isinstance(log, bytes) else log.encode())
    argv = [sys.executable, "-IS", str(SCRIPT), *words]
    return subprocess.run(argv, cwd=folder, capture_output=True, encoding="utf-8", timeout=180, check=False)


@pytest.mark.parametrize(("take", "value"), [("last", 2.0), ("first", 3.0), ("min", 1.0), ("max", 5.0)])
def test_regex_takes_the_match_that_counts(tmp_path: Path, take: str, value: float) -> None:
    done = call(tmp_path, *LOSS, "--take", take, log="loss=3 loss=1\nx\nloss=5\rloss=2\n")
    assert (done.returncode, done.stdout) == (0, f"loss\t{value}\n")


def test_regex_prints_several_metrics_in_order(tmp_path: Path) -> None:
    done = call(tmp_path, "--name", "b", "--pattern", "b: ([0-9.]+)", *LOSS, log="loss=1e-3\nb: 4\n")
    assert done.stdout == "b\t4.0\nloss\t0.001\n"


def test_regex_reads_megabytes_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    log = b"loss=1\n" + b"x" * 3_000_000 + b"loss=7\n" + b"\xff\0 loss=2\n" * 100_000
    assert call(tmp_path, *LOSS, log=log).stdout == "loss\t2.0\n"


@pytest.mark.parametrize(
    ("log", "message"),
    [
        ("", r'no line matches the pattern of loss, "loss=(\\S+)"'.replace("\\\\", "\\")),
        ("loss=1\nloss=nan\n", 'loss is "nan", not a finite number'),
        ("loss=1\nloss=soon\n", 'loss is "soon", not a number'),
        ("loss=1_000\n", 'loss is "1_000", not a number'),
        ("loss=1\nloss=\x07\n", r'loss is "\x07", not a number'),
    ],
)
def test_regex_without_a_usable_number_is_an_error(tmp_path: Path, log: str, message: str) -> None:
    done = call(tmp_path, *LOSS, log=log)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"regex.py: stdout.log: {message}\n")


def test_regex_refuses_a_missing_file(tmp_path: Path) -> None:
    done = call(tmp_path, *LOSS, "--file", "gone.log")
    assert (done.returncode, done.stderr) == (1, "regex.py: gone.log: no such file\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "the following arguments are required: --name, --pattern"),
        (("--name", "a", "--pattern", "("), "is no regular expression: missing )"),
        (("--name", "a", "--pattern", "a=.*"), "has 0 groups; one must hold the number"),
        (("--name", "a", "--name", "b", "--pattern", "(.)"), "2 times --name, but 1 times --pattern"),
        ((*LOSS, *LOSS), "one --name is given twice"),
        ((*LOSS, "--take", "median"), "invalid choice: 'median'"),
    ],
)
def test_regex_refuses_wrong_arguments_in_one_line(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    done = call(tmp_path, *words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert message in done.stderr
