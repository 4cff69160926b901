"""What a run costs on pilots of a real Slurm, beside bare dask.distributed with dask-jobqueue; and a long study.

As root, with Debian's slurmctld, slurmd, slurm-client and munge: a Slurm of its own is brought up and down again.
Overhead is slot-seconds per run beyond what the run itself sleeps. ``MANY=0`` leaves out the long study, and
``COMPARE=0`` the rest.
"""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import psutil
from timing import machine

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cluster_support import SlurmCluster, cluster_folder

SLOTS = 4
SHORT, LONG = (200, 0.05), (40, 1.0)
MANY = int(os.environ.get("MANY", "20000"))
COMPARE = os.environ.get("COMPARE") != "0"
MANY_SLOTS = 8
SCRIPT = """#!/bin/sh
gpu=$SLURMD_NODENAME-$CUDA_VISIBLE_DEVICES
echo "$(date +%s%N) begin $gpu" >> {log}
sleep {sleep_s}
echo "$(date +%s%N) end $gpu" >> {log}
echo "Result of algorithm run: SUCCESS, 0, 0, 1, 0"
"""
SCENARIO = """
[command]
argv = ["{program}"]
[space]
x = {{ type = "float", lower = 0, upper = 1 }}
[parse]
{parse}
[design]
kind = "monte-carlo"
runs = {runs}
[slots]
backend = "slurm"
count = {slots}
per_job = {per_job}
gpus = {gpus}
"""
DASK = """
import json, subprocess, sys, time
from dask.distributed import Client, as_completed
from dask_jobqueue import SLURMCluster
def work(number, script):
    began = time.time()
    subprocess.run([script], check=True, stdout=subprocess.DEVNULL)
    return began, time.time()
if __name__ == "__main__":
    script, runs, slots, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    began = time.time()
    cluster = SLURMCluster(cores=1, processes=1, memory="100MB", queue="gpu", walltime="00:10:00",
                           job_extra_directives=["--gres=gpu:1"], local_directory=folder, log_directory=folder)
    cluster.scale(jobs=slots)
    with cluster, Client(cluster) as client:
        ends = client.gather(client.map(work, range(runs), script=script, pure=False))
    print(json.dumps({"first_s": min(ends)[0] - began, "s": max(e for _, e in ends) - min(b for b, _ in ends)}))
"""


def main() -> None:
    """Print the figures."""
    print(machine())
    with cluster_folder("slurm") as folder, tempfile.TemporaryDirectory() as name:
        os.environ.update(SlurmCluster(folder).environment)
        home = Path(name)
        for runs, sleep_s in (SHORT, LONG) if COMPARE else ():
            compare(home / f"{runs}x{sleep_s}", runs, sleep_s)
        if MANY:
            many(home / "many")


def compare(home: Path, runs: int, sleep_s: float) -> None:
    """Print what so many runs take on both."""
    home.mkdir()
    found = {"pilots": on_pilots(home, runs, sleep_s), "dask + jobqueue": on_dask(home, runs, sleep_s)}
    overheads = {}
    for engine, (first_s, whole_s, most) in found.items():
        overheads[engine] = (SLOTS * whole_s - runs * sleep_s) / runs
        text = (
            f"{runs} × {sleep_s:g} s on {SLOTS} GPU slots, {engine}: {whole_s:.2f} s, first run after {first_s:.1f} s"
        )
        print(f"{text}, overhead {overheads[engine]:.3f} s per run; {most}")
    print(f"overhead, pilots / dask: {overheads['pilots'] / overheads['dask + jobqueue']:.2f}")


def on_pilots(home: Path, runs: int, sleep_s: float) -> tuple[float, float, str]:
    """Return seconds to the first run, seconds from there to the last end, and how GPUs were shared."""
    log = home / "pilots.log"
    study = home / "study"
    began = time.time()
    run_study(home, study, script(home / "pilot.sh", log, sleep_s), runs, slots=SLOTS, per_job=2, gpus=1)
    with closing(sqlite3.connect(study / "study.db")) as database:
        first, last = database.execute("SELECT min(started), max(ended) FROM runs").fetchone()
    return first - began, last - first, sharing(log)


def on_dask(home: Path, runs: int, sleep_s: float) -> tuple[float, float, str]:
    """Return the same for dask.distributed, one job with one GPU for each slot."""
    import json

    log = home / "dask.log"
    program = home / "dask_runs.py"
    program.write_text(DASK)
    words = [
        sys.executable,
        str(program),
        str(script(home / "dask.sh", log, sleep_s)),
        str(runs),
        str(SLOTS),
        str(home),
    ]
    done = subprocess.run(words, check=True, capture_output=True, text=True, timeout=300)
    found = json.loads(done.stdout.splitlines()[-1])
    return found["first_s"], found["s"], sharing(log)


def script(path: Path, log: Path, sleep_s: float) -> Path:
    """Write the black box."""
    path.write_text(SCRIPT.format(log=log, sleep_s=sleep_s))
    path.chmod(0o755)
    return path


def sharing(log: Path) -> str:
    """Return in words how many runs had one GPU at once."""
    now: Counter[str] = Counter()
    most: Counter[str] = Counter()
    for line in sorted(log.read_text().splitlines()):
        _, what, gpu = line.split()
        now[gpu] += 1 if what == "begin" else -1
        most[gpu] = max(most[gpu], now[gpu])
    return f"{len(most)} GPUs, at most {max(most.values())} run on one"


def run_study(home: Path, study: Path, program: Path, runs: int, *, slots: int, per_job: int, gpus: int) -> None:
    """Carry a study out, and say how the controller's memory went."""
    parse = "" if runs <= SHORT[0] else 'regex = { quality = "([0-9])" }'
    scenario = home / "scenario.toml"
    text = SCENARIO.format(program=program, runs=runs, slots=slots, per_job=per_job, gpus=gpus, parse=parse)
    scenario.write_text(text)
    words = [sys.executable, "-m", "boxwright", "run", str(scenario), "--study", str(study)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        watched = psutil.Process(process.pid)
        memory: list[tuple[int, int]] = []
        while process.poll() is None:
            time.sleep(1.0)
            try:
                with closing(sqlite3.connect(f"file:{study}/study.db?mode=ro", uri=True)) as database:
                    done = database.execute("SELECT count(*) FROM runs WHERE status != 'RUNNING'").fetchone()[0]
                memory.append((done, watched.memory_info().rss))
            except (sqlite3.Error, psutil.Error):
                continue
    if runs > SHORT[0]:
        for share in (0.1, 0.5, 1.0):
            done, rss = min(memory, key=lambda entry: abs(entry[0] - share * runs))
            print(f"controller after {done} runs: {rss / 1e6:.0f} MB")


def many(home: Path) -> None:
    """Print memory and calls of the scheduler for a long study."""
    home.mkdir()
    began = time.monotonic()
    program = home / "true.sh"
    program.write_text("#!/bin/sh\necho 1\n")
    program.chmod(0o755)
    study = home / "study"
    run_study(home, study, program, MANY, slots=MANY_SLOTS, per_job=2, gpus=1)
    whole_s = time.monotonic() - began
    with closing(sqlite3.connect(study / "study.db")) as database:
        counts = dict(database.execute("SELECT status, count(*) FROM runs GROUP BY status").fetchall())
    calls = re.findall(r"calls of the scheduler: (.*)", (study / "study.log").read_text())
    print(f"{MANY} runs that do nothing on {MANY_SLOTS} slots: {whole_s:.0f} s, {counts}; calls: {calls}")


if __name__ == "__main__":
    main()
