"""One batch job per run, on a real Slurm: queued in arrays, over with ``exit.json``, in need of no controller."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from boxwright.execute.exits import read_exit
from boxwright.execute.messages import Ended, NoSlotLeft, Request, RunEnded, SlotGone, SlotLost, SlotReady
from boxwright.jobs.executor import JobExecutor
from boxwright.jobs.files import (
    TICKET,
    Batch,
    Claim,
    Ticket,
    claim,
    job_folder,
    read_claim,
    read_file,
    write_file,
    write_request,
)
from boxwright.jobs.underway import Patience
from boxwright.pilots.checkpoints import was_signalled
from boxwright.schedulers.base import JobSpec
from boxwright.schedulers.known import open_scheduler
from boxwright.terms import Slot
from cluster_support import Cluster, SlurmCluster, use_fake
from execute_support import Stage, wait_until

pytestmark = pytest.mark.checkout

HASTY = Patience(calm_s=0.0, look_s=0.05, ask_s=0.1, late_s=0.5, backoff_s=0.2)


class JobStage(Stage):
    """A stage whose runs are batch jobs."""

    def __init__(
        self, study: Path, *, slots: int = 4, patience: Patience = HASTY, backend: str = "slurm", **settings: Any
    ) -> None:
        # The same for all stages of one study, and for no other test: runs are found, and ended, by it.
        study_id = uuid.uuid5(uuid.NAMESPACE_URL, str(study)).hex
        super().__init__(study, slots=[Slot(number) for number in range(slots)], study_id=study_id)
        self.scheduler = open_scheduler(backend, quiet_s=0.2)
        self.said: list[str] = []
        spec = JobSpec(name="bw-test-1a2b3c", argv=(), folder=study, **settings)
        self.executor = JobExecutor(  # type: ignore[assignment]
            study, self.slots, self.scheduler, spec, self._hear, say=self.said.append, patience=patience
        )

    def ids(self, runs: Sequence[int]) -> list[str]:
        """Return the ids of the jobs of these runs, once they are queued."""
        files = [job_folder(self.study, run) / TICKET for run in runs]
        self.until(lambda: all(file.exists() for file in files))
        tickets = [read_file(file, Ticket) for file in files]
        return [ticket.job for ticket in tickets if ticket]

    def lost(self, run: int) -> SlotLost:
        """Wait until a run is lost."""
        event = self.wait_for(lambda event: isinstance(event, SlotLost) and event.run == run)
        assert isinstance(event, SlotLost)
        return event


@pytest.fixture
def make_stage(slurm: SlurmCluster, tmp_path: Path) -> Iterator[Callable[..., JobStage]]:
    """Return a function that opens a stage in the same study; at the end nothing may be left in the queue."""
    stages: list[JobStage] = []

    def make(**settings: Any) -> JobStage:
        stages.append(JobStage(tmp_path / "study", **settings))
        return stages[-1]

    yield make
    for stage in stages:
        stage.__exit__(None, None, None)
    wait_until(lambda: not slurm.queue())


@pytest.fixture
def pbs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have programs stand in for those of PBS, which start every job at once; return the folder of their jobs."""
    return use_fake(tmp_path / "fake", monkeypatch)


def test_runs_are_queued_in_one_array_and_each_has_gpus_of_its_own(make_stage: Callable[..., JobStage]) -> None:
    stage = make_stage(gpus=1)
    stage.start()
    script = "echo $CUDA_VISIBLE_DEVICES $BOXWRIGHT_GPUS $SLURMD_NODENAME $A; sleep 1; exit 3"
    runs = [stage.submit(["sh", "-c", script], slot=slot, env={"A": "it's"}, inherits=("B",)) for slot in range(4)]
    exits = [stage.exit_of(run) for run in runs]
    assert [(exit_.ended_by, exit_.exit_code) for exit_ in exits] == [(Ended.EXITED, 3)] * 4
    words = [stage.text(run).split() for run in runs]
    assert all(gpu == ours and rest == ["it's"] for gpu, ours, _, *rest in words)
    assert len({(gpu, node) for gpu, _, node, *_ in words}) == 4
    assert stage.scheduler.calls["submit"] == 1
    assert not list(stage.study.glob("jobs/*/request.json"))  # it held the environment


