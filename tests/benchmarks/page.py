"""The live page at 100,000 runs: time and size of each view, memory while events stream, what watching costs.

``python tests/benchmarks/page.py [views] [memory] [watching]``; all three if none is named. ``RUNS`` and ``MINUTES``
are read from the environment, and ``STUDY``: a folder where the large study is kept, or is there already.
"""

from __future__ import annotations

import contextlib
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import psutil
from timing import in_turn, machine, ratios, spread

from boxwright.execute.messages import Ended, Exit
from boxwright.scenario import load_scenario
from boxwright.space import space_to_json
from boxwright.store.creating import create_study
from boxwright.store.database import Store
from boxwright.study.setup import prepare
from boxwright.terms import Outcome, Slot, Status, Trial
from page_support import Server, chromium

RUNS = int(os.environ.get("RUNS", "100000"))
MINUTES = float(os.environ.get("MINUTES", "10"))
ROUNDS = 5
_CHOICES = ("relu", "elu", "tanh")
_SCENARIO = f"""
[command]
argv = ["/bin/true"]
[space]
act = {{ type = "categorical", choices = {list(_CHOICES)} }}
layers = {{ type = "int", lower = 1, upper = 9 }}
{"".join(f"x{number} = {{ type = 'float', lower = 0, upper = 1 }}{chr(10)}" for number in range(8))}
[parse]
tab = true
[optimizer]
runs = {RUNS + 100_000}
seeds = 4
"""
VIEWS = {
    "overview": "",
    "runs": "runs",
    "runs by a parameter": "runs?sort=config.x3",
    "… its middle page": "runs?sort=config.x3&page=1000",
    "… its last page, 500 rows": f"runs?sort=config.x3&size=500&page={RUNS // 500}",
    "runs filtered and searched": "runs?fc=config.x3&fs=<&fv=0.1&q=relu&sort=quality",
    "a run": "runs/777",
    "charts": "charts?kind=metric",
    "events": "events",
    "best so far": "figure.json?kind=best",
    "metric by parameter": "figure.json?kind=metric",
    "two parameters": "figure.json?kind=two",
    "parallel coordinates": "figure.json?kind=parallel",
    "importance": "figure.json?kind=importance",
    "seeds compared": "figure.json?kind=seeds",
    "time per run": "figure.json?kind=time",
    "slots over time": "figure.json?kind=lanes",
}


def make_study(folder: Path) -> None:
    """Make a study through the store's own functions; its runs have no folders."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "scenario.toml")
        path.write_text(_SCENARIO)
        setup = prepare(load_scenario(path))
    meta = {"stages": str(setup.stages[-1]), "target": str(setup.total)}
    text = space_to_json(setup.space)
    with create_study(folder, scenario_text=setup.text, space_text=text, meta=meta, copies={}) as store:
        for number in range(RUNS):
            add_run(store, number)


def add_run(store: Store, number: int) -> None:
    """Record one trial with one run that is over."""
    draw = random.Random(number)
    config: dict[str, float | int | str] = {f"x{place}": draw.random() for place in range(8)}
    config |= {"act": draw.choice(_CHOICES), "layers": draw.randint(1, 9)}
    trial, _ = store.add_trial(Trial(0, config, None, number, None, 1 + number % 4, "model"))
    began = 1.7e9 + number
    run, _ = store.start_run(trial.number, Slot(number % 8), began)
    quality = sum((float(config[f"x{place}"]) - 0.5) ** 2 for place in range(8))
    failed = draw.random() < 0.05
    outcome = (
        Outcome(Status.CRASHED, reason="exit code 1")
        if failed
        else Outcome(Status.SUCCESS, quality, {"quality": quality, "accuracy": 1 - quality})
    )
    ended = Exit(run=run, ended_by=Ended.EXITED, started=began, ended=began + 7, wall_s=7.0, cpu_s=6.5)
    store.finish_run(run, outcome, cost=None if failed else quality, exit_=ended, settles=True)


def views(study: Path) -> None:
    """Print time and size of each view: the first time, and the median of five."""
    with served(study) as server:
        began = time.perf_counter()
        server.ask(f"/s/{study.name}/")
        print(f"first view, all {RUNS:,} runs read: {time.perf_counter() - began:.1f} s")
        print(f"{'view':28} {'first':>9} {'then':>24} {'size':>9}")
        for name, path in VIEWS.items():
            times = []
            for _ in range(ROUNDS + 1):
                began = time.perf_counter()
                answer = server.ask(f"/s/{study.name}/{path}")
                times.append(1000 * (time.perf_counter() - began))
                assert answer.status == 200, (name, answer.text[:300])
            print(f"{name:28} {times[0]:6.0f} ms {spread(times[1:]):>21} ms {len(answer.body) / 1024:6.0f} KB")


def memory(study: Path) -> None:
    """Print the server's memory while runs end ten times a second and somebody watches."""
    with served(study) as server:
        server.ask(f"/s/{study.name}/")
        process = psutil.Process(server.process.pid)
        over = threading.Event()

        def write() -> None:
            with Store(study, write=True) as store:
                number = sum(store.counts().values())
                while not over.wait(0.1):
                    number += 1
                    add_run(store, number)

        def watch() -> None:
            while not over.wait(2):
                server.ask(f"/s/{study.name}/")

        threads = [threading.Thread(target=work) for work in (write, watch)]
        streams = [
            subprocess.Popen(
                ["curl", "-sN", "-b", server.cookie, f"{server.base}/s/{study.name}/follow"], stdout=subprocess.PIPE
            )
            for _ in range(5)
        ]
        for thread in threads:
            thread.start()
        events = [0]
        threading.Thread(
            target=lambda: events.__setitem__(0, sum(1 for _ in streams[0].stdout or ())), daemon=True
        ).start()
        for minute in range(int(MINUTES) + 1):
            print(f"after {minute:2} min: {process.memory_info().rss / 2**20:.0f} MiB", flush=True)
            time.sleep(60 if minute < int(MINUTES) else 0)
        over.set()
        for thread in threads:
            thread.join()
        for stream in streams:
            stream.kill()
        time.sleep(0.5)
        print(f"lines of events that one of 5 watchers was sent: {events[0]}")


