"""The gallery script keras_history.py, run as a scenario runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from boxwright.gallery import gallery_root

SCRIPT = gallery_root() / "postprocess" / "keras_history.py"
HISTORY = {
    "loss": [3.0, 2.0, 1.0],
    "val_loss": [0.5, 0.25, 0.75],
    "val_accuracy": [0.7, 0.8, 0.9],
    "test_error": [0.3, 0.2, 0.1],
    "lr": [1, 1, 1],
}
CSV = "epoch,loss,val_loss\n0,3.0,0.5\n1,2.0,0.25\n2,1.0,0.75\n"


def call(folder: Path, *words: str, history: Any = HISTORY) -> subprocess.CompletedProcess[str]:
    text = history if isinstance(history, str) else json.dumps(history)
    (folder / "history.json").write_text(text, encoding="utf-8", errors="surrogateescape")
    argv = [sys.executable, "-IS", str(SCRIPT), *words]
    return subprocess.run(argv, cwd=folder, capture_output=True, encoding="utf-8", timeout=180, check=False)


@pytest.mark.parametrize("history", [HISTORY, CSV, CSV.replace(",", ";"), "\ufeff" + CSV.replace("\n", "\r\n")])
@pytest.mark.parametrize(
    ("words", "printed"),
    [
        ((), "val_loss\t0.75\n"),
        (("--take", "best"), "val_loss\t0.25\n"),
        (("--take", "max", "--name", "worst"), "worst\t0.75\n"),
        (("--take", "min", "--epoch", "epoch"), "val_loss\t0.25\nepoch\t2\n"),
        (("--metric", "loss", "--by", "val_loss", "--take", "best"), "val_loss\t0.25\nloss\t2.0\n"),
        (("--metric", "loss", "--take", "best"), "val_loss\t0.25\nloss\t1.0\n"),
    ],
)
def test_keras_history_prints_a_metric(tmp_path: Path, history: Any, words: tuple[str, ...], printed: str) -> None:
    done = call(tmp_path, "--metric", "val_loss", *words, history=history)
    assert (done.returncode, done.stdout, done.stderr) == (0, printed, "")


def test_keras_history_knows_that_more_accuracy_is_better(tmp_path: Path) -> None:
    done = call(
        tmp_path, "--metric", "val_accuracy", "--metric", "test_error", "--by", "val_accuracy", "--take", "best"
    )
    assert done.stdout == "val_accuracy\t0.9\ntest_error\t0.1\n"


def test_keras_history_passes_over_epochs_that_are_not_finite(tmp_path: Path) -> None:
    history = '{"val_loss": [NaN, 2, 1, NaN, -Infinity, null, "x"]}'
    done = call(tmp_path, "--metric", "val_loss", "--take", "best", "--epoch", "epoch", history=history)
    assert done.stdout == "val_loss\t1.0\nepoch\t3\n"
    assert call(tmp_path, "--metric", "val_loss", history=history).returncode == 1


def test_keras_history_reads_a_csv_log_whose_last_row_was_cut(tmp_path: Path) -> None:
    assert call(tmp_path, "--metric", "val_loss", "--take", "best", history=CSV + "3,1.").stdout == "val_loss\t0.25\n"
    assert call(tmp_path, "--metric", "val_loss", history=CSV + "3,1.").returncode == 1


@pytest.mark.parametrize(
    ("history", "message"),
    [
        ("", "history.json: empty"),
        ("{", "history.json: no JSON: "),
        ("[[[1", "history.json: no JSON: "),
        ("[" * 100_000, "history.json: no JSON: "),
        ("[1]", "history.json: holds a list, not an object of metrics"),
        ("{}", "history.json: no metric val_loss; it holds none"),
        ({"loss": [1], "val_loss": 3}, "history.json: no metric val_loss; it holds loss"),
        ({"val_loss": []}, "history.json: val_loss has no finite value"),
        ({"val_loss": [None]}, "history.json: val_loss has no finite value"),
        ("epoch,loss\n0,1\n", "history.json: no metric val_loss; it holds epoch, loss"),
        ("val_loss\n", "history.json: val_loss has no finite value"),
        ("\udcff\udcfe\0", "history.json: no metric val_loss"),
        ("a" * 200_000, "history.json: no CSV: field larger than field limit"),
    ],
)
def test_keras_history_without_the_metric_is_an_error(tmp_path: Path, history: Any, message: str) -> None:
    done = call(tmp_path, "--metric", "val_loss", history=history)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(f"keras_history.py: {message}")


def test_keras_history_refuses_a_missing_file(tmp_path: Path) -> None:
    done = call(tmp_path, "--metric", "val_loss", "--file", "gone.csv")
    assert (done.returncode, done.stderr) == (1, "keras_history.py: gone.csv: no such file\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "the following arguments are required: --metric"),
        (("--metric", "lr", "--take", "best"), "whether less or more of 'lr' is best"),
        (("--metric", "loss", "--name", "a", "--name", "b"), "2 times --name, but 1 times --metric"),
        (("--metric", "loss", "--metric", "loss"), "two values would be printed under one name"),
        (("--metric", "loss", "--epoch", "loss"), "two values would be printed under one name"),
        (("--metric", "lo\nss"), r"'lo\nss' is no name of a metric"),
    ],
)
def test_keras_history_refuses_wrong_arguments_in_one_line(
    tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    done = call(tmp_path, *words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert message in done.stderr
