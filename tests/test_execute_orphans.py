"""A controller that is killed: its agents finish their runs, and the next controller takes them over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from boxwright.execute.exits import read_exit
from boxwright.execute.lock import is_held, lock_path
from boxwright.execute.messages import Ended, RunEnded, SlotLost, SlotReady
from boxwright.execute.tree import read_process
from boxwright.terms import Slot
from execute_support import Stage, living, wait_until

CONTROLLER = """
import sys
from pathlib import Path
from boxwright.terms import Slot
from execute_support import Stage

study, study_id, gpus, cutoff_s, *words = sys.argv[1:]
stage = Stage(Path(study), study_id=study_id, slots=[Slot(0, gpus=tuple(gpus.split()))])
stage.start()
stage.submit(words, run=1, cutoff_s=float(cutoff_s))
stage.until(lambda: stage.processes() or len(stage.events) > 1)  # a short run may be over
print(stage.agent_pid(), flush=True)
stage.pass_time(600)
"""


@dataclass(frozen=True)
class Orphan:
    """An agent whose controller is dead, and its run 1."""

    study: Path
    study_id: str
    agent_pid: int

    @property
    def folder(self) -> Path:
        return self.study / "runs" / "1"

    @property
    def is_gone(self) -> bool:
        process = read_process(self.agent_pid)
        return process is None or not process.is_alive


@pytest.fixture
def make_orphan(tmp_path: Path) -> Iterator[Callable[..., Orphan]]:
    """Return a function that starts a controller with one run, and kills the controller."""
    study_id = uuid.uuid4().hex

    def make(*words: str, gpus: str = "", cutoff_s: float = 60) -> Orphan:
        study = tmp_path / "study"
        argv = [sys.executable, "-c", CONTROLLER, str(study), study_id, gpus, str(cutoff_s), *words]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        with subprocess.Popen(argv, stdout=subprocess.PIPE, env=env) as controller:
            assert controller.stdout is not None
            agent_pid = int(controller.stdout.readline())
            controller.kill()
        return Orphan(study, study_id, agent_pid)

    yield make
    left = living(study_id)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left


def test_agent_finishes_its_run_and_ends_when_its_controller_is_killed(make_orphan: Callable[..., Orphan]) -> None:
    orphan = make_orphan("sh", "-c", "sleep 0.7; echo done; setsid sleep 60 &")
    assert not orphan.is_gone
    assert read_exit(orphan.folder, 1) is None
    wait_until(lambda: orphan.is_gone)
    exit_ = read_exit(orphan.folder, 1)
    assert exit_ is not None
    assert (exit_.ended_by, exit_.exit_code, exit_.stragglers) == (Ended.EXITED, 0, 1)
    assert (orphan.folder / "stdout.log").read_text() == "done\n"
    assert not is_held(lock_path(orphan.study, 0))


def test_orphaned_agent_keeps_to_the_limits_of_its_run(make_orphan: Callable[..., Orphan]) -> None:
    orphan = make_orphan("sleep", "60", cutoff_s=0.7)
    wait_until(lambda: orphan.is_gone)
    exit_ = read_exit(orphan.folder, 1)
    assert exit_ is not None
    assert exit_.ended_by is Ended.CUTOFF


def test_sigterm_to_an_orphaned_agent_stops_its_run(make_orphan: Callable[..., Orphan]) -> None:
    orphan = make_orphan("sleep", "60")
    os.kill(orphan.agent_pid, signal.SIGTERM)
    wait_until(lambda: orphan.is_gone)
    exit_ = read_exit(orphan.folder, 1)
    assert exit_ is not None
    assert (exit_.ended_by, exit_.detail) == (Ended.CANCELLED, "stopped by a person")


def test_orphaned_agent_does_not_hear_ctrl_c(make_orphan: Callable[..., Orphan]) -> None:
    orphan = make_orphan("sleep", "2")
    os.kill(orphan.agent_pid, signal.SIGINT)
    wait_until(lambda: orphan.is_gone)
    exit_ = read_exit(orphan.folder, 1)
    assert exit_ is not None
    assert (exit_.ended_by, exit_.exit_code) == (Ended.EXITED, 0)


def test_orphan_that_cannot_write_its_exit_ends_all_the_same(make_orphan: Callable[..., Orphan]) -> None:
    orphan = make_orphan("sh", "-c", 'sleep 0.3; rm -r "$PWD"')
    wait_until(lambda: orphan.is_gone)
    assert "exit.json could not be written" in (orphan.study / "slots" / "0.log").read_text()


def test_next_controller_adopts_the_run_and_gets_the_slot_after_it(make_orphan: Callable[..., Orphan]) -> None:
    orphan = make_orphan("sleep", "1")
    with Stage(orphan.study, study_id=orphan.study_id) as stage:
        stage.adopt(1)
        stage.call(stage.executor.start())
        stage.pass_time(0.3)
        assert stage.events == []
        stage.until(lambda: len(stage.events) == 2)
        ended, ready = stage.events
        assert isinstance(ended, RunEnded)
        assert (ended.slot, ended.exit) == (0, read_exit(orphan.folder, 1))
        assert ready == SlotReady(Slot(0))
        assert stage.run(["true"], run=2).exit_code == 0


def test_adopted_run_that_was_over_already_is_told_at_once(make_orphan: Callable[..., Orphan]) -> None:
    orphan = make_orphan("sleep", "0.2")
    wait_until(lambda: orphan.is_gone)
    with Stage(orphan.study, study_id=orphan.study_id) as stage:
        stage.adopt(1)
        assert stage.exit_of(1).exit_code == 0


def test_adopted_run_is_cancelled(make_orphan: Callable[..., Orphan]) -> None:
    orphan = make_orphan("sleep", "60")
    with Stage(orphan.study, study_id=orphan.study_id) as stage:
        stage.adopt(1)
        stage.call(stage.executor.start())
        stage.pass_time(0.2)
        stage.cancel(1, "not needed")
        assert stage.exit_of(1).ended_by is Ended.CANCELLED
        stage.wait_for(lambda event: event == SlotReady(Slot(0)))


def test_adopted_run_is_stopped_when_the_study_is(make_orphan: Callable[..., Orphan]) -> None:
    orphan = make_orphan("sleep", "60")
    with Stage(orphan.study, study_id=orphan.study_id) as stage:
        stage.adopt(1)
        stage.call(stage.executor.start())
        stage.close(kill=True)
        assert [type(event) for event in stage.events] == [RunEnded]
    wait_until(lambda: orphan.is_gone)


def test_adopted_run_whose_agent_is_killed_is_lost_and_leaves_nothing(make_orphan: Callable[..., Orphan]) -> None:
    orphan = make_orphan("sh", "-c", "setsid sleep 60 & sleep 60")
    with Stage(orphan.study, study_id=orphan.study_id) as stage:
        stage.adopt(1)
        stage.call(stage.executor.start())
        stage.pass_time(0.3)
        os.kill(orphan.agent_pid, signal.SIGKILL)
        stage.until(lambda: len(stage.events) == 2)
        lost, ready = stage.events
        assert isinstance(lost, SlotLost)
        assert (lost.slot, lost.run) == (0, 1)
        assert ready == SlotReady(Slot(0)), "only when nothing of the lost run is alive"


def test_run_lost_with_both_controller_and_agent_is_found_lost(make_orphan: Callable[..., Orphan]) -> None:
    orphan = make_orphan("sh", "-c", "echo '{\"run\": 1' > exit.json; trap '' TERM; while :; do sleep 0.1; done")
    os.kill(orphan.agent_pid, signal.SIGKILL)
    wait_until(lambda: orphan.is_gone)
    with Stage(orphan.study, study_id=orphan.study_id) as stage:
        stage.adopt(1)
        stage.call(stage.executor.start())
        stage.until(lambda: len(stage.events) == 2)
        assert isinstance(stage.events[0], SlotLost), "an exit.json that the run wrote itself counts for nothing"
        assert stage.events[1] == SlotReady(Slot(0))


def test_adopted_run_of_a_slot_that_is_no_more_is_watched_too(make_orphan: Callable[..., Orphan]) -> None:
    orphan = make_orphan("sleep", "2")
    with Stage(orphan.study, study_id=orphan.study_id, slots=[Slot(1)]) as stage:
        stage.adopt(1)
        stage.start()
        assert isinstance(stage.events[0], RunEnded)
        stage.cancel(1, "over already")


def test_slots_cut_differently_wait_until_the_old_ones_are_free(make_orphan: Callable[..., Orphan]) -> None:
    orphan = make_orphan("sleep", "1", gpus="0 1")
    with Stage(orphan.study, study_id=orphan.study_id, slots=[Slot(0, gpus=("0",)), Slot(1, gpus=("1",))]) as stage:
        stage.adopt(1)
        stage.start()
        kinds = [type(event) for event in stage.events]
        assert kinds == [RunEnded, SlotReady, SlotReady], "GPU 1 was not given away while run 1 had it"


def test_slots_cut_alike_do_not_wait_for_each_other(make_orphan: Callable[..., Orphan]) -> None:
    orphan = make_orphan("sh", "-c", "until test -e go; do sleep 0.02; done", gpus="0")
    with Stage(orphan.study, study_id=orphan.study_id, slots=[Slot(0, gpus=("0",)), Slot(1, gpus=("1",))]) as stage:
        stage.adopt(1)
        stage.call(stage.executor.start())
        stage.wait_for(lambda event: event == SlotReady(Slot(1, gpus=("1",))))
        (orphan.folder / "go").touch()
        stage.exit_of(1)


def test_agents_that_wait_for_their_lock_end_with_their_controller(make_orphan: Callable[..., Orphan]) -> None:
    orphan = make_orphan("sleep", "1.5")
    with Stage(orphan.study, study_id=orphan.study_id) as stage:
        stage.call(stage.executor.start())
        stage.pass_time(0.3)
        stage.close()
        assert stage.events == []
        assert not orphan.is_gone
        wait_until(lambda: orphan.is_gone)


def test_stopped_agent_is_waited_for_no_longer_than_the_patience(make_orphan: Callable[..., Orphan]) -> None:
    orphan = make_orphan("sleep", "60")
    os.kill(orphan.agent_pid, signal.SIGSTOP)
    with Stage(orphan.study, study_id=orphan.study_id) as stage:
        stage.adopt(1)
        stage.pass_time(0.2)
        stage.close(kill=True, patience_s=0.5)
        assert stage.events == []
        os.kill(orphan.agent_pid, signal.SIGCONT)
        wait_until(lambda: orphan.is_gone)
