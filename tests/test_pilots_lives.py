"""Pilots that are killed, frozen, refused, at their end or not needed: no run is lost, none ends twice."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import random
import signal
import socket
import ssl
import time
from pathlib import Path

import psutil
import pytest

from boxwright.execute.exits import read_exit
from boxwright.execute.inbox import STOPPED_BY_PERSON
from boxwright.execute.messages import Ended, NoSlotLeft, RunEnded, SlotGone, SlotLost
from boxwright.pilots.checkpoints import was_signalled
from execute_support import wait_until
from pilot_support import QUICK, PilotStage, keepers_of, pilots_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_process_left")]
SLEEP = ["/bin/sleep", "60"]
PATIENT = dataclasses.replace(QUICK, silence_s=600.0)
CLOSE_TO_THE_END = dataclasses.replace(QUICK, end_margin_s=1.0)


def test_runs_of_a_killed_pilot_are_lost_at_once_and_another_pilot_takes_its_place(tmp_path: Path) -> None:
    with PilotStage(tmp_path / "study", count=2, per_job=2, timing=PATIENT) as stage:
        stage.start()
        runs = [stage.submit(SLEEP, slot=slot) for slot in (0, 1)]
        stage.until(lambda: len(stage.processes()) == 2)
        stage.pilots()[0].kill()
        ends = [stage.end_of(run) for run in runs]
        assert "its connection was closed" in stage.warnings[0]  # nobody has waited for silence
        # An agent may have had the time to leave word that its run was stopped; the controller takes both as LOST.
        assert all(isinstance(end, SlotLost) or end.exit.ended_by is Ended.CANCELLED for end in ends)
        stage.wait_for_slots(4)
        stage.until(lambda: not stage.processes())  # the agents went with their pilot, and the runs with them
        assert stage.exit_of(stage.submit(["/bin/true"], slot=0)).exit_code == 0


def test_scheduler_is_called_seldom_however_many_pilots_are_lost_at_once(tmp_path: Path) -> None:
    rest_s = 4.0
    with PilotStage(tmp_path / "study", count=5, timing=dataclasses.replace(PATIENT, rest_s=rest_s)) as stage:
        stage.start()
        first = dict(stage.executor.calls)
        began = time.monotonic()
        for pilot in stage.pilots():
            pilot.kill()
        stage.wait_for_slots(10)
        stage.until(lambda: stage.executor.calls.get("cancel"))
        calls, most = stage.executor.calls, 1 + (time.monotonic() - began) / rest_s
        assert calls["cancel"] <= most
        assert calls["submit"] - first["submit"] <= most
    home = tmp_path / "study" / "pilots"
    assert [path.name for path in home.iterdir() if path.is_dir()] == ["jobs"]  # the keys are gone with their use


def test_run_that_ended_unheard_has_ended(tmp_path: Path) -> None:
    with PilotStage(tmp_path / "study", timing=PATIENT) as stage:
        stage.start()
        go = tmp_path / "go"
        run = stage.submit(["/bin/sh", "-c", f"until [ -e {go} ]; do sleep 0.02; done"])
        stage.until(stage.processes)
        pilot = stage.pilots()[0]
        pilot.suspend()
        go.touch()
        wait_until(lambda: read_exit(stage.folder(run), run))
        pilot.kill()
        end = stage.end_of(run)
        assert isinstance(end, RunEnded)
        assert (end.exit.ended_by, end.exit.exit_code) == (Ended.EXITED, 0)


def test_frozen_pilot_is_lost_and_ends_nothing_twice_when_it_thaws(tmp_path: Path) -> None:
    with PilotStage(tmp_path / "study") as stage:
        stage.start()
        run = stage.submit(["/bin/sleep", "30"])
        stage.until(stage.processes)
        frozen = stage.pilots()[0]
        everything = [frozen, *frozen.children(recursive=True)]
        for process in everything:
            process.suspend()
        assert isinstance(stage.end_of(run), SlotLost)
        stage.wait_for_slots(2)
        for process in everything:
            if process.is_running():
                process.resume()
        wait_until(lambda: frozen not in pilots_of(stage.study))
        stage.pass_time(0.2)
        assert len([event for event in stage.events if isinstance(event, SlotLost) and event.run == run]) == 1
        assert not [event for event in stage.events if isinstance(event, RunEnded)]


def test_controller_that_slept_itself_loses_no_pilot(tmp_path: Path) -> None:
    with PilotStage(tmp_path / "study") as stage:
        stage.start()
        run = stage.submit(["/bin/sleep", "0.1"])
        time.sleep(QUICK.silence_s + 0.5)  # the loop does not turn
        end = stage.end_of(run)
        assert isinstance(end, RunEnded)
        assert not stage.warnings


def test_hundreds_of_runs_survive_random_kills_of_pilots(tmp_path: Path) -> None:  # noqa: PLR0912  one loop
    wanted, log = 150, tmp_path / "log"
    with PilotStage(tmp_path / "study", count=4, per_job=2) as stage:
        stage.start()
        todo = list(range(1, wanted + 1))
        running: dict[int, int] = {}
        done: list[int] = []
        free: set[int] = set()
        seen, kills = 0, 0
        while len(done) < wanted:
            for event in stage.events[seen:]:
                match event:
                    case RunEnded(slot, exit_):
                        trial = running.pop(exit_.run)
                        if exit_.ended_by is Ended.EXITED:
                            done.append(trial)
                        else:
                            todo.append(trial)
                        free.add(slot)
                    case SlotLost(_, run, _) if run is not None:
                        todo.append(running.pop(run))
                    case SlotGone(slot):
                        free.discard(slot)
                    case NoSlotLeft(reason):
                        raise AssertionError(reason)
                    case SlotLost():
                        pass
                    case _:
                        free.add(event.slot.number)
            seen = len(stage.events)
            for slot in sorted(free):
                if todo and stage.can_take(slot):
                    trial = todo.pop()
                    run = stage.submit(["/bin/sh", "-c", f"sleep 0.02; echo {trial} >> {log}"], slot=slot)
                    running[run] = trial
                    free.discard(slot)
            if kills < 4 and len(done) > 30 * kills and (pilots := stage.pilots()):
                kills += 1
                random.choice(pilots).kill()
            stage.pass_time(0.01)
        assert sorted(done) == list(range(1, wanted + 1))
    assert set(map(int, log.read_text().split())) == set(done)


def test_cancelled_job_has_not_crashed_its_runs(tmp_path: Path) -> None:
    with PilotStage(tmp_path / "study") as stage:
        stage.start()
        run = stage.submit(SLEEP)
        stage.until(stage.processes)
        pilot = stage.pilots()[0]
        for process in [pilot, *pilot.children(recursive=True)]:  # as schedulers do: all at once
            with contextlib.suppress(psutil.NoSuchProcess):  # those before it have ended it already
                process.send_signal(signal.SIGTERM)
        end = stage.end_of(run)
        assert not (isinstance(end, RunEnded) and end.exit.ended_by is Ended.EXITED)
        stage.wait_for_slots(2)


def test_end_of_a_job_that_an_agent_hears_of_before_its_pilot_is_not_the_doing_of_a_person(tmp_path: Path) -> None:
    with PilotStage(tmp_path / "study", count=2) as stage:
        stage.start()
        runs = [stage.submit(["/bin/sh", "-c", f"echo $$ > {tmp_path}/{n}; exec sleep 60"], slot=n) for n in (0, 1)]
        stage.until(lambda: all((tmp_path / f"{n}").is_file() and (tmp_path / f"{n}").read_text() for n in (0, 1)))
        above = [psutil.Process(int((tmp_path / f"{n}").read_text())).parents() for n in (0, 1)]
        (first,) = set(above[0]) & set(stage.pilots())
        for parents in above:
            parents[0].terminate()  # the run's agent
        stage.until(lambda: all(read_exit(stage.folder(run), run) for run in runs))
        time.sleep(0.2)  # both would be told by now, if nobody doubted
        first.terminate()
        assert isinstance(stage.end_of(runs[0]), SlotLost)
        end = stage.end_of(runs[1])  # its pilot lives
        assert isinstance(end, RunEnded)
        assert (end.exit.ended_by, end.exit.detail) == (Ended.CANCELLED, STOPPED_BY_PERSON)


def test_run_that_goes_on_without_the_part_that_its_job_has_lost_is_no_success(tmp_path: Path) -> None:
    with PilotStage(tmp_path / "study") as stage:
        stage.start()
        run = stage.submit(["/bin/sh", "-c", "trap : TERM; sleep 60; exit 0"])
        stage.until(lambda: len(stage.processes()) == 2)
        pilot, shell = stage.pilots()[0], psutil.Process(min(stage.processes()))
        agent = shell.parent()
        assert agent is not None
        agent.suspend()  # what has ended is heard of only after the pilot was told, whatever else runs here
        for process in [shell, *shell.children()]:
            process.terminate()
        wait_until(lambda: shell.status() == psutil.STATUS_ZOMBIE)
        pilot.terminate()
        stage.until(lambda: any("cancelled or preempted" in line for line in stage.log))
        agent.resume()
        assert isinstance(stage.end_of(run), SlotLost)
        exit_ = read_exit(stage.folder(run), run)
        assert exit_ is not None
        assert (exit_.ended_by, exit_.exit_code) == (Ended.CANCELLED, 0)


def test_folder_of_a_killed_pilot_is_swept_by_the_next_one_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    others = scratch / "boxwright-pilot-00000000-another-node"
    others.mkdir(parents=True)
    (others / "pilot.lock").touch()
    monkeypatch.setenv("TMPDIR", str(scratch))
    with PilotStage(tmp_path / "study", count=2) as stage:
        stage.start()
        assert len(list(scratch.iterdir())) == 3
        stage.pilots()[0].kill()
        stage.wait_for_slots(3)
        assert len(list(scratch.iterdir())) == 3
    assert list(scratch.iterdir()) == [others]


def test_nothing_is_left_soon_after_the_controller_is_killed(tmp_path: Path) -> None:
    study = tmp_path / "study"
    pid = os.fork()
    if pid == 0:  # a controller of its own, which is killed
        with PilotStage(study, study_id="forked", count=2) as stage:
            stage.start()
            for slot in (0, 1):
                stage.submit(SLEEP, slot=slot)
            stage.pass_time(60)
        os._exit(0)
    wait_until(lambda: len(pilots_of(study)) == 2 and (study / "runs/2/stdout.log").exists())
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    wait_until(lambda: not pilots_of(study) and not keepers_of(study), patience_s=15)
    with PilotStage(study, study_id="forked") as stage:
        assert not stage.processes()
        stage.adopt(1)
        stage.start()
        end = stage.end_of(1)
        assert isinstance(end, RunEnded)
        assert end.exit.ended_by is Ended.CANCELLED


def test_pilot_near_its_end_takes_no_run_and_another_comes_before_it_is_over(tmp_path: Path) -> None:
    with PilotStage(tmp_path / "study", walltime_s=9.0, longest_run_s=2.0, timing=CLOSE_TO_THE_END) as stage:
        stage.start()
        stage.exit_of(stage.submit(["/bin/true"]))
        stage.until(lambda: not stage.can_take(0) or len(stage.offered()) == 2)
        stage.wait_for_slots(2)
        assert not stage.warnings
        assert any("takes no further runs" in line for line in stage.log)


def test_pilots_that_come_too_late_for_any_run_are_told_of(tmp_path: Path) -> None:
    with PilotStage(tmp_path / "study", walltime_s=30.0, longest_run_s=60.0, timing=CLOSE_TO_THE_END) as stage:
        stage.call(stage.executor.start())
        stage.until(lambda: any("no run would end before its walltime does" in line for line in stage.warnings))


def test_run_that_outlasts_the_walltime_is_lost_and_counted(tmp_path: Path) -> None:
    with PilotStage(tmp_path / "study", walltime_s=8.0, timing=CLOSE_TO_THE_END) as stage:
        stage.start()
        end = stage.end_of(stage.submit(SLEEP))
        assert isinstance(end, SlotLost)
        assert "its walltime is nearly over" in end.reason


def test_run_is_told_before_its_pilot_ends_and_leaves_word_of_it(tmp_path: Path) -> None:
    script = "trap 'echo saved; exit 85' USR1; while :; do sleep 0.05; done"
    with PilotStage(tmp_path / "study", walltime_s=10.0, signal_before_end_s=3.0, timing=CLOSE_TO_THE_END) as stage:
        stage.start()
        run = stage.submit(["/bin/sh", "-c", script])
        exit_ = stage.exit_of(run)
        assert (exit_.ended_by, exit_.exit_code) == (Ended.CANCELLED, 85)
        assert stage.text(run) == "saved\n"
        assert was_signalled(stage.folder(run))


def test_pilots_that_do_not_come_up_end_the_study_with_the_last_words_of_one(tmp_path: Path) -> None:
    with PilotStage(tmp_path / "study", setup=("echo no module cuda >&2", "exit 3")) as stage:
        stage.call(stage.executor.start())
        event = stage.wait_for(lambda event: isinstance(event, NoSlotLeft))
        assert isinstance(event, NoSlotLeft)
        assert "no module cuda; 3 times in a row" in event.reason
        assert len(stage.warnings) <= 3


def test_pilots_without_work_are_let_go_and_the_last_one_stays(tmp_path: Path) -> None:
    with PilotStage(tmp_path / "study", count=3, idle_s=0.5) as stage:
        stage.start(1)
        # The first is up before the others, which may not have begun yet.
        stage.until(lambda: (stage.counts.running, stage.counts.queued) == (1, 0) and len(stage.pilots()) == 1)
        stage.pass_time(1.0)
        assert len(stage.pilots()) == 1
        assert "queued 3 pilots" in stage.log[1]


def test_no_more_pilots_are_queued_than_runs_are_left(tmp_path: Path) -> None:
    with PilotStage(tmp_path / "study", count=4) as stage:
        stage.left = 2
        stage.start(2)
        stage.pass_time(0.5)
        assert len(stage.pilots()) == 2


def test_number_of_slots_is_changed_while_runs_go_on(tmp_path: Path) -> None:
    with PilotStage(tmp_path / "study") as stage:
        stage.start()
        run = stage.submit(["/bin/sleep", "1"])
        stage.executor.change_count(3)
        stage.wait_for_slots(3)
        stage.executor.change_count(1)
        stage.until(lambda: stage.counts.running == 1)
        assert stage.exit_of(run).exit_code == 0


def test_two_pilots_on_a_host_share_no_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "70,71,72,73,74")
    with PilotStage(tmp_path / "study", count=4, per_job=2, gpus=1) as stage:
        stage.start()
        gpus = [gpu for slot in stage.offered() for gpu in slot.gpus]
        assert len(set(gpus)) == len(gpus) == 4


def test_pilot_without_enough_gpus_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "81")
    with PilotStage(tmp_path / "study", count=2, per_job=2, gpus=1) as stage:
        stage.call(stage.executor.start())
        event = stage.wait_for(lambda event: isinstance(event, NoSlotLeft))
        assert "its slots need 2 GPUs, but only 1 of the 1 on this host are free" in str(event)


def test_strangers_that_say_nothing_take_few_of_the_files_that_may_be_open(tmp_path: Path) -> None:
    with PilotStage(tmp_path / "study", timing=PATIENT) as stage:
        stage.start()
        (settings,) = (tmp_path / "study" / "pilots").glob("*/settings.json")
        port, before = json.loads(settings.read_text())["port"], psutil.Process().num_fds()
        with contextlib.ExitStack() as stack:
            strangers = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(100)]
            assert stage.exit_of(stage.submit(["/bin/true"])).exit_code == 0
            assert psutil.Process().num_fds() <= before + len(strangers) + 60
        stage.until(lambda: psutil.Process().num_fds() <= before + 5)
        stage.executor.change_count(2)
        stage.wait_for_slots(2)  # they are gone, and a pilot comes in again


@pytest.mark.parametrize("has_tls", [False, True])
def test_whoever_lacks_the_studys_certificate_gets_nothing(tmp_path: Path, has_tls: bool) -> None:
    context = ssl.create_default_context() if has_tls else None
    if context is not None:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    async def intrude(port: int) -> bytes:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
            writer.write(b'{"type":"hello","job":"","host":"x","pid":1,"slots":[{"number":0}]}\n')
            got = await asyncio.wait_for(reader.read(4096), 5)
            writer.transport.abort()
        except OSError:
            return b""
        return got

    with PilotStage(tmp_path / "study") as stage:
        stage.start()
        port = int(next(line for line in stage.log if "waiting for pilots" in line).split("port ")[1].split()[0])
        assert b"beat" not in stage.call(intrude(port))
        assert len(stage.executor._crews) == 1
