"""How soon a seed is useful that joins a study of 300 runs: from asking for it to its first proposal.

The nursery is there, as it is in any study that goes on. Wall seconds say what a study waits for, and swing with what
else the machine does; CPU seconds say what it costs. Takes about 15 s.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import psutil
from seeds import conversation
from timing import machine, spread

from boxwright.propose.nursery_process import Nursery

RUNS = 300
ROUNDS = 7


async def join(folder: Path, model: str) -> tuple[list[float], list[float]]:
    """Return wall and CPU seconds of so many seeds that join one after the other."""
    text, loop = conversation(model, RUNS), asyncio.get_running_loop()
    nursery = Nursery(folder / "nursery.log", forest=model == "rf")
    wall_s, cpu_s = [], []
    for number in range(ROUNDS + 1):
        began = time.perf_counter()
        child, line = await nursery.fork(folder / "seed.log")
        with line:
            line.setblocking(False)
            await loop.sock_sendall(line, text)
            heard = b""
            while heard.count(b"\n") < 2:
                heard += await loop.sock_recv(line, 1 << 16)
            took_s = time.perf_counter() - began
            assert child.pid is not None
            times = psutil.Process(child.pid).cpu_times()
        if number:  # the first one waits for the nursery's imports
            wall_s.append(took_s)
            cpu_s.append(times.user + times.system)
        await child.end
    await nursery.close()
    return wall_s, cpu_s


def main() -> None:
    """Print the figures."""
    print(machine())
    with tempfile.TemporaryDirectory() as name:
        for model in ("gp", "rf", "parzen"):
            wall_s, cpu_s = asyncio.run(join(Path(name), model))
            print(f"{model:7} start to first proposal {spread(wall_s)} s (target: at most 1), CPU {spread(cpu_s)} s")


if __name__ == "__main__":
    main()
