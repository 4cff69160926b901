"""How much of the time slots are running something while optimizer seeds propose: 4 slots, 200 runs of 2 s.

Busy share = sum of the runs' wall times / (slots × (last end − first start)). The black box sleeps, so the seeds
have the cores for themselves: what is missing to 100 % is the way from the end of one run to the start of the next.
The share is given for proposals made ahead and for freed slots that wait for a fresh one.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from itertools import pairwise
from pathlib import Path

from timing import in_turn, machine, spread

SLOTS = 4
RUNS = 200
ROUNDS = 3
SCENARIO = f"""
[command]
argv = ["./box.sh"]
flags = "--name value"

[space]
x = {{ type = "float", lower = -5, upper = 10 }}
y = {{ type = "float", lower = 0, upper = 15 }}
n = {{ type = "int", lower = 1, upper = 512, log = true }}
kind = {{ type = "categorical", choices = ["a", "b", "c"] }}

[optimizer]
runs = {RUNS}

[slots]
count = {SLOTS}
"""
BOX = """#!/bin/sh
sleep 2
awk -v x="$2" -v y="$4" -v n="$6" 'BEGIN {
    quality = (x - 2) ^ 2 + (y - 7) ^ 2 + (log(n) - 3) ^ 2
    printf "Result of algorithm run: SUCCESS, 0, 0, %.9g, 0\\n", quality
}'
"""


def main() -> None:
    """Print the shares."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "scenario.toml").write_text(SCENARIO)
        (folder / "box.sh").write_text(BOX)
        (folder / "box.sh").chmod(0o755)
        gaps: dict[str, list[float]] = {"ahead": [], "fresh": []}
        measures = {
            "ahead": lambda: busy_share(folder, "auto", gaps["ahead"]),
            "fresh": lambda: busy_share(folder, "false", gaps["fresh"]),
        }
        found = in_turn(ROUNDS, measures)
    print(machine())
    for words, shares in found.items():
        print(f"{words:6} busy {spread([100 * share for share in shares])} %  (target: at least 98)")
        print(f"{'':6} from the end of a run to the start of the next {spread([1000 * s for s in gaps[words]])} ms")


def busy_share(folder: Path, ahead: str, gaps: list[float]) -> float:
    """Return the share of the time that the slots of a whole study were busy, and note the gaps between runs."""
    study = folder / "study"
    shutil.rmtree(study, ignore_errors=True)
    words = [sys.executable, "-m", "boxwright", "run", str(folder), "--study", str(study)]
    subprocess.run(
        [*words, "--set", f"optimizer.ahead={ahead}"],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with closing(sqlite3.connect(study / "study.db")) as db:
        rows: list[tuple[int, float, float, float]] = db.execute(
            "SELECT slot, started, ended, wall_s FROM runs WHERE status = 'SUCCESS'"
        ).fetchall()
    assert len(rows) == RUNS
    rows.sort()
    gaps += [after[1] - before[2] for before, after in pairwise(rows) if before[0] == after[0]]
    took_s = max(row[2] for row in rows) - min(row[1] for row in rows)
    return sum(row[3] for row in rows) / (SLOTS * took_s)


if __name__ == "__main__":
    main()
