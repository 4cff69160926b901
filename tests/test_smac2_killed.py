"""SMAC v2's files after the controller was killed at random instants: whole, and nothing in them is doubled."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from smac2_reader import iterations, read_live, read_state, read_trajectory
from support import RunBoxwright, Running, statuses

pytestmark = [pytest.mark.usefixtures("no_process_left")]

RUNS = 24
MORE = f"""
[study]
smac2 = true
[design]
kind = "monte-carlo"
runs = {RUNS}
"""


@pytest.mark.slow
def test_killed_controller_leaves_files_that_a_strict_reader_takes(
    make_scenario: Callable[..., Path], start: Callable[..., Running], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    scenario = make_scenario(
        'sleep 0.02; echo "Result of algorithm run: SUCCESS, 0.1, 1, $BOXWRIGHT_TRIAL, 0"', design="", more=MORE
    )
    study = tmp_path / "study"
    live = study / "live-rundata-0.json"
    for round_number in range(3):
        running = start(None if study.exists() else scenario, "--slots", "2")
        running.hear("trials done")
        time.sleep(random.uniform(0.0, 0.3))
        running.process.kill()
        running.end()
        settled = sum(status.is_final for status in statuses(study))
        if not live.exists():
            continue
        found = read_live(live)
        assert len(found.runs) <= settled, round_number
        assert len({run.settings["x"] for run in found.runs}) == len(found.runs)
        read_trajectory(study, 0, is_whole=False)
        for iteration in iterations(study / "state-run0"):
            assert len(read_state(study / "state-run0", iteration)) == iteration
    assert boxwright("resume", study).returncode == 0
    found = read_live(live)
    assert not found.cut_off
    records = json.loads(boxwright("results", study, "--json").stdout)
    wanted = {(record["config"]["x"], record["quality"]) for record in records if record["settles"]}
    assert sorted((float(run.settings["x"]), run.quality) for run in found.runs) == sorted(wanted)
    assert len(read_state(study / "state-run0", RUNS)) == RUNS
    assert read_trajectory(study, 0)[-1].performance == 1.0
