"""What an optimizer seed costs: forked from a nursery, and as a program of its own that imports everything itself.

A late joiner is told 500 runs and asked once: seconds from its start to its answer. Memory: the sum over seeds that
have answered once, the nursery included, as the kernel divides shared pages (PSS). Takes about 60 s of CPU.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
import psutil
from timing import machine, spread

from boxwright.propose.nursery_process import Nursery
from boxwright.propose.protocol import Ask, Init, Settings, Tell, encode
from boxwright.scenario.parameters import SpaceTable
from boxwright.space import load_space, space_to_json
from boxwright.terms import Status, Value

TOLD = 500
SEEDS = {"gp": (1, 8), "rf": (1, 8, 64)}
ALONE = 3
SPACE = """
x = { type = "float", lower = -5, upper = 10 }
y = { type = "float", lower = 0, upper = 15 }
n = { type = "int", lower = 1, upper = 512, log = true }
kind = { type = "categorical", choices = ["a", "b", "c"] }
"""
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def conversation(model: str, told: int = TOLD) -> bytes:
    """Return all that a late joiner hears."""
    space = load_space(msgspec.toml.decode(SPACE, type=SpaceTable), place="space", folder=Path())
    text = msgspec.Raw(msgspec.json.format(space_to_json(space).encode(), indent=-1))
    settings = msgspec.convert({"model": model, "random_share": 0.0}, Settings)
    init = Init(optimizer_seed=1, random_seed=1, space=text, settings=settings)
    lines = [encode(init)]
    for number in range(told):
        x, y = (number * 0.618 % 1) * 15 - 5, (number * 0.4142 % 1) * 15
        config: dict[str, Value] = {"x": x, "y": y, "n": 1 + number, "kind": "abc"[number % 3]}
        lines.append(encode(Tell(trial=number, config=config, status=Status.SUCCESS, cost=x * x + y)))
    return b"".join([*lines, encode(Ask(id=1))])


async def forked(folder: Path, model: str, costs: dict[str, list[float]]) -> None:
    """Measure seeds of a nursery that is there already, as it is for a late joiner."""
    text, loop = conversation(model), asyncio.get_running_loop()
    nursery = Nursery(folder / "nursery.log", forest=model == "rf")
    for seeds in SEEDS[model]:
        children, lines = [], []
        for number in range(seeds + 1):
            began = time.perf_counter()
            child, line = await nursery.fork(folder / "seed.log")
            line.setblocking(False)
            await loop.sock_sendall(line, text)
            heard = b""
            while heard.count(b"\n") < 2:
                heard += await loop.sock_recv(line, 1 << 16)
            assert child.pid is not None
            if number:  # the first one waits for the nursery's imports
                note(costs, f"{model} forked", time.perf_counter() - began, child.pid)
            children.append(child)
            lines.append(line)
        pids = [nursery.pid, *(child.pid for child in children[1:])]
        costs.setdefault(f"{model} forked, MB of {seeds}", []).append(memory_mb(pids))
        for child, line in zip(children, lines, strict=True):
            line.close()
            await child.end
    await nursery.close()


def alone(model: str, costs: dict[str, list[float]]) -> None:
    """Measure seeds that import everything themselves."""
    text, argv = conversation(model), [sys.executable, "-P", "-m", "boxwright.propose.seed"]
    pids = []
    with ExitStack() as kept:
        for _ in range(ALONE):
            began = time.perf_counter()
            seed = kept.enter_context(
                subprocess.Popen(
                    argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | ONE_THREAD, bufsize=0
                )
            )
            assert seed.stdin is not None
            assert seed.stdout is not None
            seed.stdin.write(text)
            heard = b""
            while heard.count(b"\n") < 2:
                heard += seed.stdout.read(1 << 16)
            kept.callback(seed.kill)
            note(costs, f"{model} alone", time.perf_counter() - began, seed.pid)
            pids.append(seed.pid)
        costs.setdefault(f"{model} alone, MB of {ALONE}", []).append(memory_mb(pids))


def note(costs: dict[str, list[float]], name: str, wall_s: float, pid: int) -> None:
    """Keep what an answer cost."""
    times = psutil.Process(pid).cpu_times()
    costs.setdefault(f"{name}, wall s", []).append(wall_s)
    costs.setdefault(f"{name}, CPU s", []).append(times.user + times.system)


def memory_mb(pids: Sequence[int | None]) -> float:
    """Return the sum of the processes' proportional shares."""
    return sum(psutil.Process(pid).memory_full_info().pss for pid in pids) / 2**20


def main() -> None:
    """Print the figures."""
    costs: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        for model in ("gp", "rf"):
            asyncio.run(forked(Path(name), model, costs))
            alone(model, costs)
    print(machine())
    for figure, values in costs.items():
        print(f"{figure:24} {spread(values)}")


if __name__ == "__main__":
    main()
