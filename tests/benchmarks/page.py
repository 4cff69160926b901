"""The live page at 100,000 runs: time and size of each view, memory while events stream, what watching costs.

``python tests/benchmarks/page.py [views] [streaming] [watching]``; all three if none is named. Read from the
environment: ``RUNS`` in the large study; ``STUDY``, a folder where it is kept, or is there already; ``STREAM_S``,
seconds of streaming; ``WINDOW_S``, seconds of each stretch of watching; ``ROUNDS``.
"""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from playwright.sync_api import Browser

RUNS = int(os.environ.get("RUNS", "100000"))
STREAM_S = float(os.environ.get("STREAM_S", "600"))
WINDOW_S = float(os.environ.get("WINDOW_S", "15"))
ROUNDS = int(os.environ.get("ROUNDS", "5"))
_CHOICES = ("relu", "elu", "tanh")
_SCENARIO = f"""
[command]
argv = ["/bin/sh", "-c", "sleep 0.2; printf 'quality\\t0.5\\naccuracy\\t0.5\\n'"]
[space]
act = {{ type = "categorical", choices = {list(_CHOICES)} }}
layers = {{ type = "int", lower = 1, upper = 9 }}
{"".join(f"x{number} = {{ type = 'float', lower = 0, upper = 1 }}{chr(10)}" for number in range(8))}
[parse]
tab = true
[design]
kind = "monte-carlo"
runs = {RUNS + 100_000}
"""
BLACK_BOXES = {
    "nothing to do, at full speed": """["/bin/echo", "Result of algorithm run: SUCCESS, 0, 0, 0.5, 0"]""",
    "a fifth of a second of computing": """["/bin/sh", "-c", '''awk "BEGIN { for (i = 0; i < 4000000; i++) s += i }"
echo "Result of algorithm run: SUCCESS, 0, 0, 0.5, 0"''']""",
}
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
                assert answer.status in (200, 202), (name, answer.text[:300])
                while answer.status == 202:  # being worked out: asked for again, as the page does
                    time.sleep(1)
                    answer = server.ask(f"/s/{study.name}/{path}")
            print(f"{name:28} {times[0]:6.0f} ms {spread(times[1:]):>21} ms {len(answer.body) / 1024:6.0f} KB")


def streaming(study: Path) -> None:
    """Print the server's memory minute by minute, while real runs end, five watch and one asks for the page."""
    words = [sys.executable, "-m", "boxwright", "resume", str(study), "--slots", "2"]
    with Store(study) as store:
        before = sum(store.counts().values())
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as controller:
        try:
            while ended(study) < before + 10:
                assert controller.poll() is None, f"boxwright resume {study} says why"
                time.sleep(1)
            with served(study) as server:
                server.ask(f"/s/{study.name}/")
                process = psutil.Process(server.process.pid)
                with elsewhere(server, study, watchers=5) as lines:
                    began = time.monotonic()
                    passed = 0.0
                    while True:
                        rss = process.memory_info().rss / 2**20
                        print(
                            f"after {passed:4.0f} s: {rss:.1f} MiB, {ended(study) - before:,} runs more", flush=True
                        )
                        if passed >= STREAM_S:
                            break
                        time.sleep(min(60, STREAM_S - passed))
                        passed = time.monotonic() - began
                print(f"lines of events that one of 5 watchers was sent: {lines[0]}")
        finally:
            controller.terminate()


def ended(study: Path) -> int:
    """Return how many runs there are."""
    with Store(study) as store:
        return sum(store.counts().values())


@contextmanager
def elsewhere(server: Server, study: Path, *, watchers: int = 1) -> Iterator[list[int]]:
    """Ask what browsers on other machines would, as often as they do at most; yield how many lines of events came."""
    over = threading.Event()
    lines = [0]
    follow = ["curl", "-sN", "-b", server.cookie, f"{server.base}/s/{study.name}/follow"]
    streams = [subprocess.Popen(follow, stdout=subprocess.PIPE) for _ in range(watchers)]

    def count(stream: subprocess.Popen[bytes]) -> None:
        for _ in stream.stdout or ():
            lines[0] += stream is streams[0]

    def look() -> None:
        turn = 0
        while not over.wait(2):
            turn += 1
            server.ask(f"/s/{study.name}/")
            if turn % 3 == 0:
                server.ask(f"/s/{study.name}/figure.json?kind=best")

    threads = [threading.Thread(target=look), *(threading.Thread(target=count, args=(each,)) for each in streams)]
    for thread in threads:
        thread.start()
    try:
        yield lines
    finally:
        over.set()
        for stream in streams:
            stream.kill()
            stream.wait()
        for thread in threads:
            thread.join()


