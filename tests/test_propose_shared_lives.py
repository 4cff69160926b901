"""The lives of optimizer processes: killed, taken up again, given up."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxwright.errors import StudyError
from boxwright.propose.base import Told
from boxwright.propose.deaths import MAX_FAULTS
from boxwright.scenario.optimizer import Optimizer
from boxwright.terms import Status, Trial, config_key
from propose_support import COUNTS, PLANE, Bench, bench, make_space, plane_cost
from support import PATIENCE_S


@pytest.fixture(autouse=True)
def smac_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    yield
    assert list(temporary.iterdir()) == []


def test_shared_model_starts_a_killed_seed_again_and_tells_it_everything(tmp_path: Path) -> None:
    async def study() -> Bench:
        settings = Optimizer(runs=30, initial=4, random_share=0.0, ahead=False)  # a random answer would be too quick
        async with bench(tmp_path, make_space(PLANE), settings, seeds=2) as made:
            await made.run(8, slots=2, cost_of=plane_cost)
            open_trial = await made.begin()
            killed = made.model.pids[0]
            assert killed is not None
            os.kill(killed, signal.SIGSTOP)  # an answer would come too quickly to be cut off
            asks = [asyncio.create_task(made.begin()) for _ in range(2)]
            await asyncio.sleep(0.05)
            os.kill(killed, signal.SIGKILL)
            while made.model.pids[0] in (killed, None):
                await asyncio.sleep(0.01)
            made.end(open_trial, plane_cost(open_trial.config))  # while the new process is starting
            await asyncio.gather(*asks)
            assert made.model.pids[0] not in (killed, None)
            return made

    made = asyncio.run(study())
    assert "seed 1: the optimizer process ended (killed by SIGKILL); it is started again" in made.lines
    assert len({config_key(trial.config) for trial in made.trials}) == 11
    after = made.lines[
        made.lines.index("seed 1: the optimizer process ended (killed by SIGKILL); it is started again") :
    ]
    counts = [COUNTS.fullmatch(line) for line in after]
    assert [int(m[2]) + int(m[3]) for m in counts if m and m[1] == "1"] == [9]


def test_shared_model_takes_up_a_study_where_it_was_left(tmp_path: Path) -> None:
    space = make_space(PLANE)
    settings = Optimizer(runs=20, initial=6)

    async def first() -> list[Trial]:
        async with bench(tmp_path, space, settings, seeds=2) as made:
            return [await made.begin() for _ in range(5)]

    async def second(left: list[Trial]) -> Bench:
        finished = [Told(trial, Status.SUCCESS, plane_cost(trial.config)) for trial in left[:3]]
        finished.append(Told(left[3], Status.CRASHED, None))
        async with bench(tmp_path, space, settings, 2, finished, running=left[4:]) as made:
            for _ in range(3):
                await made.begin()
            return made

    left = asyncio.run(first())
    made = asyncio.run(second(left))
    assert [trial.origin for trial in made.trials[:1]] == ["initial design 6"]
    assert not {config_key(t.config) for t in left} & {config_key(t.config) for t in made.trials}
    assert made.trials[0].optimizer_seed == 2  # the first one has a run in flight
    assert sorted(made.counts) == [(1, 2, 2), (2, 2, 2)]


def test_shared_model_goes_on_with_the_model_when_a_finished_study_is_extended(tmp_path: Path) -> None:
    space = make_space(PLANE)
    left = [Trial(n, {"x": n / 2, "y": float(n)}, optimizer_seed=1) for n in range(1, 11)]

    async def extended() -> Bench:
        finished = [Told(trial, Status.SUCCESS, plane_cost(trial.config)) for trial in left]
        async with bench(tmp_path, space, Optimizer(runs=40), 1, finished) as made:
            await made.begin()
            return made

    made = asyncio.run(extended())
    assert not made.trials[0].origin.startswith("initial")
    assert made.counts == [(1, 10, 0)]


def test_shared_model_serves_an_answer_whose_asker_has_gone_to_the_next_one(tmp_path: Path) -> None:
    space = make_space("a = { type = 'int', lower = 1, upper = 3 }")

    async def study() -> list[Trial]:
        async with bench(tmp_path, space, Optimizer(runs=9, initial=1), seeds=1) as made:
            await made.begin()
            ask = asyncio.create_task(made.model.next())
            await asyncio.sleep(0.05)
            ask.cancel()
            await asyncio.gather(ask, return_exceptions=True)
            return [*made.trials, await made.begin(), await made.begin()][-3:]

    assert {trial.config["a"] for trial in asyncio.run(study())} == {1, 2, 3}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise ImportError('no scipy')", r"optimizer seed \d: ImportError: no scipy \(see .*seed-\d\.log\)"),
        (
            "import os; os._exit(3)",
            r"optimizer seed \d ended 5 times in a row, the last time with: "
            r"what it was forked from ended: exit code 3, see .*nursery\.log \(see ",
        ),
    ],
)
def test_shared_model_gives_up_on_a_seed_that_cannot_live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, message: str
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "scipy.py").write_text(body)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "broken"), prepend=os.pathsep)
    monkeypatch.setattr("boxwright.propose.deaths.PAUSE_S", 0.01)

    async def study() -> None:
        async with bench(tmp_path, make_space(PLANE), Optimizer(runs=9, initial=1), seeds=1) as made:
            await made.begin()
            with pytest.raises(StudyError, match=message):
                await made.begin()
            with pytest.raises(StudyError, match=message):
                await made.begin()
            async with asyncio.timeout(PATIENCE_S):  # and whoever was about to ask when it failed
                assert await made.model._prepare() is None
                with pytest.raises(StudyError, match=message):
                    await made.model._fresh()

    asyncio.run(study())


@pytest.mark.parametrize("whom", ["seed", "nursery"])
def test_shared_model_outlives_as_many_kills_as_a_seed_may_not_die_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whom: str
) -> None:
    monkeypatch.setattr("boxwright.propose.deaths.PAUSE_S", 0.001)

    async def study() -> Bench:
        async with bench(tmp_path, make_space(PLANE), Optimizer(runs=9, initial=1), seeds=1) as made:
            await made.begin()
            ask = asyncio.create_task(made.begin())
            killed: int | None = None
            for _ in range(MAX_FAULTS):
                while (pid := made.model.pids[0] if whom == "seed" else made.model._nursery.pid) in (killed, None):
                    await asyncio.sleep(0.001)
                assert pid is not None
                os.kill(pid, signal.SIGKILL)
                killed = pid
            await ask
            return made

    made = asyncio.run(study())
    assert len({config_key(trial.config) for trial in made.trials}) == 2
    assert len([line for line in made.lines if "is started again" in line]) == MAX_FAULTS


def test_shared_model_says_so_when_it_cannot_write_its_logs(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file")

    async def study() -> None:
        async with bench(tmp_path, make_space(PLANE), Optimizer(runs=9), seeds=1):
            pass

    with pytest.raises(StudyError, match="logs: no folder for the logs of the optimizers: File exists"):
        asyncio.run(study())
