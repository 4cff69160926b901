"""Uploads that are killed at any instant: nobody sees half a file, and in the end all is there once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

import boxwright as library
from publish_support import rows, wait_until
from support import Running

WAITS = 'while [ $BOXWRIGHT_TRIAL != 1 ] && [ ! -e "$BOXWRIGHT_STUDY/go-$BOXWRIGHT_TRIAL" ]; do sleep 0.05; done\n'
SCRIPT = """truncate -s 40M model.keras; echo "end of $BOXWRIGHT_RUN" >> model.keras
echo "Result of algorithm run: SUCCESS, 0.1, 1, $BOXWRIGHT_TRIAL, 0\""""
ROUNDS = 6


def models(to: Path) -> dict[str, bytes]:
    """Return how each model ends that a reader sees there, which asks for what is not hidden."""
    found = {}
    for path in to.glob("study/runs/*/[!.]*"):
        with path.open("rb") as file:
            file.seek(40 * 1024**2)
            found[f"{path.parent.name}/{path.name}"] = file.read()
    return found


def whole(*runs: int) -> dict[str, bytes]:
    return {f"{run:06d}/model.keras": f"end of {run}\n".encode() for run in runs}


def recorded(study: Path) -> Counter[int]:
    lines = (study / "published.jsonl").read_text().splitlines()
    return Counter(json.loads(line)["run"] for line in lines)


def test_uploader_killed_at_any_instant_leaves_no_half_file_and_goes_on_where_it_was(
    make_scenario: Callable[..., Path], tmp_path: Path
) -> None:
    to, study = tmp_path / "far", tmp_path / "study"
    to.write_text("in the way")
    scenario = make_scenario(
        SCRIPT,
        more=f'[publish]\nto = "{to.as_uri()}"\nfiles = ["*.keras"]\nwait_s = 0.1\n',
        design='[design]\nkind = "monte-carlo"\nruns = 8\n',
    )
    library.run(scenario, study=study, slots=1)
    to.unlink()
    words = [sys.executable, "-m", "boxwright.publish.uploader", str(study)]
    dice = random.Random(0)
    for _ in range(ROUNDS):
        known = recorded(study)
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        wait_until(lambda: recorded(study) != known or process.poll() is not None, "it never uploaded any")  # noqa: B023
        time.sleep(dice.uniform(0, 0.03))
        process.kill()
        process.communicate()
        assert models(to).items() <= whole(*range(1, 9)).items()
        if len(recorded(study)) == 8:
            break
    assert subprocess.run(words, stdin=subprocess.DEVNULL, check=False, timeout=120).returncode == 0
    assert models(to) == whole(*range(1, 9))
    assert recorded(study) == dict.fromkeys(range(1, 9), 1)
    assert (to / "study/results.csv").read_bytes() == (study / "results.csv").read_bytes()


@pytest.mark.slow
def test_study_whose_uploader_and_controller_are_killed_is_there_in_the_end(
    make_scenario: Callable[..., Path], tmp_path: Path, start: Callable[..., Running]
) -> None:
    to = tmp_path / "far"
    scenario = make_scenario(WAITS + SCRIPT, more=f'[publish]\nto = "{to.as_uri()}"\nfiles = ["*.keras"]\n')
    running = start(scenario, "--slots", "1")
    wait_until(lambda: models(to) == whole(1), "run 1 never came")
    children = psutil.Process(running.process.pid).children()
    (uploader,) = (child for child in children if "boxwright.publish.uploader" in child.cmdline())
    uploader.kill()
    (running.study / "go-2").touch()
    wait_until(lambda: models(to) == whole(1, 2), "it was not started again")
    os.kill(running.process.pid, signal.SIGKILL)
    said = running.end()[2]
    assert said.count("the uploader was killed by signal 9; it is started again") == 1
    for trial in (3, 4):
        (running.study / f"go-{trial}").touch()
    assert start(None).end()[0] == 0
    assert models(to) == whole(1, 2, 3, 4)
    assert sorted(rows(to / "study/results.csv")) == ["1", "2", "3", "4"]
    assert set(recorded(running.study)) == {1, 2, 3, 4}


def test_run_whose_files_nobody_takes_holds_no_other_up(make_scenario: Callable[..., Path], tmp_path: Path) -> None:
    to = tmp_path / "far"
    (to / "study/runs/000001").mkdir(parents=True)
    (to / "study/runs/000001/model.keras").mkdir()  # in the way of run 1 alone
    scenario = make_scenario(SCRIPT, more=f'[publish]\nto = "{to.as_uri()}"\nfiles = ["*.keras"]\nwait_s = 0.1\n')
    library.run(scenario, study=tmp_path / "study", slots=1)
    (to / "study/runs/000001/model.keras").rmdir()
    assert models(to) == whole(2, 3, 4)
