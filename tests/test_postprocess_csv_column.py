"""The gallery script csv_column.py, run as a scenario runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from boxwright.gallery import gallery_root

SCRIPT = gallery_root() / "postprocess" / "csv_column.py"
TABLE = 'step,"val error",note\n1,0.5,"a, b"\n2,0.25,\n3,,"two\nlines"\n4,0.75,x\n'


def call(folder: Path, *words: str, table: str | bytes = TABLE) -> subprocess.CompletedProcess[str]:
    (folder / "metrics.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    argv = [sys.executable, "-IS", str(SCRIPT), "--file", "metrics.csv", *words]
    return subprocess.run(argv, cwd=folder, capture_output=True, encoding="utf-8", timeout=180, check=False)


@pytest.mark.parametrize("table", [TABLE, TABLE.replace("\n", "\r\n"), "\ufeff" + TABLE, TABLE.rstrip() + "\n\n"])
@pytest.mark.parametrize(("take", "value"), [("last", 0.75), ("min", 0.25), ("max", 0.75), ("mean", 0.5)])
def test_csv_column_prints_a_value_of_a_column(tmp_path: Path, table: str, take: str, value: float) -> None:
    done = call(tmp_path, "--column", "val error", "--take", take, table=table)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"val error\t{value}\n", "")


def test_csv_column_takes_a_number_where_there_is_no_header(tmp_path: Path) -> None:
    done = call(tmp_path, "--no-header", "--column", "2", "--delimiter", "tab", "--name", "e", table="1\t2\n3\t4\n")
    assert done.stdout == "e\t4.0\n"


def test_csv_column_passes_over_what_is_not_finite_for_the_least(tmp_path: Path) -> None:
    table = "e\n3\nnan\n-inf\n2\ninf\n"
    assert call(tmp_path, "--column", "e", "--take", "min", table=table).stdout == "e\t2.0\n"
    for take in ("last", "mean"):
        done = call(tmp_path, "--column", "e", "--take", take, table=table)
        assert (done.returncode, done.stdout) == (1, "")
        assert f"the {take} value of column e is " in done.stderr


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("", "metrics.csv: no column e; the header is empty"),
        ("a, b \n1,2\n", "metrics.csv: no column e; the header is a, b"),
        ("e,e\n1,2\n", "metrics.csv: two columns are called e"),
        ("e\n", "metrics.csv: column e holds no value"),
        ("a,e\n1,\n", "metrics.csv: column e holds no value"),
        ("a,e\n1,2\n3\n", "metrics.csv:3: 1 cells, none for column e"),
        ("e\n1\nsoon\n2\n", 'metrics.csv:3: "soon" is not a number'),
        ("e\n1_000\n", 'metrics.csv:2: "1_000" is not a number'),
        ("e\nnan\n", "metrics.csv: the last value of column e is nan"),
        ("e\n" + "1" * 200_000, "metrics.csv: no CSV: field larger than field limit"),
        ("e\n" + "1," * 2_000_000, "metrics.csv: a line longer than 1 MiB"),
        (b"\xff\xfee\0\n1\n", "metrics.csv: no column e"),
    ],
)
def test_csv_column_without_a_usable_value_is_an_error(tmp_path: Path, table: str | bytes, message: str) -> None:
    done = call(tmp_path, "--column", "e", table=table)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(f"csv_column.py: {message}")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "the following arguments are required: --column"),
        (("--column", "e", "--no-header", "--name", "e"), "with --no-header it is a number from 1"),
        (("--column", "0", "--no-header", "--name", "e"), "with --no-header it is a number from 1"),
        (("--column", "1", "--no-header"), "--no-header needs a --name"),
        (("--column", "e", "--delimiter", "::"), "'::' is not one character"),
        (("--column", "e", "--take", "sum"), "invalid choice: 'sum'"),
    ],
)
def test_csv_column_refuses_wrong_arguments_in_one_line(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    done = call(tmp_path, *words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert message in done.stderr
