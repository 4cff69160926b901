"""CPU seconds per ask, and memory, against the number of runs that an optimizer has heard of."""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec
from quality import peers
from quality.landscape import landscape
from quality.peer import CpuTime, Task
from quality.problem import space_of
from quality.problems_synthetic import LAYERS
from quality.processes import quiet, single_threaded
from quality.tables import table
from quality.words import at_least_one

from boxwright.propose.sampling import monte_carlo

RUNS = (10, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
ASKS = 8
"""SMAC3 fits its model at every eighth ask: so many taken together tell what one costs."""

FLAT = """
x1 = { type = "float", lower = 0, upper = 1 }
x2 = { type = "float", lower = 0, upper = 1 }
x3 = { type = "float", lower = 1e-6, upper = 1, log = true }
i1 = { type = "int", lower = 1, upper = 1000, log = true }
i2 = { type = "int", lower = 0, upper = 12 }
c1 = { type = "categorical", choices = ["a", "b", "c"] }
"""
SPACES = {"flat": FLAT, "conditional": 'version = { type = "constant", value = 1 }\n' + LAYERS}
NAMES = (peers.OURS, "smac3-rf", "smac3-gp", "optuna-tpe", "optuna-gp")


class Measured(msgspec.Struct, frozen=True):
    """One row.

    Attributes:
        ask_s: CPU seconds of one ask, the mean of some in a row with a tell between them; the very first is left out.
        replay_s: CPU seconds that it took to tell all runs.
        memory_mib: Most resident memory of the process, the benchmark's own part included.
    """

    space: str
    peer: str
    runs: int
    ask_s: float
    replay_s: float
    memory_mib: float


def main(words: Sequence[str]) -> None:
    """Measure, and print one table for each space."""
    options = _options(words)
    single_threaded()
    names = peers.installed(options.peers, _say)
    rows = []
    for row in _measure_all(names, options.runs, options.limit_s):
        _say(f"{row.space} {row.peer} {row.runs} runs: {row.ask_s:.4f} s per ask, {row.memory_mib:.0f} MiB")
        rows.append(row)
    for space in SPACES:
        for what in ("ask_s", "replay_s", "memory_mib"):
            print("\n".join(_table(rows, space, what, names, options.runs)))
    if options.plot:
        plot(rows, names, options.plot)
    if options.csv:
        with options.csv.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(Measured.__struct_fields__)
            writer.writerows(msgspec.structs.astuple(row) for row in rows)


def _measure_all(names: Sequence[str], runs: Sequence[int], limit_s: float) -> Iterator[Measured]:
    for space in SPACES:
        for name in names:
            for count in runs:
                row = _in_process(space, name, count, limit_s)
                if row is None:
                    _say(f"{space} {name} {count} runs: not within {limit_s:g} s; more runs are not tried")
                    break
                yield row


def _in_process(space: str, name: str, count: int, limit_s: float) -> Measured | None:
    """Return one row, from a process of its own; None if it takes too long or breaks down."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(theirs, space, name, count))
    process.start()
    theirs.close()
    try:
        if not ours.poll(limit_s):
            return None
        row: Measured = ours.recv()
    except EOFError:
        return None
    else:
        return row
    finally:
        process.kill()
        process.join()


def _child(out: Connection, space: str, name: str, count: int) -> None:
    quiet()
    out.send(measure(space, name, count))


def measure(space_name: str, name: str, count: int) -> Measured:
    """Return one row: what asks cost after so many random runs."""
    space = space_of(SPACES[space_name])
    cost = landscape(space, seed=1, ripple=0.02)
    peer = peers.maker(name)(Task(space, seed=1, budget=count + 1 + ASKS, told_first=count))
    configs = list(islice(monte_carlo(space, count, 1), count))
    watch = CpuTime.start()
    for config in configs:
        peer.tell(config, cost(config))
    replay_s = watch.spent_s()
    ask_s = 0.0
    for number in range(1 + ASKS):
        watch = CpuTime.start()
        config = peer.ask()
        ask_s += watch.spent_s() if number else 0.0  # the first one imports what it needs
        peer.tell(config, cost(config))
    memory_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(space_name, name, count, ask_s / ASKS, replay_s, memory_mib)


def _table(
    rows: Sequence[Measured], space: str, what: str, names: Sequence[str], runs: Sequence[int]
) -> Iterator[str]:
    found = {(row.peer, row.runs): getattr(row, what) for row in rows if row.space == space}
    cells = [[name, *(f"{found[name, n]:.3g}" if (name, n) in found else "–" for n in runs)] for name in names]
    return table([f"{space}: {what}", *map(str, runs)], cells)


def plot(rows: Sequence[Measured], names: Sequence[str], file: Path) -> None:
    """Draw CPU seconds per ask against runs, one panel for each space."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "askcost"  # the same figures make the same file
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(1, len(SPACES), figsize=(9.0, 3.8), sharey=True, layout="constrained")
    for panel, space in zip(panels, SPACES, strict=True):
        for name in names:
            own = [(row.runs, row.ask_s) for row in rows if (row.space, row.peer) == (space, name)]
            if own:
                panel.plot(*zip(*own, strict=True), marker="o", markersize=3, label=name)
        panel.set(xscale="log", yscale="log", title=f"{space} space", xlabel="runs told")
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("CPU seconds per ask")
    panels[-1].legend(fontsize="small")
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)
    plt.close(figure)


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def _options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="quality askcost", description=__doc__)
    add = parser.add_argument
    add("--peers", nargs="+", default=list(NAMES), metavar="NAME", help=f"optimizers ({' '.join(NAMES)})")
    add("--runs", nargs="+", type=at_least_one, default=list(RUNS), metavar="N", help="numbers of runs")
    add("--limit-s", type=float, default=300.0, help="seconds after which one measurement is given up (300)")
    add("--plot", type=Path, metavar="FILE", help="draw them as well, as SVG or PNG")
    add("--csv", type=Path, metavar="FILE", help="write the rows as CSV too")
    return parser.parse_args(words)
