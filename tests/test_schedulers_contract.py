"""What every scheduler does alike: real ones, and programs that stand in for those that cannot be installed here."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Collection
from pathlib import Path

import msgspec
import pytest

from boxwright.errors import SchedulerError
from boxwright.schedulers.base import JobSpec, JobState, Phase
from boxwright.schedulers.batch import BatchScheduler
from boxwright.schedulers.script import TEMPLATES

PATIENCE_S = 60.0

pytestmark = pytest.mark.checkout  # once is enough: nothing here depends on where the package lies


def make_spec(folder: Path, command: str, **settings: object) -> JobSpec:
    plain = JobSpec(name="bw-test-1a2b3c", argv=("sh", "-c", command), folder=folder / "it's a folder")
    return msgspec.structs.replace(plain, **settings)


async def until(
    batch: BatchScheduler, ids: Collection[str], holds: Callable[[dict[str, JobState]], bool]
) -> dict[str, JobState]:
    """Ask until it holds of the states."""
    end = time.monotonic() + PATIENCE_S
    while not holds(states := await batch.states(ids)):
        assert time.monotonic() < end, states
        await asyncio.sleep(0.1)
    return states


def all_in(phase: Phase) -> Callable[[dict[str, JobState]], bool]:
    return lambda states: all(state.phase is phase for state in states.values())


def count_for(batch: BatchScheduler) -> int:
    """Return how many jobs are queued at once: Slurm's qstat cannot tell the parts of an array apart."""
    return 1 if batch.name == "torque" else 3


def nameless(batch: BatchScheduler, folder: Path) -> Path:
    """Return a job script of one's own that does not say what the job is called."""
    template = max(TEMPLATES.glob(f"{batch.name}.*"))
    text = re.sub(r".*(--job-name=|-N |-J |batch_name = )\{\{ name \}\}\n", "", template.read_text())
    assert text != template.read_text()
    own = folder / "own.j2"
    own.write_text(text)
    return own


def test_jobs_know_their_id_and_index_and_are_gone_when_they_are_over(batch: BatchScheduler, tmp_path: Path) -> None:
    async def scene() -> None:
        count = count_for(batch)
        spec = make_spec(tmp_path, 'echo "$BOXWRIGHT_JOB $(pwd)" >"job $BOXWRIGHT_JOB_INDEX.txt"')
        ids = await batch.submit(spec, count)
        assert len(set(ids)) == count
        await until(batch, ids, all_in(Phase.GONE))
        for index, job in enumerate(ids):
            assert (spec.folder / f"job {index}.txt").read_text() == f"{job} {spec.folder}\n"
        assert batch.calls["submit"] == 1

    asyncio.run(scene())


def test_cancelled_jobs_are_gone_and_nothing_of_them_runs(batch: BatchScheduler, tmp_path: Path) -> None:
    async def scene() -> None:
        spec = make_spec(
            tmp_path, "trap 'rm pid-$BOXWRIGHT_JOB_INDEX' EXIT; echo >pid-$BOXWRIGHT_JOB_INDEX; sleep 99 & wait"
        )
        spec = msgspec.structs.replace(spec, argv=("bash", *spec.argv[1:]), job_script=nameless(batch, tmp_path))
        ids = await batch.submit(spec, count_for(batch))
        states = await until(batch, ids, all_in(Phase.RUNNING))
        assert {state.name for state in states.values()} == {spec.name}  # its script does not say so
        end = time.monotonic() + PATIENCE_S
        while len(list(spec.folder.glob("pid-*"))) < len(ids) and time.monotonic() < end:
            await asyncio.sleep(0.05)
        await batch.cancel(ids)
        await until(batch, ids, all_in(Phase.GONE))
        assert batch.calls["cancel"] == 1
        while (left := list(spec.folder.glob("pid-*"))) and batch.name != "torque" and time.monotonic() < end:
            await asyncio.sleep(0.05)
        assert not left or batch.name == "torque"  # whose stand-in kills and does not ask
        await batch.cancel(ids)  # a second time does nothing

    asyncio.run(scene())


def test_many_asks_are_answered_by_one_call(batch: BatchScheduler, tmp_path: Path) -> None:
    async def scene() -> None:
        calm = BatchScheduler(batch._dialect, quiet_s=60.0)
        ids = [*await calm.submit(make_spec(tmp_path, "true")), *await calm.submit(make_spec(tmp_path, "true"))]
        await asyncio.gather(*(calm.states(ids[:1]) for _ in range(20)), *(calm.states(ids) for _ in range(20)))
        assert calm.calls["states"] == 1

    asyncio.run(scene())


def test_refusal_is_told_in_the_words_of_the_scheduler(batch: BatchScheduler, tmp_path: Path) -> None:
    wrong = {"account": "nope"} if batch.name == "htcondor" else {"queue": "nope"}
    with pytest.raises(SchedulerError) as refused:
        asyncio.run(batch.submit(make_spec(tmp_path, "true", **wrong)))
    words = str(refused.value)
    assert words.startswith(("sbatch: ", "qsub: ", "bsub: ", "condor_submit: "))
    assert "\n" not in words
    assert any(word in words for word in ("nope", "invalid partition", "Unknown queue"))


def test_job_that_nobody_knows_is_gone(batch: BatchScheduler) -> None:
    async def scene() -> None:
        states = await batch.states(["987654"])
        assert states["987654"].phase is Phase.GONE
        await batch.cancel(["987654"])

    asyncio.run(scene())
