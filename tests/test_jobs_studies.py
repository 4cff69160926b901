"""Whole studies on a real Slurm through the command line: one job per run, a controller in the queue, doctor."""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

import boxwright as library
from boxwright.commands.following import follow
from boxwright.store.database import Store
from boxwright.terms import Status
from cluster_support import SlurmCluster
from execute_support import wait_until
from support import RunBoxwright, Running

pytestmark = [pytest.mark.checkout, pytest.mark.usefixtures("unmeasured")]

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
    running.process.send_signal(signal.SIGKILL)
    running.end()
    assert len(slurm.queue()) == 3  # by design
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
    said: list[str] = []

    def say(line: str) -> None:
        if not said:
            slurm.call("scontrol", "update", "PartitionName=gpu", "State=UP")
        said.append(line)

    state = follow(study, say, pause_s=0.1)
    assert said[0] == "the job of its controller has not begun yet"
    assert (state["state"], state["settled"]) == ("finished", 4)
    assert "#SBATCH --time=00:10:00\n" in next((tmp_path / "s.controller").glob("*.sh")).read_text()


def test_doctor_finds_the_scheduler_and_a_probe_says_what_a_node_has(
    slurm: SlurmCluster, boxwright: RunBoxwright
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
