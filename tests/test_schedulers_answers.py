"""What schedulers answer is read as hostile: nothing in it is taken for a state, or a job, that it is not."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from boxwright.errors import SchedulerError
from boxwright.schedulers.base import JobSpec, JobState, Phase
from boxwright.schedulers.calling import Answer, call, submission_environment
from boxwright.schedulers.dialect import Dialect
from boxwright.schedulers.finding import file_system, is_shared
from boxwright.schedulers.htcondor import HtCondor
from boxwright.schedulers.known import DIALECTS, open_scheduler
from boxwright.schedulers.lsf import Lsf
from boxwright.schedulers.pbs import Pbs, Torque
from boxwright.schedulers.sge import GridEngine
from boxwright.schedulers.slurm import Slurm
from cluster_support import use_fake
from execute_support import wait_until

PENDING, RUNNING, GONE = Phase.PENDING, Phase.RUNNING, Phase.GONE


def phases(states: dict[str, JobState]) -> dict[str, Phase]:
    return {job: state.phase for job, state in states.items()}


def test_slurm_is_read_line_by_line_whatever_a_job_is_called() -> None:
    answer = "\n".join(
        [
            "slurm_load_jobs: a greeting of the site",
            "12|RUNNING|None|a|b|PENDING",
            "13_4|PENDING|Resources|x",
            "14|NODE_FAIL|None|x",
            "15|A_NEW_STATE|None|x",
            "16",
            "17|PENDING|launch failed requeued held|x",
            "|RUNNING|None|x",
            "18; rm -rf /|RUNNING|None|x",
        ]
    )
    states = Slurm().states(answer)
    wanted = {"12": RUNNING, "13_4": PENDING, "14": GONE, "15": RUNNING, "17": PENDING}
    assert phases(states) == wanted
    assert states["12"].name == "a|b|PENDING"
    assert states["17"].is_stuck
    assert not states["13_4"].is_stuck


def test_pbs_takes_no_value_for_an_attribute() -> None:
    answer = (
        "Job Id: 7[3].server.site\n    Job_Name = x\n    job_state = R\n    comment = a word\n\t and its rest\n"
        "    Variable_List = A=B,\n\tjob_state = F,\n\t    job_state = F\nnonsense\n    job_state = F\n\n"
        "Job Id: 8.server\n    Job_Name = y\n    job_state = H\n    comment = job held, too many failed attempts\n"
        "Job Id: 9.server\n    Job_Name = z\n"
        "Job Id: ../10.server\n    job_state = R\n"
    )
    states = Pbs().states(answer)
    assert phases(states) == {"7[3]": RUNNING, "8": PENDING}
    assert states["7[3]"].reason == "a word and its rest"
    assert states["8"].is_stuck


def test_torque_of_slurm_has_tabs() -> None:
    states = Torque().states("Job Id:\t5\n\tJob_Name = x\n\tjob_state = C\n\n")
    assert phases(states) == {"5": GONE}


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "error: unable to contact qmaster",
        "<job_info><queue_info>",
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><job_info>&a;</job_info>',
    ],
)
def test_grid_engine_that_answers_no_plain_xml_says_nothing_of_any_job(answer: str) -> None:
    with pytest.raises(SchedulerError):
        GridEngine().states(answer)


def test_grid_engine_knows_a_job_in_error_state() -> None:
    job = "<job_list><JB_job_number>{}</JB_job_number><JB_name>x</JB_name><state>{}</state>{}</job_list>"
    jobs = job.format(1, "Eqw", "") + job.format(2, "dr", "<tasks>3</tasks>") + job.format("../4", "r", "")
    states = GridEngine().states(f"<job_info>{jobs}</job_info>")
    assert phases(states) == {"1": PENDING, "2.3": RUNNING}
    assert states["1"].is_stuck


def test_lsf_is_read_line_by_line_whatever_a_job_is_called() -> None:
    answer = (
        "1|0|RUN|-|a|b\n2|7|EXIT|137|x[7]\n3|-|PEND|-|x\nJob <9>|0|RUN|-|x\nno line\n4|0|ZOMBI|-|x\n5|0|UNKWN|-|x\n"
    )
    states = Lsf().states(answer)
    assert phases(states) == {"1": RUNNING, "2[7]": GONE, "3": PENDING, "4": GONE, "5": RUNNING}
    assert states["1"].name == "a|b"
    assert (states["2[7]"].name, states["2[7]"].reason) == ("x", "EXIT (exit code 137)")


@pytest.mark.parametrize("answer", ["-- Schedd: down", '{"ClusterId": 1}', '[{"ClusterId": "1"}]', "[" * 100_000])
def test_htcondor_that_answers_with_something_else_says_nothing_of_any_job(answer: str) -> None:
    with pytest.raises(SchedulerError):
        HtCondor().states(answer)


def test_htcondor_says_nothing_where_there_is_no_job() -> None:
    held = '[{"ClusterId":1,"ProcId":0,"JobStatus":5,"HoldReason":"no disk","JobBatchName":"x","More":[]}]'
    assert HtCondor().states("\n") == {}
    assert HtCondor().states(held)["1.0"].is_stuck


@pytest.mark.parametrize(
    ("dialect", "words"),
    [(HtCondor(), "Error: Couldn't find the address of the schedd"), (Lsf(), "lsf.conf is not found")],
)
def test_scheduler_that_is_not_found_does_not_say_that_jobs_are_over(dialect: Dialect, words: str) -> None:
    assert not dialect.is_harmless(Answer(1, "", words))


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS.keys())
def test_submission_without_an_id_is_no_submission(dialect: type[Dialect]) -> None:
    for answer in ("", "welcome\nto the cluster\n", "error 17: no", "12.5.6 and more"):
        with pytest.raises(SchedulerError, match="names no job"):
            dialect().ids(answer, 1)


def test_greeting_of_the_site_hides_no_id() -> None:
    assert Slurm().ids("Welcome!\n123 nodes are free\n45;cluster\n", 2) == ("45_0", "45_1")
    assert Pbs().ids("Welcome!\n45[].server.site\n", 2) == ("45[0]", "45[1]")
    assert GridEngine().ids("45.1-2:1\n", 2) == ("45.1", "45.2")
    assert Lsf().ids("Welcome!\nJob <45> is submitted to queue <x>.\n", 1) == ("45",)
    assert HtCondor().ids("45.0 - 45.1\n", 2) == ("45.0", "45.1")


def test_scheduler_that_does_not_answer_loses_no_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = use_fake(tmp_path / "fake", monkeypatch)

    async def scene() -> None:
        batch = open_scheduler("htcondor", quiet_s=0.0)
        ids = await batch.submit(JobSpec(name="x", argv=("sleep", "60"), folder=tmp_path))
        (home / "down").touch()
        with pytest.raises(SchedulerError, match="cannot connect"):
            await batch.states(ids)
        (home / "down").unlink()
        assert phases(await batch.states(ids)) == {ids[0]: RUNNING}
        await batch.cancel(ids)

    asyncio.run(scene())


def test_job_that_the_scheduler_does_not_show_at_once_is_not_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_fake(tmp_path / "fake", monkeypatch)

    async def scene() -> None:
        batch = open_scheduler("htcondor", quiet_s=0.0)
        ids = await batch.submit(JobSpec(name="x", argv=("true",), folder=tmp_path))
        assert phases(await batch.states(ids)) == {ids[0]: PENDING}  # it is over, but might not have been there yet

    asyncio.run(scene())


def test_command_that_hangs_is_killed_with_all_that_it_has_started(tmp_path: Path) -> None:
    async def scene() -> None:
        with pytest.raises(SchedulerError, match=r"sh has not answered within 0\.2 s"):
            await call(["sh", "-c", f"sleep 60 & echo $! >{tmp_path}/pid; wait"], patience_s=0.2)

    asyncio.run(scene())
    state = Path(f"/proc/{int((tmp_path / 'pid').read_text())}/stat")
    wait_until(lambda: not state.exists() or state.read_text().split()[2] == "Z")


def test_missing_command_is_told() -> None:
    with pytest.raises(SchedulerError, match="no-such-sbatch: No such file"):
        asyncio.run(call(["no-such-sbatch"]))


def test_words_of_an_answer_are_one_line() -> None:
    assert Answer(1, "", "one\n\n two\x1b[31m\nthree").words == "one; two\\x1b[31m; three"
    assert Answer(7, "", "").words == "exit code 7"
    assert Answer(1, "", "sbatch: error: one\nsbatch: error: two").said_by("sbatch") == "sbatch: one; two"
    assert Answer(1, "", "not sbatch: three").said_by("sbatch") == "sbatch: not sbatch: three"


def test_job_around_the_controller_does_not_reach_the_jobs_that_it_queues(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SLURM_JOB_ID", "SLURM_MEM_PER_NODE", "PBS_JOBID", "CUDA_VISIBLE_DEVICES", "BOXWRIGHT_JOB"):
        monkeypatch.setenv(name, "1")
    for name in ("SLURM_CONF", "SLURM_JWT", "SBATCH_ACCOUNT", "PBS_DEFAULT"):
        monkeypatch.setenv(name, "2")
    kept = submission_environment()
    assert not {
        name for name, value in kept.items() if value == "1" and name.startswith(("SLURM", "PBS", "CUDA", "BOX"))
    }
    assert {name for name, value in kept.items() if value == "2"} >= {
        "SLURM_CONF",
        "SLURM_JWT",
        "SBATCH_ACCOUNT",
        "PBS_DEFAULT",
    }
    assert kept["PATH"] == os.environ["PATH"]


def test_file_systems_are_told_apart() -> None:
    assert file_system(Path("/proc")) == "proc"
    assert file_system(Path("/no/such/place/at/all"))  # that of the root
    assert is_shared("nfs4")
    assert is_shared("fuse.glusterfs")
    assert not is_shared("ext4")
    assert not is_shared("")
