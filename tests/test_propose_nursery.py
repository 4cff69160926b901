"""The process that optimizer seeds are forked from: what dies is replaced, and nothing is lost or left."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Literal

import psutil
import pytest

from boxwright.propose.base import Told
from boxwright.propose.nursery_process import Cause, End, Nursery
from boxwright.propose.protocol import Ask, encode
from boxwright.propose.shared import SharedModel
from boxwright.propose.warm import Warm
from boxwright.scenario.optimizer import Optimizer
from boxwright.terms import Status, Trial, config_key
from propose_support import PLANE, Bench, bench, make_space, plane_cost
from support import PATIENCE_S

KILLS = 8

SCENARIO = """
[study]
objective = { metric = "quality" }

[command]
argv = ["/bin/sh", "-c", "sleep 0.1; printf 'quality\\\\t{{ x }}\\\\n'"]

[parse]
tab = true

[space]
x = { type = "float", lower = 0, upper = 1 }

[optimizer]
runs = 60
seeds = 3
initial = 6

[slots]
count = 3
"""


REFUSING = """
import errno, os

fork, left = os.fork, [2]

def refuse_twice():
    if left[0]:
        left[0] -= 1
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    return fork()

os.fork = refuse_twice
"""  # a limit on processes does not bind root, which the tests may be run by


async def forked(made: Bench) -> tuple[int, ...]:
    """Return the pids of the seeds once all are there."""
    async with asyncio.timeout(PATIENCE_S):
        while None in made.model.pids:
            await asyncio.sleep(0.01)
    return tuple(pid for pid in made.model.pids if pid is not None)


def _nurseries_and_seeds(folder: Path) -> list[psutil.Process]:
    """Return the nurseries and seeds of the study that was begun in this folder.

    Seeds whose nursery has been killed are nobody's children: they are told by where they run.
    """
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if "boxwright.propose.nursery" in process.cmdline() and process.cwd() == str(folder):
                found.append(process)
    return found


def test_seeds_are_forked_from_one_process_with_one_thread(tmp_path: Path) -> None:
    async def study() -> None:
        async with bench(tmp_path, make_space(PLANE), Optimizer(runs=400), seeds=3) as made:
            nursery = psutil.Process(made.model._nursery.pid)
            assert {psutil.Process(pid).ppid() for pid in await forked(made)} == {nursery.pid}
            assert nursery.num_threads() == 1
            assert nursery.cmdline()[-1] == "forest"
            mapped = "".join(file.path for file in nursery.memory_maps())
            assert "sklearn" in mapped  # 400 runs will want the forest
            assert "pandas" not in mapped  # which it would import, and with it pyarrow and a thread

    asyncio.run(study())


def test_nursery_imports_the_forest_if_runs_of_elsewhere_and_of_the_study_together_will_want_it(
    tmp_path: Path,
) -> None:
    told = [Told(Trial(-n, {"x": float(n % 15 - 5), "y": n / 30}), Status.SUCCESS, 1.0) for n in range(1, 296)]

    def words(space: str, model: Literal["auto", "gp", "rf"], runs: int, warm: int = 0) -> list[str]:
        settings = Optimizer(runs=runs, model=model)
        return SharedModel(make_space(space), settings, 1, tmp_path, print, warm=Warm(told[:warm]))._nursery._words

    assert words(PLANE, "auto", 300) == words(PLANE, "auto", 5, warm=295) == words(PLANE, "gp", 900) == []
    assert words(PLANE, "auto", 301) == words(PLANE, "auto", 6, warm=295) == words(PLANE, "rf", 5) == ["forest"]
    many = "\n".join(f"x{i} = {{ type = 'float', lower = 0, upper = 1 }}" for i in range(600))
    assert words(many, "auto", 180) == []
    assert words(many, "auto", 200) == ["forest"]


def test_nursery_imports_the_forest_for_later_seeds_when_a_study_at_work_comes_to_want_it(tmp_path: Path) -> None:
    async def study() -> None:
        async with bench(tmp_path, make_space(PLANE), Optimizer(runs=20), seeds=2) as made:
            nursery = psutil.Process(made.model._nursery.pid)
            first, _ = await forked(made)
            assert "sklearn" not in "".join(file.path for file in nursery.memory_maps())
            made.model.extend(300)
            made.model.extend(301)
            os.kill(first, signal.SIGKILL)
            async with asyncio.timeout(PATIENCE_S):
                while made.model.pids[0] in (first, None):
                    await asyncio.sleep(0.01)
            assert made.model._nursery.pid == nursery.pid
            assert nursery.num_threads() == 1
            assert "sklearn" in "".join(file.path for file in nursery.memory_maps())

    asyncio.run(study())


def test_killed_nursery_is_replaced_when_a_seed_is_wanted_and_seeds_live_on_without_it(tmp_path: Path) -> None:
    async def study() -> Bench:
        settings = Optimizer(runs=30, initial=4)
        async with bench(tmp_path, make_space(PLANE), settings, seeds=2) as made:
            before = await forked(made)
            killed = made.model._nursery.pid
            assert killed is not None
            os.kill(killed, signal.SIGKILL)
            await made.run(8, slots=2, cost_of=plane_cost)
            assert made.model.pids == before
            os.kill(before[0], signal.SIGKILL)
            while made.model.pids[0] in (before[0], None):
                await asyncio.sleep(0.01)
            assert made.model._nursery.pid != killed
            assert made.model.pids[1] == before[1]
            await made.run(14, slots=2, cost_of=plane_cost)
            return made

    made = asyncio.run(study())
    assert len({config_key(trial.config) for trial in made.trials}) == len(made.trials) == 14
    assert [line for line in made.lines if "is started again" in line] == [
        "seed 1: the optimizer process ended (what it was forked from ended: killed by SIGKILL, "
        f"see {tmp_path}/logs/nursery.log); it is started again"
    ]


def test_nursery_killed_while_it_imports_costs_nothing_but_time(tmp_path: Path) -> None:
    async def study() -> Bench:
        async with bench(tmp_path, make_space(PLANE), Optimizer(runs=9, initial=2), seeds=2) as made:
            killed = made.model._nursery.pid
            assert killed is not None
            assert made.model.pids == (None, None)
            os.kill(killed, signal.SIGKILL)
            await made.run(6, slots=2, cost_of=plane_cost)
            return made

    assert len({config_key(trial.config) for trial in asyncio.run(study()).trials}) == 6


def test_seed_that_the_system_refuses_to_fork_is_tried_again_and_the_nursery_lives_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text(REFUSING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"), prepend=":")

    async def study() -> Bench:
        async with bench(tmp_path, make_space(PLANE), Optimizer(runs=9, initial=2), seeds=1) as made:
            nursery = made.model._nursery.pid
            await made.run(4, slots=1, cost_of=plane_cost)
            assert made.model._nursery.pid == nursery
            return made

    made = asyncio.run(study())
    assert [line for line in made.lines if "is started again" in line] == [
        "seed 1: the optimizer process ended (it could not be forked: Resource temporarily unavailable); "
        "it is started again"
    ] * 2
    assert len(made.trials) == 4


def test_seed_that_has_outlived_its_nursery_and_does_not_listen_is_ended_with_the_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boxwright.propose.seed_process.CLOSE_GRACE_S", 0.1)

    async def study() -> None:
        async with bench(tmp_path, make_space(PLANE), Optimizer(runs=9, initial=1), seeds=1) as made:
            (seed,) = await forked(made)
            assert made.model._nursery.pid is not None
            os.kill(made.model._nursery.pid, signal.SIGKILL)
            os.kill(seed, signal.SIGSTOP)
            while made.model._nursery._life is not None and not made.model._nursery._life.is_over:
                await asyncio.sleep(0.01)
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await made.model.close()
            finally:
                with suppress(ProcessLookupError):
                    os.kill(seed, signal.SIGKILL)

    asyncio.run(study())


def test_each_seed_writes_to_a_log_of_its_own(tmp_path: Path) -> None:
    async def main() -> None:
        nursery = Nursery(tmp_path / "nursery.log", forest=False)
        for number in (1, 2):
            child, line = await nursery.fork(tmp_path / f"{number}.log")
            with line:
                line.sendall(encode(Ask(id=1)))
                assert await child.end == End("exit code 1", Cause.FAULT)
        await nursery.close()

    asyncio.run(main())
    assert (tmp_path / "nursery.log").read_text() == ""
    assert [(tmp_path / f"{number}.log").read_text().count("Traceback") for number in (1, 2)] == [1, 1]


@pytest.mark.slow
def test_no_run_is_lost_or_doubled_when_seeds_and_their_nursery_are_killed_again_and_again(tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text(SCENARIO)
    study = tmp_path / "study"
    words = [sys.executable, "-m", "boxwright", "run", str(tmp_path), "--study", str(study)]
    rng, killed = random.Random(1), 0
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as controller:
        while controller.poll() is None:
            victims = _nurseries_and_seeds(tmp_path)
            if len(victims) > 1 and killed < KILLS:  # a nursery alone is still importing
                rng.choice(victims).kill()
                killed += 1
            with suppress(subprocess.TimeoutExpired):
                controller.wait(rng.uniform(0.2, 0.6))
        assert controller.returncode == 0, controller.stderr and controller.stderr.read()
    assert killed == KILLS
    _, left = psutil.wait_procs(_nurseries_and_seeds(tmp_path), timeout=PATIENCE_S)
    assert left == []
    listed = subprocess.run([*words[:3], "results", str(study), "--json"], capture_output=True, check=True)
    runs = json.loads(listed.stdout)
    assert len(runs) == 60
    assert len({run["config"]["x"] for run in runs}) == 60
    assert {run["status"] for run in runs} == {"SUCCESS"}
