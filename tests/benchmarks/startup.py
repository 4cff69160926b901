"""How soon boxwright answers, beside `python -c "import click"` and `python -c "import ConfigSpace"`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from itertools import count
from pathlib import Path

from timing import in_turn, machine, ratios, spread, wall_s

ROUNDS = 15
SCENARIO = """
[command]
argv = ["/bin/echo", "Result of algorithm run: SUCCESS, 0, 0, 0.5, 0"]
[space]
x = { type = "float", lower = 0, upper = 1 }
[design]
kind = "monte-carlo"
runs = 1
"""


def main() -> None:
    """Print the times and their ratios."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    ours = [sys.executable, "-m", "boxwright"]
    with tempfile.TemporaryDirectory() as place:
        scenario = Path(place, "scenario.toml")
        scenario.write_text(SCENARIO)
        studies = (str(Path(place, f"study-{number}")) for number in count())
        found = in_turn(
            ROUNDS,
            {
                "boxwright --help": lambda: wall_s([*ours, "--help"], **quiet),
                "boxwright check": lambda: wall_s([*ours, "check", str(scenario)], **quiet),
                "boxwright run, of one run": lambda: wall_s(
                    [*ours, "run", str(scenario), "--study", next(studies)], **quiet
                ),
                "import click": lambda: wall_s([sys.executable, "-c", "import click"], **quiet),
                "import ConfigSpace": lambda: wall_s([sys.executable, "-c", "import ConfigSpace"], **quiet),
                "pass": lambda: wall_s([sys.executable, "-c", "pass"], **quiet),
            },
        )
    print(machine())
    for name, times in found.items():
        print(f"{name:26} {spread([1000 * t for t in times])} ms")
    print(
        f"boxwright --help / import click: {ratios(found['boxwright --help'], found['import click'])}"
        "  (target: at most 5)"
    )
    for name in ("boxwright check", "boxwright run, of one run"):
        print(f"{name} / import ConfigSpace: {ratios(found[name], found['import ConfigSpace'])}")


if __name__ == "__main__":
    main()
