"""Pilots on a real Slurm and a real Grid Engine: what a cluster does to jobs costs no outcome and doubles none."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from boxwright.execute.messages import Ended, SlotLost
from boxwright.store.database import Store
from boxwright.terms import Status
from cluster_support import Cluster, SlurmCluster
from execute_support import wait_until
from pilot_support import PilotStage, keepers_of, pilots_of
from support import RunBoxwright, Running

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_process_left")]
SLEEP = ["/bin/sleep", "60"]
ALL_GPUS = 'until [ "$(cut -d" " -f3 {log} | sort -u | wc -l)" = 4 ]; do sleep 0.1; done\n'
SCRIPT = """
gpu=${{CUDA_VISIBLE_DEVICES:-none}}
echo "$(date +%s%N) begin ${{SLURMD_NODENAME:-here}}-$gpu" >> {log}
sleep 0.1
echo "$(date +%s%N) end ${{SLURMD_NODENAME:-here}}-$gpu" >> {log}
echo "Result of algorithm run: SUCCESS, 0.1, 1, $BOXWRIGHT_TRIAL, 0"
"""
DESIGN = '[design]\nkind = "monte-carlo"\nruns = 40\n'


@pytest.fixture
def stage(slurm: SlurmCluster, tmp_path: Path) -> Iterator[Callable[..., PilotStage]]:
    """Return a function that makes a stage on Slurm, closed at the end."""
    stages: list[PilotStage] = []

    def make(**plan: Any) -> PilotStage:
        stages.append(PilotStage(tmp_path / "study", backend="slurm", **plan))
        return stages[-1]

    yield make
    for made in stages:
        made.close(kill=True, patience_s=30)
    wait_until(lambda: not slurm.queue())


def most_at_a_time(log: Path) -> Counter[str]:
    """Return how many runs had each GPU at once at the most."""
    now: Counter[str] = Counter()
    most: Counter[str] = Counter()
    for line in sorted(log.read_text().splitlines()):
        _, what, gpu = line.split()
        now[gpu] += 1 if what == "begin" else -1
        most[gpu] = max(most[gpu], now[gpu])
    return most


def check_study(study: Path) -> None:
    with Store(study) as store:
        records = list(store.runs())
    successes = Counter(record.trial for record in records if record.status is Status.SUCCESS)
    assert set(successes.values()) == {1}
    assert len(successes) == 40
    assert {record.status for record in records} <= {Status.SUCCESS, Status.LOST}


def test_runs_on_slurm_share_no_gpu_and_leave_no_job(
    slurm: SlurmCluster, make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    more = '[slots]\ncount = 4\nper_job = 2\ngpus = 1\nmemory = "100 MiB"\nwalltime = "10 min"\nqueue = "gpu"\n'
    # No run ends before each GPU has one: a pilot may come up when the others have done all.
    script = SCRIPT.replace("sleep 0.1\n", ALL_GPUS).format(log=tmp_path / "log")
    scenario = make_scenario(script, design=DESIGN, more=more)
    done = boxwright("run", scenario, "--study", "study", "--backend", "slurm")
    assert done.returncode == 0, done.stderr
    check_study(tmp_path / "study")
    most = most_at_a_time(tmp_path / "log")
    assert len(most) == 4
    assert set(most.values()) == {1}
    wait_until(lambda: not slurm.queue())


def test_cancelled_pilot_is_replaced_and_its_runs_have_not_crashed(
    slurm: SlurmCluster, stage: Callable[..., PilotStage]
) -> None:
    study = stage(count=4, per_job=2)
    study.start()
    runs = [study.submit(SLEEP, slot=slot) for slot in range(4)]
    study.until(lambda: len(study.processes()) == 4)
    slurm.call("scancel", slurm.queue()[0])
    study.wait_for_slots(6)
    # The other pilot may be up before the last run has ended, and the job is shown until its last process has.
    study.until(lambda: len(study.ends()) == 2 and len(slurm.queue()) == 2)
    assert all(isinstance(end, SlotLost) or end.exit.ended_by is Ended.CANCELLED for end in study.ends())
    queued = [line.split(":")[0] for line in study.log if line.startswith("queued")]
    assert queued == ["queued 2 pilots", "queued 1 pilot"]
    assert len({end.run if isinstance(end, SlotLost) else end.exit.run for end in study.ends()} & set(runs)) == 2


def test_pilot_of_a_node_that_lost_its_power_is_replaced_on_another(
    slurm: SlurmCluster, stage: Callable[..., PilotStage]
) -> None:
    study = stage()
    study.start()
    run = study.submit(SLEEP)
    study.until(study.processes)
    node = slurm.call("squeue", "--noheader", "--format=%N").split()[0]
    slurm.kill_node(node)
    assert isinstance(study.end_of(run), SlotLost)
    study.wait_for_slots(2)
    assert study.exit_of(study.submit(["/bin/true"], slot=0)).exit_code == 0
    slurm.repair()


def test_frozen_pilot_is_lost_and_its_job_is_cancelled(slurm: SlurmCluster, stage: Callable[..., PilotStage]) -> None:
    study = stage()
    study.start()
    run = study.submit(SLEEP)
    study.until(study.processes)
    frozen = slurm.queue()[0]
    for process in (study.pilots()[0], *study.pilots()[0].children(recursive=True)):
        process.suspend()
    assert isinstance(study.end_of(run), SlotLost)
    study.wait_for_slots(2)
    study.until(lambda: frozen not in slurm.queue())
    assert len([event for event in study.events if isinstance(event, SlotLost) and event.run == run]) == 1


def test_queue_that_is_closed_for_a_while_is_waited_for(
    slurm: SlurmCluster, stage: Callable[..., PilotStage]
) -> None:
    slurm.call("scontrol", "update", "PartitionName=gpu", "State=DOWN")
    study = stage(count=2)
    study.call(study.executor.start())
    study.until(lambda: len(slurm.queue()) == 2)
    study.pass_time(1)
    assert not study.offered()
    slurm.call("scontrol", "update", "PartitionName=gpu", "State=UP")
    study.wait_for_slots(2)
    assert not study.warnings


def test_refused_jobs_end_the_study_with_the_words_of_slurm(
    slurm: SlurmCluster, make_scenario: Callable[..., Path], boxwright: RunBoxwright
) -> None:
    scenario = make_scenario(more='[slots]\nbackend = "slurm"\nqueue = "none"\n')
    done = boxwright("run", scenario, "--study", "study")
    assert done.returncode == 2
    assert "no slot is left: sbatch: " in done.stderr
    assert "invalid partition specified: none" in done.stderr
    assert not slurm.queue()


def test_nothing_is_left_of_a_killed_controller_and_resume_goes_on(
    slurm: SlurmCluster,
    make_scenario: Callable[..., Path],
    start: Callable[..., Running],
    boxwright: RunBoxwright,
    tmp_path: Path,
) -> None:
    # More slots than there are cores: some jobs wait.
    more = '[slots]\nbackend = "slurm"\ncount = 20\ncores = 1\n'
    log, study = tmp_path / "log", tmp_path / "study"
    running = start(make_scenario(SCRIPT.format(log=log), design=DESIGN, more=more))
    wait_until(lambda: log.exists() and len(log.read_text().splitlines()) > 8)
    running.process.kill()
    killed = time.monotonic()
    running.process.communicate(timeout=60)
    wait_until(lambda: not (slurm.queue() or pilots_of(study) or keepers_of(study)))
    assert time.monotonic() - killed < 15
    done = boxwright("resume", "study", "--slots", "4")
    assert done.returncode == 0, done.stderr
    check_study(study)


@pytest.mark.parametrize("by", ["its own clock", "Slurm"])
def test_walltime_that_is_over_loses_no_outcome_and_the_slots_come_back(
    slurm: SlurmCluster,
    make_scenario: Callable[..., Path],
    start: Callable[..., Running],
    tmp_path: Path,
    by: str,
) -> None:
    walltime = 'walltime = "24s"\n' if by == "its own clock" else ""
    log, go, study = tmp_path / "log", tmp_path / "go", tmp_path / "study"
    script = f"""
