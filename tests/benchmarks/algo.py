"""What one `boxwright algo` call costs: its start beside `python -c pass`, all of it beside the black box alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from timing import in_turn, machine, ratios, spread, wall_s

ROUNDS = 15
BOXWRIGHT = os.environ.get("BOXWRIGHT") or Path(sys.executable).with_name("boxwright")
BOX = '#!/bin/sh\necho "Result of algorithm run: SUCCESS, 0, 0, 1, 0"\n'
SCENARIO = """
[command]
argv = ["./box.sh"]
flags = "smac2"
[space]
x = { type = "int", lower = 1, upper = 1000000 }
[optimizer]
command = ["sleep", "3600"]
runs = 1000000
[slots]
count = 1
"""


def main() -> None:
    """Print times and ratios."""
    folder = Path(tempfile.mkdtemp(prefix="boxwright-algo-"))
    box = folder / "box.sh"
    box.write_text(BOX)
    box.chmod(0o755)
    (folder / "scenario.toml").write_text(SCENARIO)
    study = folder / "study"
    words = [sys.executable, "-m", "boxwright", "run", str(folder), "--study", str(study)]
    quiet = {"stdout": subprocess.DEVNULL}
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as controller:
        while not (study / "control.sock").exists():
            time.sleep(0.05)
        count = 0

        def call() -> float:
            nonlocal count
            count += 1
            line = ["no_instance", "0", "5.0", "2147483647", "-1", "-x", str(count)]
            return wall_s([str(BOXWRIGHT), "algo", "--study", str(study), *line], **quiet)

        call()  # its folder and its slot are there now
        found = in_turn(
            ROUNDS,
            {
                "boxwright algo, answered": call,
                "the black box by itself": lambda: wall_s([str(box)], **quiet),
                "boxwright algo, start": lambda: wall_s([str(BOXWRIGHT), "algo", "--help"], **quiet),
                "python -c pass": lambda: wall_s([sys.executable, "-c", "pass"], **quiet),
            },
        )
        controller.terminate()
    shutil.rmtree(folder)
    print(machine())
    for name, times in found.items():
        print(f"{name:26} {spread([1000 * t for t in times])} ms")
    start = ratios(found["boxwright algo, start"], found["python -c pass"])
    print(f"start / python -c pass: {start}  (target: at most 3)")
    print(f"whole call / black box: {ratios(found['boxwright algo, answered'], found['the black box by itself'])}")


if __name__ == "__main__":
    main()