def test_run_that_is_cancelled_ends_with_all_that_it_has_started(make_stage: Callable[..., JobStage]) -> None:
    stage = make_stage()
    stage.start()
    run = stage.submit(["sh", "-c", "sleep 98 & sleep 99"])
    stage.until((stage.folder(run) / "stdout.log").exists)
    stage.cancel(run, "by a test")
    assert stage.exit_of(run).ended_by is Ended.CANCELLED
    assert stage.exit_of(run) == read_exit(stage.folder(run), run)
    stage.until(lambda: not stage.processes())


def test_run_that_waits_in_the_queue_is_cancelled_and_never_starts(
    make_stage: Callable[..., JobStage], slurm: SlurmCluster
) -> None:
    slurm.call("scontrol", "update", "PartitionName=gpu", "State=DOWN")
    stage = make_stage()
    stage.start()
    run = stage.submit(["touch", "started"])
    stage.ids([run])
    stage.cancel(run, "by a test")
    assert stage.exit_of(run).detail == "by a test"
    slurm.call("scontrol", "update", "PartitionName=gpu", "State=UP")
    assert not (stage.folder(run) / "started").exists()


def test_closed_queue_only_delays_runs(make_stage: Callable[..., JobStage], slurm: SlurmCluster) -> None:
    slurm.call("scontrol", "update", "PartitionName=gpu", "State=INACTIVE")  # it takes no jobs
    stage = make_stage(patience=Patience(calm_s=0.0, look_s=0.05, ask_s=0.1, backoff_s=0.2, first_failures=1000))
    stage.start()
    run = stage.submit(["true"])
    stage.until(lambda: stage.said)
    assert "sbatch: " in stage.said[0]
    given_up = stage.submit(["true"], slot=1)
    stage.until(lambda: len(stage.said) > 1)
    stage.cancel(given_up, "by a test")
    assert stage.exit_of(given_up).ended_by is Ended.CANCELLED
    slurm.call("scontrol", "update", "PartitionName=gpu", "State=UP")
    assert stage.exit_of(run).exit_code == 0


def test_scheduler_that_never_takes_a_job_ends_the_study_with_its_words(make_stage: Callable[..., JobStage]) -> None:
    stage = make_stage(queue="nope")
    stage.start()
    run = stage.submit(["true"])
    assert "invalid partition" in stage.lost(run).reason
    assert isinstance(stage.wait_for(lambda event: isinstance(event, NoSlotLeft)), NoSlotLeft)


def test_jobs_that_end_before_their_runs_begin_end_the_study_with_their_last_words(
    make_stage: Callable[..., JobStage],
) -> None:
    stage = make_stage(setup=("echo no module cuda; exit 1",))
    stage.start()
    for _ in range(HASTY.first_failures):
        assert stage.lost(stage.submit(["true"])).reason.endswith("ended before its run began: no module cuda")
    event = stage.wait_for(lambda event: isinstance(event, NoSlotLeft))
    assert isinstance(event, NoSlotLeft)
    assert event.reason.endswith("no module cuda; 3 times in a row")
    assert not list(stage.study.glob("jobs/*/request.json"))  # it held the environment


