"""Slots of pilots look like those of this machine: runs, their ends, and what they are given."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxwright.execute.messages import Ended, RunEnded, SlotLost
from pilot_support import PilotStage, keepers_of, pilots_of


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PilotStage]:
    with PilotStage(tmp_path_factory.mktemp("pilots") / "study", count=2, per_job=2) as stage:
        stage.start()
        yield stage


def test_pilot_carries_out_runs_on_all_of_its_slots_side_by_side(stage: PilotStage, tmp_path: Path) -> None:
    meet = "echo > {0}; until [ -e {1} ]; do sleep 0.02; done"
    paths = tmp_path / "a", tmp_path / "b"
    runs = [
        stage.submit(["/bin/sh", "-c", meet.format(*pair)], slot=slot)
        for slot, pair in enumerate((paths, paths[::-1]))
    ]
    assert [stage.exit_of(run).exit_code for run in runs] == [0, 0]
    assert len(stage.pilots()) == 1


def test_run_is_handed_over_with_words_and_bytes_that_are_no_text(stage: PilotStage) -> None:
    odd = os.fsdecode(b"\xff ' \"\n$x")
    run = stage.submit([sys.executable, "-c", "import sys, os; os.write(1, os.fsencode(sys.argv[1]))", odd])
    assert stage.exit_of(run).exit_code == 0
    assert (stage.folder(run) / "stdout.log").read_bytes() == b"\xff ' \"\n$x"


def test_run_is_stopped_at_its_cutoff_and_when_it_is_cancelled(stage: PilotStage) -> None:
    late = stage.submit(["/bin/sleep", "60"], slot=0, cutoff_s=0.3)
    other = stage.submit(["/bin/sleep", "60"], slot=1)
    stage.cancel(other, "enough")
    assert stage.exit_of(late).ended_by is Ended.CUTOFF
    exit_ = stage.exit_of(other)
    assert (exit_.ended_by, exit_.detail) == (Ended.CANCELLED, "enough")


def test_command_that_cannot_be_started_has_not_started(stage: PilotStage) -> None:
    assert stage.exit_of(stage.submit(["/no/such/program"])).ended_by is Ended.NOT_STARTED


def test_slot_comes_back_when_its_agent_is_killed(stage: PilotStage) -> None:
    run = stage.submit(["/bin/sleep", "60"])
    stage.until(stage.processes)
    agents = [child for child in stage.pilots()[0].children() if "boxwright.execute.agent" in child.cmdline()]
    offered = len(stage.offered())
    for agent in agents:
        agent.kill()
    assert isinstance(stage.end_of(run), SlotLost)
    stage.wait_for_slots(offered + 2)
    assert stage.exit_of(stage.submit(["/bin/true"], slot=0)).exit_code == 0


def test_environment_is_that_of_the_job_with_the_run_on_top(stage: PilotStage, tmp_path: Path) -> None:
    run = stage.submit(["/usr/bin/env"], env={"MINE": "1"}, inherits=("HOME",))
    stage.exit_of(run)
    lines = stage.text(run).splitlines()
    assert "MINE=1" in lines
    assert any(line.startswith("PATH=") for line in lines)
    assert not [line for line in lines if line.startswith(("HOME=", "BOXWRIGHT_JOB"))]


def test_many_short_runs_are_neither_lost_nor_doubled(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with PilotStage(tmp_path / "study", count=4, per_job=2) as stage:
        stage.start()
        for slot in (0, 1, 2, 3):
            stage.submit(["/bin/sh", "-c", f"echo >> {log}"], slot=slot)
        seen = 0
        while seen < 200:
            ends = [event for event in stage.events if isinstance(event, RunEnded)]
            for event in ends[seen:]:
                if stage._last_run < 200:
                    stage.submit(["/bin/sh", "-c", f"echo >> {log}"], slot=event.slot)
            seen = len(ends)
            stage.pass_time(0.005)
        assert sorted(event.exit.run for event in ends) == list(range(1, 201))
    assert len(log.read_text().splitlines()) == 200


def test_keys_can_be_read_by_their_owner_alone(stage: PilotStage) -> None:
    home = stage.study / "pilots"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    secrets = list(home.glob("*/identity.pem"))
    assert [stat.S_IMODE(path.stat().st_mode) for path in secrets] == [0o600]
    assert not [
        path for path in home.rglob("*.pem") if path.name == "authority.pem" and b"PRIVATE" in path.read_bytes()
    ]


def test_nothing_is_left_after_the_end(tmp_path: Path) -> None:
    stage = PilotStage(tmp_path / "study")
    stage.start()
    stage.submit(["/bin/sleep", "60"])
    stage.until(stage.processes)
    stage.close(kill=True, patience_s=20)
    assert not pilots_of(stage.study)
    assert not keepers_of(stage.study)
    assert not stage.processes()
