"""The executor of this machine: many runs, several slots, agents that die."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import time
from pathlib import Path

import pytest

from boxwright.execute.exits import read_exit, write_exit
from boxwright.execute.messages import Ended, Event, Exit, RunEnded, SlotLost, SlotReady
from boxwright.execute.tree import descendants, read_process
from boxwright.terms import Slot
from execute_support import PATIENCE_S, Stage


def is_loss(event: Event) -> bool:
    return isinstance(event, SlotLost)


def test_thousand_quick_runs_leave_no_zombie_and_no_descriptor(tmp_path: Path) -> None:
    with Stage(tmp_path, slots=[Slot(0), Slot(1)]) as stage:
        stage.start()
        stage.run(["true"])
        agents = [stage.agent_pid(slot) for slot in (0, 1)]
        gc.collect()  # what earlier tests have left to be closed must not be closed in between
        before = [descriptors(pid) for pid in (os.getpid(), *agents)]
        left = 1000

        def keep_busy(event: Event) -> None:
            nonlocal left
            stage.events.append(event)
            if isinstance(event, RunEnded) and left > 0:
                left -= 1
                stage.submit(["true"], slot=event.slot)

        stage.executor._on_event = keep_busy
        for slot in (0, 1):
            left -= 1
            stage.submit(["true"], slot=slot)
        stage.until(lambda: len(stage.events) == 2 + 1 + 1000, patience_s=60)
        exits = [event.exit for event in stage.events if isinstance(event, RunEnded)]
        assert {exit_.run for exit_ in exits} == set(range(1, 1002))
        assert {(exit_.exit_code, exit_.stragglers) for exit_ in exits} == {(0, 0)}
        assert [stage.agent_pid(slot) for slot in (0, 1)] == agents
        assert [descriptors(pid) for pid in (os.getpid(), *agents)] == before
        assert not [child for pid in agents for child in descendants(pid)]


def test_closed_executor_leaves_no_agent_and_no_descriptor(tmp_path: Path) -> None:
    before = descriptors(os.getpid())
    with Stage(tmp_path, slots=[Slot(0), Slot(1)]) as stage:
        stage.start()
        agents = [stage.agent_pid(slot) for slot in (0, 1)]
        stage.run(["true"])
    assert not any(read_process(pid) for pid in agents)
    assert descriptors(os.getpid()) == before


def test_slots_never_share_their_gpus(tmp_path: Path) -> None:
    slots = [Slot(0, gpus=("7",)), Slot(1, gpus=("8",)), Slot(2, gpus=("9",))]
    with Stage(tmp_path, slots=slots) as stage:
        stage.start()
        for _ in range(10):
            # Each run takes its GPU like a lock file, and fails if somebody has it.
            take = "mkdir ../../gpu-$GPU || exit 9; sleep 0.05; rmdir ../../gpu-$GPU"
            runs = [stage.submit(["sh", "-c", take], slot=slot.number, env={"GPU": slot.gpus[0]}) for slot in slots]
            assert [stage.exit_of(run).exit_code for run in runs] == [0, 0, 0]


def test_slot_takes_one_run_at_a_time(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.start()
        run = stage.submit(["sleep", "0.2"])
        with pytest.raises(RuntimeError, match="slot 0 has run 1 already"):
            stage.submit(["true"])
        stage.exit_of(run)


def test_closing_with_kill_stops_all_runs_and_tells_their_ends(tmp_path: Path) -> None:
    with Stage(tmp_path, slots=[Slot(0), Slot(1)]) as stage:
        stage.start()
        runs = [stage.submit(["sleep", "60"], slot=slot) for slot in (0, 1)]
        stage.until(lambda: len(stage.processes()) == 2)
        stage.close(kill=True)
        ends = {event.exit.run: event.exit for event in stage.events if isinstance(event, RunEnded)}
        assert set(ends) == set(runs)
        assert {(end.ended_by, end.detail) for end in ends.values()} == {(Ended.CANCELLED, "the study was stopped")}


def test_closing_lets_a_run_go_on_to_its_end(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.start()
        run = stage.submit(["sh", "-c", "sleep 0.5; echo late"])
        agent = stage.agent_pid()
        stage.until(stage.processes)
        stage.close()
        assert not [event for event in stage.events if isinstance(event, RunEnded)]
        deadline = time.monotonic() + PATIENCE_S
        while (exit_ := read_exit(stage.folder(run), run)) is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert (exit_.exit_code, stage.text(run)) == (0, "late\n")
        assert os.waitpid(agent, 0)[1] == 0, "the agent has ended by itself"


def test_agent_killed_in_a_run_is_replaced_and_nothing_of_the_run_is_left(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.start()
        run = stage.submit(["sh", "-c", "env -i setsid sleep 60 & setsid sleep 60 & sleep 60"])
        stage.until(lambda: len(descendants(stage.agent_pid())) == 4)
        family = descendants(stage.agent_pid())
        os.kill(stage.agent_pid(), signal.SIGKILL)
        stage.wait_for(is_loss)
        assert not [process for process in family if (now := read_process(process.pid)) and now.is_alive]
        assert stage.events[-1] == SlotLost(0, run, "its agent was killed by SIGKILL")
        stage.until(lambda: stage.events[-1] == SlotReady(Slot(0)))
        assert stage.run(["true"]).exit_code == 0


def test_agent_killed_after_it_wrote_the_exit_loses_no_run(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.start()
        run = stage.submit(["sleep", "60"])
        stage.until(stage.processes)
        exit_ = Exit(run=run, ended_by=Ended.EXITED, exit_code=0)
        for pid in (stage.agent_pid(), *stage.processes()):
            os.kill(pid, signal.SIGSTOP)
        write_exit(stage.folder(run), exit_)
        os.kill(stage.agent_pid(), signal.SIGKILL)
        assert stage.exit_of(run) == exit_
        stage.until(lambda: not killed(stage.processes()))  # one may have been forked since they were stopped


def killed(pids: list[int]) -> list[int]:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return pids


def test_idle_agent_that_is_killed_is_replaced_without_a_word(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.start()
        former = stage.agent_pid()
        os.kill(former, signal.SIGKILL)
        stage.until(lambda: stage.events == [SlotReady(Slot(0))] * 2)
        assert stage.agent_pid() != former
        assert stage.run(["true"]).exit_code == 0


def test_run_submitted_while_the_agent_is_replaced_waits_for_the_next(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.start()
        former = stage.agent_pid()
        os.kill(former, signal.SIGKILL)
        stage.until(lambda: read_process(former) is None)
        assert stage.run(["true"]).exit_code == 0
        assert not any(map(is_loss, stage.events))


def test_run_cancelled_while_no_agent_has_it_ends_all_the_same(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.start()
        former = stage.agent_pid()
        os.kill(former, signal.SIGKILL)
        stage.until(lambda: read_process(former) is None)
        run = stage.submit(["touch", "ran"])
        stage.cancel(run, "changed my mind")
        exit_ = stage.exit_of(run)
        assert (exit_.ended_by, exit_.detail) == (Ended.CANCELLED, "changed my mind")
        assert read_exit(stage.folder(run), run) == exit_
        assert not (stage.folder(run) / "ran").exists()


def test_slot_whose_agents_die_again_and_again_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "slots" / "0.lock").mkdir(parents=True)
    with Stage(tmp_path) as stage:
        stage.call(stage.executor.start())
        lost = stage.wait_for(is_loss)
        assert isinstance(lost, SlotLost)
        assert (lost.slot, lost.run) == (0, None)
        assert "IsADirectoryError" in lost.reason
        assert "the 5th time in a row" in lost.reason
        run = stage.submit(["true"])
        assert stage.wait_for(lambda event: event == SlotLost(0, run, lost.reason))


def test_sigterm_to_an_agent_stops_its_run_and_another_agent_follows(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.start()
        run = stage.submit(["sleep", "60"])
        stage.until(stage.processes)
        os.kill(stage.agent_pid(), signal.SIGTERM)
        exit_ = stage.exit_of(run)
        assert (exit_.ended_by, exit_.detail) == (Ended.CANCELLED, "stopped by a person")
        assert stage.run(["true"]).exit_code == 0


def test_sigint_to_an_agent_changes_nothing(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.start()
        run = stage.submit(["sleep", "0.5"])
        os.kill(stage.agent_pid(), signal.SIGINT)
        assert stage.exit_of(run).exit_code == 0
        assert not any(map(is_loss, stage.events))


def test_agents_do_not_run_modules_of_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "msgspec.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(tmp_path)
    with Stage(tmp_path / "study") as stage:
        stage.start()
        assert stage.run(["true"]).exit_code == 0


def test_study_folder_may_be_named_relative_to_the_current_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Stage(Path("a study\n'of mine'")) as stage:
        stage.start()
        monkeypatch.chdir("/")
        assert stage.run(["true"], folder=tmp_path / "run").exit_code == 0


def descriptors(pid: int) -> list[str]:
    return sorted(path.name for path in Path(f"/proc/{pid}/fd").iterdir())
