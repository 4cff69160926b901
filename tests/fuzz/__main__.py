"""A million mutated inputs: each gives a value or one of our errors, never another exception, and never takes long.

    python tests/fuzz --number 1000000 --seed 1

Prints how many of each kind were taken and refused, and the CPU time of the slowest. ``--from 500000`` goes on where
another call has ended: the number of an input and the seed say what it is. ``--kind pcs-line`` takes one kind alone.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz.kinds import all_kinds
from fuzz.watching import fuzz

_MEMORY = "/dev/shm"  # a disk takes milliseconds for each small file that is written anew


def main() -> int:
    """Read the words of the command line, and mutate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=1_000_000)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", action="append", default=[])
    words = parser.parse_args()
    began = shown = time.monotonic()

    def heard(index: int) -> None:
        nonlocal shown
        if time.monotonic() - shown > 10:
            shown = time.monotonic()
            sys.stderr.write(f"{index - words.first} of {words.number} in {shown - began:.0f} s\n")

    parent = _MEMORY if Path(_MEMORY).is_dir() else None
    with tempfile.TemporaryDirectory(prefix="boxwright-fuzz-", dir=parent) as folder:
        os.chdir(folder)
        with all_kinds(Path(folder)) as kinds:
            chosen = [kind for kind in kinds if not words.kind or kind.name in words.kind]
            if not chosen:
                parser.error(f"known kinds: {', '.join(kind.name for kind in kinds)}")
            tally = fuzz(chosen, first=words.first, number=words.number, seed=words.seed, heard=heard)
        os.chdir("/")
    for line in tally.lines():
        print(line)
    total, took_s = tally.ends.total(), time.monotonic() - began
    cpu_s = time.process_time()
    print(f"{total} inputs from {words.first} on, seed {words.seed}: {took_s:.0f} s, {cpu_s:.0f} s of CPU")
    for finding in tally.findings:
        print(f"\nFOUND {finding}")
    return 1 if tally.findings else 0


if __name__ == "__main__":
    sys.exit(main())
