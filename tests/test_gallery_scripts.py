"""The scripts of the gallery by themselves: they are ordinary programs that know nothing of boxwright."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from boxwright.gallery import gallery_root

SCENARIOS = gallery_root() / "scenarios"
BRANIN = SCENARIOS / "branin" / "branin.sh"
TRAIN = SCENARIOS / "mnist-smac" / "train.py"
RESULT = re.compile(r"^Result of algorithm run: (\w+), ([\d.]+), (\d+), ([\d.]+), (\d+)$", re.MULTILINE)


def run(folder: Path, *words: object, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in words],
        cwd=folder,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def branin(x1: float, x2: float) -> float:
    """Branin's function as in Dixon and Szegö (1978), with its usual constants."""
    b, c, t = 5.1 / (4 * math.pi**2), 5 / math.pi, 1 / (8 * math.pi)
    return (x2 - b * x1**2 + c * x1 - 6) ** 2 + 10 * (1 - t) * math.cos(x1) + 10


# ---------------------------------------------------------------------------------------------- branin


@pytest.mark.parametrize("x1", [-5.0, -math.pi, 1e-05, 9.42478, 10.0])
@pytest.mark.parametrize("x2", [0.0, 2.475, 15.0])
def test_branin_script_prints_the_value_of_the_formula(tmp_path: Path, x1: float, x2: float) -> None:
    done = run(tmp_path, BRANIN, 7, "--x1", x1, "--x2", x2)
    line = RESULT.fullmatch(done.stdout.strip())
    assert line, done
    assert line[1] == "SUCCESS"
    assert float(line[4]) == pytest.approx(branin(x1, x2), abs=1e-8)
    assert line[5] == "7"


def test_branin_script_prints_a_decimal_point_whatever_the_locale(tmp_path: Path) -> None:
    done = run(tmp_path, BRANIN, 1, "--x1", "2.5", "--x2", "7.5", LC_ALL="de_DE.UTF-8", LANG="de_DE.UTF-8")
    assert RESULT.fullmatch(done.stdout.strip()), done


@pytest.mark.parametrize("words", [[], ["1", "--x1", "2"], ["1", "--x1", "a", "--x2", "0"], ["1", "--x3", "2"]])
def test_branin_script_fails_without_two_numbers(tmp_path: Path, words: list[str]) -> None:
    done = run(tmp_path, BRANIN, *words)
    assert done.returncode == 2
    assert not done.stdout
    assert "branin.sh" in done.stderr


# ---------------------------------------------------------------------------------------------- digits


@pytest.mark.parametrize(
    ("nb_conv", "nb_pool"),
    [
        pytest.param(20, 2, id="kernels larger than the image"),
        pytest.param(15, 1, id="nothing left"),
        pytest.param(14, 3, id="window larger than the two pixels left"),
    ],
)
def test_training_answers_unsat_when_the_kernels_do_not_fit(tmp_path: Path, nb_conv: int, nb_pool: int) -> None:
    done = run(tmp_path, sys.executable, TRAIN, "--nb_conv", nb_conv, "--nb_pool", nb_pool, "--seed", 5)
    line = RESULT.search(done.stdout)
    assert done.returncode == 0
    assert line, done
    assert (line[1], float(line[4]), line[5]) == ("UNSAT", 1.0, "5")
    assert not list(tmp_path.iterdir())


def test_training_prints_one_result_line_and_leaves_its_network(tmp_path: Path) -> None:
    done = run(tmp_path, sys.executable, TRAIN, "--nb_filters", 8, "--images", 500, "--epochs", 1, "--seed", 5)
    assert done.returncode == 0, done.stderr
    (line,) = RESULT.finditer(done.stdout)
    test_error = re.search(r"^Test error: ([0-9.]+)$", done.stdout, re.MULTILINE)
    assert test_error
    assert line[1] == "SUCCESS"
    assert line[5] == "5"
    assert 0 < float(line[4]) < 0.85, "no better than guessing"
    assert 0 < float(test_error[1]) < 0.85
    architecture = json.loads((tmp_path / "model.json").read_text("utf-8"))
    assert architecture["class_name"] == "Sequential"
    assert (tmp_path / "model.weights.h5").stat().st_size > 1000


@pytest.mark.slow
@pytest.mark.parametrize(
    "flags",
    [
        pytest.param("--dropout1 1 --dropout2 1", id="everything dropped"),
        pytest.param("--dropout1 0 --dropout2 0 --nb_filters 256 --nb_conv 14 --nb_pool 2", id="largest that fits"),
    ],
)
def test_training_survives_the_corners_of_its_space(tmp_path: Path, flags: str) -> None:
    done = run(tmp_path, sys.executable, TRAIN, "--images", 100, "--epochs", 1, *flags.split())
    line = RESULT.search(done.stdout)
    assert done.returncode == 0, done.stderr
    assert line, done
    assert line[1] == "SUCCESS"


def test_training_keeps_validation_and_test_images_apart(tmp_path: Path) -> None:
    program = """
import train
parts = train.load_digits(5000)
images = [{image.tobytes() for image in x} for x, _ in parts]
print(*[len(y) for _, y in parts], *[len(set(y)) for _, y in parts])
print(len(images[0] & images[1]), len(images[0] & images[2]), len(images[1] & images[2]))
"""
    done = run(tmp_path, sys.executable, "-B", "-c", program, PYTHONPATH=str(TRAIN.parent))
    assert done.stdout == "3000 1000 1000 10 10 10\n0 0 0\n", done.stderr


@pytest.mark.parametrize("flag", ["--nb_filters", "--nb_conv", "--nb_pool", "--dropout1", "--dropout2", "--seed"])
def test_training_has_a_flag_for_each_parameter(tmp_path: Path, flag: str) -> None:
    assert f"{flag} " in run(tmp_path, sys.executable, TRAIN, "--help").stdout


def test_both_digit_designs_train_the_same_network() -> None:
    scripts = {(SCENARIOS / name / "train.py.tmpl").read_text("utf-8") for name in ("mnist-doe", "mnist-csv")}
    assert len(scripts) == 1


def test_training_template_ends_with_the_two_errors_when_filled_in(tmp_path: Path) -> None:
    text = (SCENARIOS / "mnist-doe" / "train.py.tmpl").read_text("utf-8")
    for name, value in {"${nb_filters}": "4", "${nb_conv_size}": "12", "images = 2000": "images = 300"}.items():
        assert text.count(name) == 1
        text = text.replace(name, value)
    (tmp_path / "train.py").write_text(text, "utf-8")
    done = run(tmp_path, sys.executable, "train.py")
    errors = [float(word) for word in done.stdout.splitlines()[-1].split()]
    assert done.returncode == 0, done.stderr
    assert len(errors) == 2
    assert all(0 <= error <= 1 for error in errors)
