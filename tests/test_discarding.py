"""A run's files are discarded after its outcome is on disk, never before."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.store.database import Store
from boxwright.terms import Status
from support import RunBoxwright

pytestmark = pytest.mark.usefixtures("no_process_left")
SCRIPT = """
mkdir junk
(cd junk && seq {junk} | xargs touch)
echo '{{"quality": 0.5}}' > answer.json
"""
MORE = """
[parse]
json = "answer.json"
[outputs]
discard = ["answer.json", "junk"]
[slots]
count = 1
"""
ONE = '[design]\nkind = "monte-carlo"\nruns = 1\n'


@pytest.mark.slow
def test_answer_is_not_lost_when_the_controller_is_killed_while_files_are_discarded(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    scenario = make_scenario(SCRIPT.format(junk=30_000), design=ONE, more=MORE)
    study = tmp_path / "s"
    folder = study / "runs/000/000001"
    words = [sys.executable, "-m", "boxwright", "run", str(scenario), "--study", str(study)]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as controller:
        deadline = time.monotonic() + 60
        while not (folder / "exit.json").exists() or (folder / "answer.json").exists():
            assert time.monotonic() < deadline
        controller.kill()
    assert (folder / "junk").exists(), "killed too late to show anything"
    done = boxwright("resume", study)
    assert done.returncode == 0, done.stderr
    with Store(study) as store:
        assert [(record.status, record.quality) for record in store.runs()] == [(Status.SUCCESS, 0.5)]
    assert not (folder / "junk").exists()


def test_files_are_kept_when_the_outputs_could_not_be_collected(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    script = SCRIPT.format(junk=3) + 'mkdir -p "$BOXWRIGHT_STUDY" && touch "$BOXWRIGHT_STUDY/outputs"'
    more = MORE.replace("[outputs]", '[outputs]\ncollect = ["answer.json"]')
    done = boxwright("run", make_scenario(script, design=ONE, more=more), "--study", "s")
    assert "outputs could not be collected" in done.stderr
    assert (tmp_path / "s/runs/000/000001/junk").is_dir()
    assert boxwright("resume", "s").returncode == 1
    assert (tmp_path / "s/runs/000/000001/answer.json").is_file()
