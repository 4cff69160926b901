"""Mutated option, instance and feature files: each gives a value or one of our errors, and never takes long.

    python tests/fuzz/option_files.py --number 1000000 --seed 1

prints how many were taken, how many refused, and the longest time one took; anything else ends it with a traceback.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from boxwright.errors import UserError
from boxwright.scenario.instances import read_features, read_instances
from boxwright.scenario.smac2.options import OPTIONS
from boxwright.scenario.smac2.reading import read_smac2

SEEDS = {
    "scenario.txt": """# a scenario
algo = ./wrapper.sh "a b" \\"c
execdir = .
deterministic = false
run_obj = RUNTIME
overall_obj = MEAN10
cutoff_time = 5.0
wallclock-limit = 3600
runcount-limit = 40
pcs-file = params.pcs
instances = instances.txt
test-instances = instances.txt
feature-file = features.csv
initial-incumbent = -x '0.5' -c 'a b'
initial-challengers = RANDOM
seed = 1
output-dir = out
rungroup = r-%DATE
shared-model-mode = true
abort-on-crash = true
check-instances-exist = false
instance-suffix = .*cnf
""",
    "instances.txt": '3,"a b",x\n4,"a b",x\n5,c,"y ""z"""\n',
    "features.csv": 'instance,"f, 1",f2\n"a b",1e-3,-512\nc,2,3\n',
}
_PIECES = [
    *(name for option in OPTIONS for name in (option.name, *option.aliases)),
    *("=", " = ", "\n", "\r", "\t", '"', "'", "\\", '\\"', ",", "#", "{{", "{%", "[", "(", ")*", "\0", "\ufeff", "é"),
    *(
        "-1",
        "0",
        "1e999",
        "nan",
        "Infinity",
        "9" * 50,
        "1_0",
        "1e-320",
        "true",
        "false",
        "2147483648",
        "0x1p3",
        "..",
        "/",
    ),
    *("-x '1'", "-", "DEFAULT", "RANDOM", "%DATETIME", ".", "x" * 300, "~", "\ud7ff", "\u2028"),
]


def mutated(text: str, random_numbers: random.Random) -> bytes:
    """Return a text with one to four things changed."""
    data = text
    for _ in range(random_numbers.randint(1, 4)):
        at = random_numbers.randrange(len(data) + 1)
        end = min(len(data), at + random_numbers.choice((0, 1, 1, 3, 20)))
        match random_numbers.randrange(5):
            case 0:
                data = data[:at] + data[end:]
            case 1:
                data = data[:at] + random_numbers.choice(_PIECES) + data[at:]
            case 2:
                data = data[:at] + random_numbers.choice(_PIECES) + data[end:]
            case 3:
                lines = data.split("\n")
                lines.insert(random_numbers.randrange(len(lines) + 1), random_numbers.choice(lines))
                data = "\n".join(lines)
            case _:
                data = (
                    data[:at]
                    + chr(random_numbers.choice((random_numbers.randrange(256), 0x2028, 0x1F600)))
                    + data[end:]
                )
    raw = data.encode("utf-8", "surrogatepass")
    if random_numbers.random() < 0.02:
        at = random_numbers.randrange(len(raw) + 1)
        raw = raw[:at] + bytes([random_numbers.randrange(256)]) + raw[at:]
    return raw


def read_mutated(folder: Path, number: int, seed: int) -> tuple[Counter[str], float]:
    """Read so many mutated files; return how they ended, and the longest time that one took, in seconds."""
    for name, text in SEEDS.items():
        (folder / name).write_text(text)
    (folder / "params.pcs").write_text("x [0, 1] [0.5]\n")
    (folder / "wrapper.sh").touch()
    readers: Sequence[tuple[str, Callable[[Path], object]]] = (
        ("scenario.txt", read_smac2),
        ("instances.txt", lambda path: read_instances(path, path.name)),
        ("features.csv", lambda path: read_features(path, path.name)),
    )
    random_numbers = random.Random(seed)
    ends: Counter[str] = Counter()
    longest_s = 0.0
    for index in range(number):
        name, read = readers[0 if index % 2 else index % 3]
        path = folder / f"mutated-{name}"
        path.write_bytes(mutated(SEEDS[name], random_numbers))
        began = time.perf_counter()
        try:
            read(path)
            ends["taken"] += 1
        except UserError as error:
            ends["refused" if "\n" not in str(error) else "refused in several lines"] += 1
        longest_s = max(longest_s, time.perf_counter() - began)
        if (index + 1) % 100_000 == 0:
            sys.stderr.write(f"{index + 1} files: {dict(ends)}; the longest took {longest_s:.3f} s\n")
    return ends, longest_s


def main() -> None:
    """Read the words of the command line, and mutate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        ends, longest_s = read_mutated(Path(folder), words.number, words.seed)
    sys.stdout.write(f"{words.number} files: {dict(ends)}; the longest took {longest_s:.3f} s\n")


if __name__ == "__main__":
    main()
