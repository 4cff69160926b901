"""How soon `boxwright --help` answers, beside `python -c "import click"`."""

from __future__ import annotations

import subprocess
import sys

from timing import in_turn, machine, ratios, spread, wall_s

ROUNDS = 15


def main() -> None:
    """Print both times and their ratio."""
    quiet = {"stdout": subprocess.DEVNULL}
    found = in_turn(
        ROUNDS,
        {
            "boxwright --help": lambda: wall_s([sys.executable, "-m", "boxwright", "--help"], **quiet),
            "import click": lambda: wall_s([sys.executable, "-c", "import click"], **quiet),
            "pass": lambda: wall_s([sys.executable, "-c", "pass"], **quiet),
        },
    )
    print(machine())
    for name, times in found.items():
        print(f"{name:20} {spread([1000 * t for t in times])} ms")
    ratio = ratios(found["boxwright --help"], found["import click"])
    print(f"boxwright --help / import click: {ratio}  (target: at most 5)")


if __name__ == "__main__":
    main()
