"""Whole studies on a real Slurm through the command line: one job per run, a controller in the queue, doctor."""

from __future__ import annotations

import json
import signal
import socket
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

import boxwright as library
from boxwright.commands.clusters import probe_command
from boxwright.commands.following import follow
from boxwright.commands.status import status
from boxwright.commands.submitting import Wish
from boxwright.errors import SchedulerError, StudyError, UserError
from boxwright.pilots.addresses import listen, own_addresses
from boxwright.store.database import Store
from boxwright.terms import Status
from cluster_support import SlurmCluster, use_fake
from execute_support import wait_until
from support import RunBoxwright, Running

pytestmark = pytest.mark.checkout

PER_RUN = '[slots]\nbackend = "slurm"\nper_run_job = true\ncount = 3\nsetup = ["export GREETING=hello"]\n'
SCRIPT = """
echo "$BOXWRIGHT_TRIAL" >>"$BOXWRIGHT_STUDY/started"
test "$GREETING" = hello || exit 1
{work}
echo "Result of algorithm run: SUCCESS, 0.1, 1, $BOXWRIGHT_TRIAL, 0"
"""
WAIT = 'until test -e "$BOXWRIGHT_STUDY/go"; do sleep 0.1; done'


def outcomes(study: Path) -> Counter[Status]:
    with Store(study) as store:
        assert all(record.quality == record.trial for record in store.runs() if record.status is Status.SUCCESS)
        return Counter(record.status for record in store.runs())


def starts(study: Path) -> Counter[str]:
    path = study / "started"
    return Counter(path.read_text().split() if path.exists() else [])


def test_study_with_one_job_per_run_survives_its_controller(
    slurm: SlurmCluster,
    make_scenario: Callable[..., Path],
    start: Callable[..., Running],
    boxwright: RunBoxwright,
) -> None:
    running = start(make_scenario(SCRIPT.format(work=WAIT), more=PER_RUN), "--runs", "5")
    study = running.study
    wait_until(lambda: len(starts(study)) == 3, patience_s=60)
    more = boxwright("slots", "+1", study)
    assert (more.returncode, more.stderr) == (0, "have 4 slots instead of 3\n")
    wait_until(lambda: len(starts(study)) == 4, patience_s=60)
    wait_until(lambda: (status(study)["jobs"] or {}) == {"queued": 0, "running": 4, "slots": 4}, patience_s=60)
    assert "jobs: 0 queued, 4 running, one for each run; 4 slots\n" in boxwright("status", study).stdout
    running.process.send_signal(signal.SIGKILL)
    running.end()
    assert len(slurm.queue()) == 4  # by design
    elsewhere = boxwright("resume", study, "--backend", "local", "--set", "slots.per_run_job=false")
    assert elsewhere.returncode == 2
    assert "--backend slurm --set slots.per_run_job=true. Or cancel it there" in elsewhere.stderr
    (study / "go").touch()
    done = boxwright("resume", study, "--backend", "slurm", "--set", "slots.per_run_job=true")
    assert done.returncode == 0, done.stderr
    assert outcomes(study) == {Status.SUCCESS: 5}
    assert set(starts(study).values()) == {1}
    assert "queued run 1 as " in (study / "study.log").read_text()


def test_interrupted_study_leaves_no_job_in_the_queue(
    slurm: SlurmCluster, make_scenario: Callable[..., Path], start: Callable[..., Running], boxwright: RunBoxwright
) -> None:
    running = start(make_scenario(SCRIPT.format(work="sleep 60"), more=PER_RUN), "--runs", "5")
    wait_until(lambda: len(starts(running.study)) == 3, patience_s=60)
    with pytest.raises(UserError, match="its controller is at work"):
        library.submit(running.study)
    assert boxwright("stop", running.study, "--now").returncode == 0
    assert running.end()[0] == 130
    assert outcomes(running.study) == {Status.LOST: 3}
    wait_until(lambda: not slurm.queue())


def test_run_whose_job_the_scheduler_ends_is_made_again(
    slurm: SlurmCluster, make_scenario: Callable[..., Path], start: Callable[..., Running]
) -> None:
    script = 'test -e "$BOXWRIGHT_STUDY/once" || { touch "$BOXWRIGHT_STUDY/once"; sleep 60; }' + SCRIPT.format(
        work=":"
    )
    running = start(make_scenario(script, more=PER_RUN), "--runs", "1")
    wait_until((running.study / "once").exists, patience_s=60)
    slurm.call("scancel", *slurm.queue())
    assert running.end()[0] == 0
    assert outcomes(running.study) == {Status.LOST: 1, Status.SUCCESS: 1}


def test_check_prints_the_job_script_and_submits_nothing(
    slurm: SlurmCluster, make_scenario: Callable[..., Path], boxwright: RunBoxwright
) -> None:
    done = boxwright("check", make_scenario(more=PER_RUN))
    assert done.returncode == 0, done.stderr
    assert "#SBATCH --no-requeue" in done.stdout
    assert "boxwright.jobs.job" in done.stdout
    assert not slurm.queue()