def watching() -> None:
    """Print runs per second of a study with a browser on its page, and without."""
    with tempfile.TemporaryDirectory() as place, chromium() as browser:
        path = Path(place, "scenario.toml")
        path.write_text(
            '[command]\nargv = ["/bin/echo", "Result of algorithm run: SUCCESS, 0, 0, 1, 0"]\n[space]\n'
            'x = { type = "float", lower = 0, upper = 1 }\n[design]\nkind = "monte-carlo"\nruns = 1000\n'
        )
        count = iter(range(100))

        def run(*, watched: bool) -> float:
            study = Path(place, f"study-{next(count)}")
            words = [sys.executable, "-m", "boxwright", "run", str(path), "--study", str(study), "--slots", "2"]
            with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
                while not (study / "runs").exists():
                    time.sleep(0.01)
                with contextlib.ExitStack() as stack:
                    if watched:
                        server = stack.enter_context(Server(study))
                        page = stack.enter_context(browser.new_context()).new_page()
                        page.goto(server.link)
                    process.wait()
            with Store(study) as store:
                runs = list(store.runs())
            # From the middle on: by then the page is there, if anybody watches.
            half = runs[len(runs) // 2 :]
            return len(half) / (
                max(record.ended or 0 for record in half) - min(record.started or 0 for record in half)
            )

        found = in_turn(ROUNDS, {"alone": lambda: run(watched=False), "watched": lambda: run(watched=True)})
        for name, rates in found.items():
            print(f"{name:10} {spread(rates)} runs/s")
        print(f"watched / alone: {ratios(found['watched'], found['alone'])}  (target: at least 0.95)")
        print(f"medians: {statistics.median(found['watched']) / statistics.median(found['alone']):.3f}")


@contextmanager
def served(study: Path) -> Iterator[Server]:
    """Serve a study, with a session."""
    with Server(study) as server:
        server.sign_in()
        yield server


def main() -> None:
    """Do what is named."""
    wanted = sys.argv[1:] or ["views", "memory", "watching"]
    print(machine())
    with tempfile.TemporaryDirectory() as place:
        study = Path(os.environ.get("STUDY", Path(place, "study")))
        if set(wanted) & {"views", "memory"} and not (study / "study.db").exists():
            began = time.perf_counter()
            make_study(study)
            print(f"{RUNS:,} runs made in {time.perf_counter() - began:.0f} s")
        for name in wanted:
            print(f"\n== {name}")
            {"views": lambda: views(study), "memory": lambda: memory(study), "watching": watching}[name]()


if __name__ == "__main__":
    main()