def watching() -> None:
    """Print runs per second of studies with a browser on their page, with one elsewhere, and with none."""
    for name, argv in BLACK_BOXES.items():
        print(f"{name}:", flush=True)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place, chromium() as browser:
            path = Path(place, "scenario.toml")
            path.write_text(
                f'[command]\nargv = {argv}\n[space]\nx = {{ type = "float", lower = 0, upper = 1 }}\n'
                'y = { type = "float", lower = 0, upper = 1 }\n[design]\nkind = "monte-carlo"\nruns = 1000000\n'
            )
            study = Path(place, "study")
            words = [sys.executable, "-m", "boxwright", "run", str(path), "--study", str(study), "--slots", "2"]
            with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as controller:
                try:
                    found = watched_in_turn(study, browser)
                finally:
                    controller.terminate()
        for way, stretches in found.items():
            rates, page_s, server_s = (list(values) for values in zip(*stretches, strict=True))
            print(f"  {way:10} {spread(rates)} runs/s; cores: browser {spread(page_s)}, server {spread(server_s)}")
            print(f"  {way:10} of alone: {ratios(rates, [each[0] for each in found['alone']])}", flush=True)


def watched_in_turn(study: Path, browser: Browser) -> dict[str, list[tuple[float, float, float]]]:
    """Return for each way to watch, stretch by stretch, runs per second, and cores that browser and server used."""
    while not (study / "runs").exists():
        time.sleep(0.1)
    with served(study) as server:
        context = browser.new_context()
        context.set_default_timeout(120_000)
        name, _, value = server.cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": server.base}])
        serving = psutil.Process(server.process.pid)

        def stretch(way: str) -> tuple[float, float, float]:
            with contextlib.ExitStack() as stack:
                if way == "browser":
                    page = context.new_page()
                    stack.callback(page.close)
                    page.goto(f"{server.base}/s/{study.name}/")
                    page.locator("#chart-lanes .main-svg").first.wait_for()
                    time.sleep(WINDOW_S)  # a person opens it once; what follows is watching
                elif way == "elsewhere":
                    stack.enter_context(elsewhere(server, study))
                    time.sleep(2)
                chromiums = chromium_processes()
                began, runs = time.monotonic(), ended(study)
                used = [cpu_s(chromiums), cpu_s([serving])]
                time.sleep(WINDOW_S)
                passed = time.monotonic() - began
                return (
                    (ended(study) - runs) / passed,
                    (cpu_s(chromiums) - used[0]) / passed,
                    (cpu_s([serving]) - used[1]) / passed,
                )

        return in_turn(ROUNDS, {way: partial(stretch, way) for way in ("alone", "browser", "elsewhere")})


def chromium_processes() -> list[psutil.Process]:
    """Return the browser's processes; the runs come and go beside them."""
    found = []
    for each in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            found += [each] if "chrom" in each.name() else []
    return found


def cpu_s(processes: list[psutil.Process]) -> float:
    """Return the seconds of computing that processes have used so far."""
    found = 0.0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            found += times.user + times.system
    return found


@contextmanager
def served(study: Path) -> Iterator[Server]:
    """Serve a study, with a session."""
    with Server(study) as server:
        server.patience_s = 600  # to read all runs for the first time on a busy machine
        server.sign_in()
        yield server


def main() -> None:
    """Do what is named."""
    wanted = sys.argv[1:] or ["views", "streaming", "watching"]
    print(machine())
    with tempfile.TemporaryDirectory() as place:
        study = Path(os.environ.get("STUDY", Path(place, "study")))
        if set(wanted) & {"views", "streaming"} and not (study / "study.db").exists():
            began = time.perf_counter()
            make_study(study)
            print(f"{RUNS:,} runs made in {time.perf_counter() - began:.0f} s")
        for name in wanted:
            print(f"\n== {name}")
            {"views": lambda: views(study), "streaming": lambda: streaming(study), "watching": watching}[name]()


if __name__ == "__main__":
    main()
