"""Runs per second with folder, rendered file, log and durable record, on 2 slots.

Beside `parallel --joblog --results` and `xargs -P2`; the black box of all three is `/bin/echo`. boxwright's rate is
given twice: for the whole command, start-up included, and between the first start and the last end of a run.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from timing import in_turn, machine, ratios, spread, wall_s

RUNS = 1000
ROUNDS = 5
LINE = "Result of algorithm run: SUCCESS, 0, 0, 1, 0"
SCENARIO = f"""
[command]
argv = ["/bin/echo", "{LINE}"]

[space]
x = {{ type = "float", lower = 0, upper = 1 }}

[inputs]
templates = [{{ source = "input.txt.j2", target = "input.txt" }}]

[design]
kind = "monte-carlo"
runs = {RUNS}

[slots]
count = 2
"""


def main() -> None:
    """Print the rates and their ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "scenario.toml").write_text(SCENARIO)
        (folder / "input.txt.j2").write_text("x = {{ x }}\n")
        (folder / "lines").write_text("".join(f"{number}\n" for number in range(RUNS)))
        steady: list[float] = []
        measures = {
            "boxwright": lambda: boxwright(folder, steady),
            "xargs -P2": lambda: (
                RUNS / wall_s(["xargs", "-a", f"{folder}/lines", "-n1", "-P2", "/bin/echo", LINE], **QUIET)
            ),
        }
        if shutil.which("parallel"):
            measures["parallel"] = lambda: parallel(folder)
        found = in_turn(ROUNDS, measures)
    found["boxwright, steady"] = steady
    print(machine())
    for tool, rates in found.items():
        print(f"{tool:20} {spread(rates)} runs/s")
    for ours in ("boxwright", "boxwright, steady"):
        if "parallel" in found:
            print(f"{ours} / parallel: {ratios(found[ours], found['parallel'])}  (target: at least 3)")
        print(f"{ours} / xargs -P2: {ratios(found[ours], found['xargs -P2'])}  (target: at least 0.5)")
    if "parallel" not in found:
        print("GNU parallel is not installed: apt-get install parallel")


QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def boxwright(folder: Path, steady: list[float]) -> float:
    """Return runs per second of a whole study, and note the rate between first start and last end."""
    study = folder / "study"
    shutil.rmtree(study, ignore_errors=True)
    took_s = wall_s([sys.executable, "-m", "boxwright", "run", str(folder), "--study", str(study)], **QUIET)
    with closing(sqlite3.connect(study / "study.db")) as db:
        runs, first, last = db.execute(
            "SELECT count(*), min(started), max(ended) FROM runs WHERE status = 'SUCCESS'"
        ).fetchone()
    assert runs == RUNS
    steady.append(RUNS / (last - first))
    return RUNS / took_s


def parallel(folder: Path) -> float:
    """Return runs per second of GNU parallel with a job log and one folder per run."""
    shutil.rmtree(folder / "results", ignore_errors=True)
    argv = [
        "parallel",
        "-j2",
        "--joblog",
        f"{folder}/joblog",
        "--results",
        f"{folder}/results",
        "-a",
        f"{folder}/lines",
    ]
    return RUNS / wall_s([*argv, "/bin/echo", f"'{LINE}'"], **QUIET)


if __name__ == "__main__":
    main()