echo "$BOXWRIGHT_TRIAL" >> {log}
until [ -e {go} ]; do sleep 0.1; done
echo "Result of algorithm run: SUCCESS, 0.1, 1, $BOXWRIGHT_TRIAL, 0"
"""
    more = f'[slots]\nbackend = "slurm"\ncount = 2\nper_job = 2\n{walltime}'
    running = start(make_scenario(script, more=more))
    wait_until(lambda: log.exists() and len(log.read_text().split()) == 2)
    if by == "Slurm":
        slurm.call("scontrol", "update", f"JobId={slurm.queue()[0]}", "TimeLimit=0")
    wait_until(lambda: len(log.read_text().split()) == 4)  # both slots of the next pilot have their runs
    go.touch()
    assert running.end()[0] == 0
    with Store(study) as store:
        lost = [record for record in store.runs() if record.status is Status.LOST]
        successes = [record.trial for record in store.runs() if record.status is Status.SUCCESS]
    assert sorted(successes) == [1, 2, 3, 4]
    assert len(lost) >= 2
    why = "walltime is nearly over" if by == "its own clock" else "its job was cancelled or preempted"
    assert all(why in record.reason for record in lost), [record.reason for record in lost]
    wait_until(lambda: not slurm.queue())


def test_full_disk_of_one_run_fails_that_run_alone(
    slurm: SlurmCluster, make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    # In place of a quota, from which root is exempt: the second run gets a small disk of its own for its folder.
    script = """