def test_submitted_controller_carries_the_study_out_in_the_queue(
    slurm: SlurmCluster, make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    slurm.call("scontrol", "update", "PartitionName=gpu", "State=DOWN")
    scenario = make_scenario()
    done = boxwright("submit", scenario, "--study", "s", "--scheduler", "slurm", "--cores", "2", "--walltime", "10m")
    assert done.returncode == 0, done.stderr
    study = tmp_path / "s"
    assert done.stdout == f"job: {slurm.queue()[0]}\nstudy: {study}\n"
    assert f"follow it with: boxwright status -f {study}\n" in done.stderr
    again = boxwright("submit", scenario, "--study", "s", "--scheduler", "slurm")
    assert again.returncode == 2
    assert f"job {slurm.queue()[0]} of slurm has its controller already: pending (" in again.stderr
    said: list[str] = []

    def say(line: str) -> None:
        if not said:
            slurm.call("scontrol", "update", "PartitionName=gpu", "State=UP")
        said.append(line)

    state = follow(study, say, pause_s=0.1)
    job = done.stdout.split()[1]
    assert said[0].startswith(f"the job of its controller has not begun yet; job {job}: pending (")
    assert (state["state"], state["settled"]) == ("finished", 4)
    assert "#SBATCH --time=00:10:00\n" in next((tmp_path / "s.controller").glob("*.sh")).read_text()


def test_controller_that_does_not_begin_is_not_waited_for(
    make_scenario: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_fake(tmp_path / "fake", monkeypatch)
    scenario = make_scenario(more='[slots]\nsetup = ["echo no module cuda; exit 1"]\n')
    library.submit(scenario, study=tmp_path / "s", wish=Wish(scheduler="pbs"))
    said: list[str] = []
    with pytest.raises(UserError, match=r"s: there is no study: job 1 of its controller is over. no module cuda \("):
        follow(tmp_path / "s", said.append, pause_s=0.1, late_s=0.5)


def test_refused_controller_leaves_nothing(
    make_scenario: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_fake(tmp_path / "fake", monkeypatch)
    scenario = make_scenario()
    with pytest.raises(SchedulerError, match=r"^qsub: Unknown queue$"):
        library.submit(scenario, study=tmp_path / "s", wish=Wish(scheduler="pbs", queue="nope"))
    assert not (tmp_path / "s.controller").exists()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="pbs: its command qsub is not on PATH"):
        library.submit(scenario, study=tmp_path / "s", wish=Wish(scheduler="pbs"))


def test_controller_of_a_whole_study_gets_what_its_slots_ask_for(
    make_scenario: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_fake(tmp_path / "fake", monkeypatch)
    slots = """
        [slots]
        count = 3
        cores = 2
        memory = "1 GiB"
        walltime = "8h"
        extra = ["-l place=excl"]
        setup = ["exit 0"]
    """
    wish = Wish(scheduler="pbs", extra=("-W depend=afterok:7",))
    library.submit(make_scenario(more=slots), study=tmp_path / "s", wish=wish)
    script = (tmp_path / "s.controller" / "bw-s.sh").read_text()
    for line in ("select=1:ncpus=6:mem=3072mb", "walltime=08:00:00", "place=excl", "#PBS -W depend=afterok:7"):
        assert f"{line}\n" in script


def test_doctor_finds_the_scheduler_and_a_probe_says_what_a_node_has(
    slurm: SlurmCluster, boxwright: RunBoxwright, tmp_path: Path
) -> None:
    found = json.loads(boxwright("doctor", "--json").stdout)
    assert found["schedulers"]["slurm"]["trouble"] == ""
    assert "): answers\n" in boxwright("doctor").stdout
    done = boxwright("doctor", "--probe", "--backend", "slurm")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " on " in done.stdout
    assert f"with boxwright {library.__version__}" in done.stdout
    assert "it reaches this host at " in done.stdout
    refused = boxwright("doctor", "--probe", "--backend", "slurm", "--queue", "nope")
    assert "invalid partition" in refused.stderr
    assert not list(tmp_path.glob("boxwright-probe-*"))


def test_probe_without_an_answer_tells_the_last_words_of_its_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = use_fake(tmp_path / "fake", monkeypatch)
    monkeypatch.chdir(tmp_path)
    (home / "bin" / "env").write_text("#!/bin/sh\necho no env here; exit 1\n")  # as on a node without this Python
    (home / "bin" / "env").chmod(0o755)
    monkeypatch.setenv("PYTHONPATH", "x")
    monkeypatch.setattr("boxwright.schedulers.probe._LATE_S", 0.1)
    with pytest.raises(SchedulerError, match=r"no answer in .*/boxwright-probe-.*: no env here$"):
        probe_command("pbs")


def test_listener_is_reached_at_all_addresses_that_are_told() -> None:
    assert own_addresses("lo") == ("127.0.0.1",)  # an interface is listened at by its first address only
    with listen(None, ()) as listener:
        listener.listen()
        for address in own_addresses(None):
            if not address.startswith("fd"):  # a network of its own need not reach itself
                socket.create_connection((address, listener.getsockname()[1]), timeout=10).close()


def test_study_whose_executor_cannot_begin_says_so_afterwards(
    make_scenario: Callable[..., Path], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        scenario = make_scenario(more=f'[slots]\nbackend = "subprocess"\nports = {port}\n')
        with pytest.raises(StudyError, match="none of the 1 ports"):
            library.run(scenario, study=tmp_path / "s")
    state = status(tmp_path / "s")
    assert state["state"] == "interrupted"
    assert state["reason"].startswith("slots.ports: none of the 1 ports")
    assert "left: slots.ports: none of the 1 ports" in (tmp_path / "s" / "study.log").read_text()
