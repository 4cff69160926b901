"""optuna-dashboard on the large study of ``page.py``, as boxwright exports it: time and size of its answers.

``STUDY=FOLDER python tests/benchmarks/page_peer.py [PROGRAM]``, after ``STUDY=FOLDER … page.py views``; the program
is ``optuna-dashboard`` of an environment of its own, from PATH if it is not named. ``ASK_S`` bounds each request;
``STORAGE`` is where the export is kept, or is there already.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
from timing import machine, spread

from boxwright.commands.export import export

ASK_S = float(os.environ.get("ASK_S", "300"))
ROUNDS = 3
VIEWS = {
    "page": "/dashboard/",
    "its script": "/static/bundle.js",
    "list of studies": "/api/studies",
    "the study, all trials": "/api/studies/1?after=0",
    "its importance": "/api/studies/1/param_importances",
}


def main() -> None:
    """Print time and size of each."""
    print(machine())
    study = Path(os.environ["STUDY"])
    program = sys.argv[1] if len(sys.argv) > 1 else "optuna-dashboard"
    with tempfile.TemporaryDirectory() as place:
        storage = Path(os.environ.get("STORAGE", Path(place, "optuna.db")))
        if not storage.exists():
            began = time.perf_counter()
            export(study, to="optuna", out=storage)
            print(f"exported in {time.perf_counter() - began:.0f} s", flush=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        words = [program, f"sqlite:///{storage}", "--port", str(port)]
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                wait_for(port)
                for name, path in VIEWS.items():
                    print(f"{name:24} {timed(f'http://127.0.0.1:{port}{path}')}", flush=True)
                print(f"memory of its server: {psutil.Process(process.pid).memory_info().rss / 2**20:.0f} MiB")
            finally:
                process.terminate()


def timed(address: str) -> str:
    """Return the first time, the median of those after it, and the size."""
    times = []
    size = 0
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        try:
            with urllib.request.urlopen(address, timeout=ASK_S) as answer:
                size = len(answer.read())
        except (OSError, urllib.error.URLError) as error:
            return f"after {time.perf_counter() - began:.0f} s: {error}"
        times.append(time.perf_counter() - began)
    return f"first {times[0]:.2f} s, then {spread(times[1:])} s, {size / 2**20:.2f} MiB"


def wait_for(port: int) -> None:
    """Wait until somebody listens."""
    until = time.monotonic() + ASK_S
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit("it does not listen")


if __name__ == "__main__":
    main()