if [ "$BOXWRIGHT_TRIAL" = 2 ]; then
    mount -t tmpfs -o size=16k none "$PWD" || { echo no mount >&2; exit 3; }
    cd "$PWD"
    head -c 100000 /dev/zero > result || exit 1
fi
echo "Result of algorithm run: SUCCESS, 0.1, 1, $BOXWRIGHT_TRIAL, 0"
"""
    study = tmp_path / "study"
    folder = study / "runs/000/000002"
    try:
        done = boxwright(
            "run", make_scenario(script, more='[slots]\nbackend = "slurm"\ncount = 2\n'), "--study", study
        )
        with Store(study) as store:
            records = {record.run: record for record in store.runs()}
        if "no mount" in records[2].reason:
            pytest.skip(f"THE TEST OF A FULL DISK IS LEFT OUT: {records[2].reason}")
        assert done.returncode == 1, done.stderr
        statuses = {run: record.status for run, record in records.items()}
        assert statuses == {1: Status.SUCCESS, 2: Status.CRASHED, 3: Status.SUCCESS, 4: Status.SUCCESS}
        assert "No space left on device" in records[2].reason
        assert [path.name for path in folder.iterdir()] == ["result"]  # and no part of an exit.json
    finally:
        subprocess.run(["umount", str(folder)], check=False, capture_output=True, timeout=60)


def test_runs_on_grid_engine_get_gpus_of_their_own_from_pilots_on_one_host(
    sge: Cluster, make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    more = '[slots]\nbackend = "sge"\ncount = 4\nper_job = 2\ngpus = 1\n'
    scenario = make_scenario(SCRIPT.format(log=tmp_path / "log"), design=DESIGN, more=more)
    done = boxwright("run", scenario, "--study", "study")
    assert done.returncode == 0, done.stderr
    check_study(tmp_path / "study")
    most = most_at_a_time(tmp_path / "log")
    assert set(most.values()) == {1}
    assert len(most) in (2, 3, 4)  # the second job may come when all, or nearly all, is done
