"""A test double of SMAC v2: no model, but its wire format to the letter (2.10.03): calls, results, kills, files.

``smac2_double.py --algo LINE --seed N --runs N --cutoff S --outdir DIR --kill-above X`` proposes random values of one
parameter ``x``, and kills the evaluations of those above X as SMAC v2 does, once DIR holds a file of that name.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import re
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

RESULT = re.compile(
    r"^\s*(?:Result\s*of\s*(?:this)?\s*[Aa]lgorithm\s*[rR]un\s*:"
    r"|(?:Final)?\s*[Rr]esult\s+(?:[Ff]or|[oO]f)\s+(?:HAL|ParamILS|SMAC|[tT]his [wW]rapper):)(.*)$"
)
STATUSES = {"SAT": "SAT", "SATISFIABLE": "SAT", "SUCCESS": "SAT", "UNSAT": "UNSAT", "UNSATISFIABLE": "UNSAT"} | {
    name: name for name in ("TIMEOUT", "CRASHED", "ABORT")
}
KILL_POLLS_S = 3.0


def words_of(line: str) -> list[str]:
    """Cut at spaces only; double quotes group."""
    return [found.replace('"', "") for found in re.findall(r'(?:[^ "]|"[^"]*")+', line)]


def java_double(value: float) -> str:
    """Return a double as Java writes it, from 1e-3 to 1e7 without an exponent."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(float(value))
    mantissa, exponent = f"{value:.16e}".split("e")
    return f"{float(mantissa)!r}E{int(exponent)}"


def result_of(text: str, cutoff_s: float) -> tuple[str, float, float, float, str]:
    """Return status, runtime, runlength, quality and additional data, by the rules of AEATK."""
    bodies = [found[1] for line in text.splitlines() if (found := RESULT.match(line))]
    if len(bodies) > 1:
        raise SystemExit("ABORT: duplicate lines matched")
    crashed = ("CRASHED", cutoff_s, 0.0, 0.0, "")
    if not bodies:
        return crashed
    fields = [field.strip() for field in bodies[0].split(",")]
    try:
        status = STATUSES[fields[0].upper()]
        runtime, runlength, quality = (float(field) for field in fields[1:4])
        int(fields[4])
    except (IndexError, KeyError, ValueError):
        return crashed
    if not runtime >= 0 or not (runlength >= 0 or runlength == -1) or math.isnan(quality):
        return crashed
    return status, runtime, runlength, quality, fields[5] if len(fields) == 6 else ""


def kill(process: subprocess.Popen[str]) -> None:
    """SIGTERM to the group, a look now and then for three seconds, SIGKILL."""
    os.killpg(process.pid, signal.SIGTERM)
    end = time.monotonic() + KILL_POLLS_S
    while process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


class Double:
    """One process of it."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.random = random.Random(options.seed)
        self.outdir = Path(options.outdir)
        self.outdir.mkdir(parents=True, exist_ok=True)
        self.live = (self.outdir / f"live-rundata-{options.seed}.json").open("a", encoding="utf-8")
        self.live.write(json.dumps([{"@pi-id": 2, "pi-name": "no_instance"}], indent=1))

    def run(self) -> int:
        for number in range(1, self.options.runs + 1):
            x = self.random.random()
            result = self.evaluate(x)
            self.write(x, result)
            if result[0] == "ABORT":
                return 255
            print(number, x, *result, flush=True)
        return 0

    def evaluate(self, x: float) -> tuple[str, float, float, float, str]:
        options = self.options
        words = ["no_instance", "0", java_double(options.cutoff), "2147483647", "-1", "-x", java_double(x)]
        environment = os.environ | {"AEATK_CONCURRENT_TASK_ID": "0", "AEATK_EXECUTION_UUID": str(uuid.uuid4())}
        process = subprocess.Popen(
            [*words_of(options.algo), *words],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,
        )
        if x > options.kill_above:
            while process.poll() is None and not (self.outdir / repr(x)).exists():
                time.sleep(0.02)
            if process.poll() is None:
                with (self.outdir / "kills.txt").open("a") as kills:
                    kills.write(f"{x!r} {time.time()!r}\n")
                kill(process)
                process.communicate()
                return "KILLED", 0.0, 0.0, 0.0, ""
        out, _ = process.communicate()
        return result_of(out, options.cutoff)

    def write(self, x: float, result: tuple[str, float, float, float, str]) -> None:
        """Add a run to the file that other processes of the same scenario read."""
        status, runtime, runlength, quality, additional = result
        run = {
            "r-rc": {"@rc-id": 0, "rc-cutoff": self.options.cutoff, "rc-pc": {"pc-settings": {"x": java_double(x)}}},
            "r-run-result": status,
            "r-runtime": runtime,
            "r-run-length": runlength,
            "r-quality": quality,
            "r-result-seed": -1,
            "r-addl-run-data": additional,
        }
        self.live.write(json.dumps(run, indent=1))
        self.live.flush()

    def shared(self) -> int:
        """Return how many runs of others there are to be read, whatever has been cut off at the end of a file."""
        found = 0
        for path in self.outdir.glob("live-rundata-*.json"):
            if path.name == f"live-rundata-{self.options.seed}.json":
                continue
            text, at, decoder = path.read_text("utf-8"), 0, json.JSONDecoder()
            while at < len(text):
                try:
                    value, at = decoder.raw_decode(text, at)
                except ValueError:
                    break
                found += isinstance(value, dict)
        return found


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--algo", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--cutoff", type=float, default=1.7976931348623157e308)
    parser.add_argument("--outdir", required=True)
    parser.add_argument("--kill-above", type=float, default=2.0)
    double = Double(parser.parse_args())
    code = double.run()
    print("shared runs read:", double.shared(), flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