def test_job_that_the_scheduler_ends_is_a_lost_run_and_no_failure(
    make_stage: Callable[..., JobStage], slurm: SlurmCluster
) -> None:
    stage = make_stage()
    stage.start()
    for command in (["sleep", "99"], ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"]):
        run = stage.submit(command)
        stage.until(lambda run=run: (stage.folder(run) / "stdout.log").exists())  # type: ignore[misc]
        slurm.call("scancel", *stage.ids([run]))
        assert "batch job was ended" in stage.lost(run).reason
        stage.wait_for(lambda event: event == SlotReady(Slot(0)))
        stage.events.clear()


def test_job_that_vanishes_with_its_node_is_a_lost_run(
    make_stage: Callable[..., JobStage], slurm: SlurmCluster
) -> None:
    stage = make_stage(extra=("--nodelist=n3",))
    stage.start()
    run = stage.submit(["sleep", "99"])
    stage.until((stage.folder(run) / "stdout.log").exists)
    slurm.kill_node("n3")
    slurm.call("scontrol", "update", "NodeName=n3", "State=DOWN", "Reason=test")  # does not wait for its timeout
    assert "NODE_FAIL" in stage.lost(run).reason
    slurm.repair()


def test_runs_go_on_without_their_controller_and_are_adopted(make_stage: Callable[..., JobStage]) -> None:
    first = make_stage()
    first.start()
    early = first.submit(["true"], slot=0)
    late = first.submit(["sleep", "2"], slot=1)
    first.ids([early, late])
    first.close()
    second = make_stage()
    second.adopt(early, slot=0)
    second.adopt(late, slot=1)
    second.call(second.executor.start())
    assert second.exit_of(early).exit_code == 0
    assert second.exit_of(late).exit_code == 0
    for slot in range(4):
        second.wait_for(lambda event, slot=slot: event == SlotReady(Slot(slot)))  # type: ignore[misc]
    assert second.scheduler.calls["submit"] == 0


def test_adopted_run_can_be_cancelled(make_stage: Callable[..., JobStage]) -> None:
    first = make_stage()
    first.start()
    run = first.submit(["sleep", "99"])
    first.until((first.folder(run) / "stdout.log").exists)
    first.close()
    second = make_stage()
    second.adopt(run)
    second.call(second.executor.start())
    second.cancel(run, "by a test")
    assert second.exit_of(run).ended_by is Ended.CANCELLED


def test_job_whose_id_was_not_written_down_never_starts_a_run_that_was_taken_back(
    make_stage: Callable[..., JobStage], slurm: SlurmCluster
) -> None:
    slurm.call("scontrol", "update", "PartitionName=gpu", "State=DOWN")
    first = make_stage()
    first.start()
    run = first.submit(["touch", "started"])
    first.ids([run])
    first.close()
    (job_folder(first.study, run) / TICKET).unlink()  # as if the controller had been killed just before
    second = make_stage()
    second.adopt(run)
    second.call(second.executor.start())
    assert second.lost(run).reason == "it was not in the queue yet"
    slurm.call("scontrol", "update", "PartitionName=gpu", "State=UP")
    second.until(lambda: not slurm.queue())
    assert not (second.folder(run) / "started").exists()


def test_job_that_started_before_its_id_was_written_down_is_found_by_its_claim(
    make_stage: Callable[..., JobStage],
) -> None:
    first = make_stage()
    first.start()
    run = first.submit(["sleep", "2"])
    files = job_folder(first.study, run)
    first.until(lambda: read_claim(files) and (files / TICKET).exists())
    first.close()
    (files / TICKET).unlink()
    second = make_stage()
    second.adopt(run)
    second.call(second.executor.start())
    assert second.exit_of(run).exit_code == 0


def test_job_that_seemed_to_be_refused_and_has_its_run_all_the_same_is_watched(
    make_stage: Callable[..., JobStage], slurm: SlurmCluster
) -> None:
    stage = make_stage()
    stage.start()
    run = stage.submit(["sleep", "3"])
    files = job_folder(stage.study, run)
    stage.until(lambda: read_claim(files))
    (job,) = stage.ids([run])
    stage.executor._jobs[run].ticket = Ticket(backend="slurm", job="98765", name="bw-test-1a2b3c")  # type: ignore[attr-defined]
    assert stage.exit_of(run).exit_code == 0
    assert job != "98765"


def test_job_of_another_name_is_not_taken_for_that_of_a_run(
    make_stage: Callable[..., JobStage], slurm: SlurmCluster, tmp_path: Path
) -> None:
    other = slurm.call("sbatch", "--parsable", "--output=/dev/null", "--job-name=other", "--wrap=sleep 60").strip()
    stage = make_stage()
    files = job_folder(stage.study, 7)
    files.mkdir(parents=True)
    stage.folder(7).mkdir(parents=True)
    write_file(files / TICKET, Ticket(backend="slurm", job=other, name="bw-test-1a2b3c"))
    stage.adopt(7)
    stage.cancel(7, "by a test")
    stage.call(stage.executor.start())
    event = stage.wait_for(lambda event: isinstance(event, RunEnded | SlotLost))
    assert isinstance(event, RunEnded)
    assert event.exit.detail == "by a test"
    assert slurm.queue() == [other]
    slurm.call("scancel", other)
    stage.until(lambda: not slurm.queue())


def test_runs_on_grid_engine_have_gpus_of_their_own_and_end_when_they_are_cancelled(
    sge: Cluster, tmp_path: Path
) -> None:
    patience = replace(HASTY, gather_s=2.0)  # three runs are one array, however busy this machine is
    with JobStage(tmp_path / "study", backend="sge", gpus=1, patience=patience) as stage:
        stage.start()
        script = "echo $CUDA_VISIBLE_DEVICES; sleep 98 & sleep 99"
        runs = [stage.submit(["sh", "-c", script], slot=slot, inherits=()) for slot in range(3)]
        stage.until(lambda: all((stage.folder(run) / "stdout.log").exists() and stage.text(run) for run in runs))
        assert len({stage.text(run) for run in runs}) == 3
        assert stage.scheduler.calls["submit"] == 1
        for run in runs[:2]:
            stage.cancel(run, "by a test")
        assert {stage.exit_of(run).ended_by for run in runs[:2]} == {Ended.CANCELLED}
        sge.call("qdel", *stage.ids(runs[2:]))
        assert "batch job was ended" in stage.lost(runs[2]).reason
        stage.until(lambda: not stage.processes())


def test_runs_that_come_soon_after_a_submission_wait_and_go_into_one_array(pbs: Path, tmp_path: Path) -> None:
    patience = Patience(calm_s=1.0, look_s=0.05, ask_s=0.1)
    with JobStage(tmp_path / "study", backend="pbs", patience=patience) as stage:
        stage.start()
        runs = [stage.submit(["true"])]
        stage.ids(runs)
        for slot in range(1, 4):
            runs.append(stage.submit(["true"], slot=slot))
            stage.pass_time(0.25)
        assert [stage.exit_of(run).exit_code for run in runs] == [0] * 4
        assert stage.scheduler.calls["submit"] == 2


def test_cancellation_that_is_refused_hides_no_job_that_is_gone(pbs: Path, tmp_path: Path) -> None:
    (pbs / "bin" / "qdel").write_text("#!/bin/sh\necho not yours >&2\nexit 159\n")
    with JobStage(tmp_path / "study", backend="pbs") as stage:
        stage.start()
        kept, gone = stage.submit(["sleep", "98"]), stage.submit(["sleep", "99"], slot=1)
        stage.until(lambda: all((stage.folder(run) / "stdout.log").exists() for run in (kept, gone)))
        stage.cancel(kept, "by a test")
        stage.until(lambda: any("qdel: not yours" in line for line in stage.said))
        (job,) = stage.ids([gone])
        os.killpg(int(json.loads((pbs / f"{job}.job").read_text())["pid"]), signal.SIGKILL)
        (pbs / f"{job}.exit").write_text("137")
        assert stage.lost(gone).run == gone
        (pbs / "bin" / "qdel").write_text((pbs / "bin" / "qstat").read_text().replace(" qstat ", " qdel "))
        assert stage.exit_of(kept).ended_by is Ended.CANCELLED
        for pid in stage.processes():  # nobody was left to end what the killed job had started
            os.kill(pid, signal.SIGKILL)
        stage.until(lambda: not stage.processes())


def test_number_of_runs_at_a_time_can_be_changed(pbs: Path, tmp_path: Path) -> None:
    with JobStage(tmp_path / "study", backend="pbs", slots=2) as stage:
        stage.start()
        stage.submit(["true"], slot=1)
        stage.events.clear()
        stage.do(lambda: change(stage, 1))
        stage.do(lambda: change(stage, 4))
        stage.wait_for(lambda event: event == SlotReady(Slot(3)))
        assert stage.events[:4] == [SlotGone(1), SlotReady(Slot(1)), SlotReady(Slot(2)), SlotReady(Slot(3))]


def change(stage: JobStage, count: int) -> None:
    assert stage.executor.change_count(count) == count  # type: ignore[attr-defined]


def test_fault_of_the_executors_own_ends_the_study(
    pbs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with JobStage(tmp_path / "study", backend="pbs") as stage:
        monkeypatch.setattr(stage.scheduler, "submit", None)
        stage.start()
        run = stage.submit(["true"])
        event = stage.wait_for(lambda event: isinstance(event, NoSlotLeft))
        assert isinstance(event, NoSlotLeft)
        assert event.reason.startswith("a fault in the care of jobs: TypeError")
        stage.cancel(run, "by a test")


@pytest.mark.parametrize("code", [errno.EEXIST, errno.EPERM])
def test_run_is_claimed_once_where_links_are_not_what_they_should_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    link = os.link

    def poor_link(source: Path, target: Path) -> None:
        if code == errno.EEXIST:
            link(source, target)  # NFS has lost the answer, and asks again
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "link", poor_link)
    assert claim(tmp_path, Claim(job="1"))
    if code == errno.EEXIST:
        monkeypatch.setattr(os, "link", link)
    assert not claim(tmp_path, Claim(job="2"))
    assert read_claim(tmp_path) == Claim(job="1")
    assert [path.name for path in tmp_path.iterdir()] == ["claim.json"]


def test_second_job_of_the_same_run_does_nothing(tmp_path: Path) -> None:
    claim(tmp_path, Claim(job="1"))
    write_file(tmp_path / "batch.json", Batch(folders=(str(tmp_path),)))
    done = subprocess.run(
        [sys.executable, "-m", "boxwright.jobs.job", str(tmp_path / "batch.json")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "BOXWRIGHT_JOB": "2", "BOXWRIGHT_JOB_INDEX": "0"},
    )
    assert done.returncode == 1
    assert "another job has it" in done.stderr


def test_run_is_told_of_its_jobs_end_in_time_and_its_next_attempt_goes_on(tmp_path: Path) -> None:
    script = "trap 'touch saved; exit 7' USR1; while :; do sleep 0.05; done"
    env = {"PATH": os.environ["PATH"], "BOXWRIGHT_TOKEN": "job-test:1"}
    write_request(tmp_path, Request(run=1, folder=str(tmp_path), argv=("sh", "-c", script), env=env))
    write_file(tmp_path / "batch.json", Batch(folders=(str(tmp_path),), signal_before_end_s=60))
    subprocess.run(
        [sys.executable, "-m", "boxwright.jobs.job", str(tmp_path / "batch.json")],
        check=True,
        timeout=60,
        env={**os.environ, "BOXWRIGHT_JOB": "1", "BOXWRIGHT_JOB_END": str(int(time.time()) + 61)},
    )
    exit_ = read_exit(tmp_path, 1)
    assert exit_ is not None
    assert (tmp_path / "saved").exists()
    assert (exit_.ended_by, exit_.exit_code) == (Ended.CANCELLED, 7)
    assert was_signalled(tmp_path)
