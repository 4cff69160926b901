"""How good and how dear the proposals are, beside other optimizers: see README.md in this folder."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quality.problem import Listed

# A folder that is run is itself on the path, where its package has no name.
sys.path[0] = str(Path(__file__).resolve().parent.parent)


def main() -> None:
    """Do what was asked for, and end with 2 if it cannot be."""
    from quality.words import MistakeError

    try:
        _main()
    except MistakeError as mistake:
        _say(f"quality: {mistake}")
        sys.exit(2)


def _main() -> None:
    """Carry out what the records do not hold yet, and print the tables."""
    from quality import askcost, paired

    for errand in (askcost, paired):
        if sys.argv[1:2] == [errand.__name__.rpartition(".")[2]]:
            errand.main(sys.argv[2:])
            return
    options = _options()
    from quality.cells import read_records, references
    from quality.processes import single_threaded
    from quality.report import report
    from quality.words import MistakeError

    single_threaded()
    if options.report is None:
        _benchmark(options)
    records = read_records(options.report or options.out)
    names = {record.cell.problem for record in records}
    chosen = [problem for problem in _problems(options) if problem.name in names]
    records = [record for record in records if record.cell.problem in {problem.name for problem in chosen}]
    if options.peers:
        records = [record for record in records if record.cell.peer in options.peers]
    if not records:
        raise MistakeError(f"{options.report or options.out}: no record is one of what was asked for")
    print("\n".join(report(records, references(chosen, options.cache, options.jobs), options.budget)))


def _benchmark(options: argparse.Namespace) -> None:
    from quality import peers
    from quality.cells import Cell, carry_out, progress, read_records, references

    problems = _problems(options)
    names = peers.installed(options.peers or list(peers.QUICK if options.quick else peers.NAMES), _say)
    records = read_records(options.out) if options.out.exists() else []
    done = {record.cell for record in records if not record.error}
    done = {cell for cell in done if cell.peer not in options.redo}
    cells = [
        Cell(problem.name, name, seed, options.budget, workers)
        for seed in range(options.seeds)  # outermost, so that a benchmark that is cut short is balanced
        for problem in problems
        for workers in options.workers
        for name in names
    ]
    missing = [cell for cell in cells if cell not in done]
    _say(f"{len(problems)} problems, {len(names)} optimizers: {len(missing)} of {len(cells)} cells to do")
    began = time.monotonic()
    measures = references(problems, options.cache, options.jobs)
    tell = progress(_say, len(missing))
    for record in carry_out(missing, measures, options.cache, options.jobs, options.out):
        tell(record)
    _say(f"took {time.monotonic() - began:.0f} s")


def _problems(options: argparse.Namespace) -> list[Listed]:
    from quality.catalogue import available, choose

    return choose(available(_say), options.set, options.problems, quick=options.quick)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    from quality.cache import default_folder
    from quality.words import at_least_one

    parser = argparse.ArgumentParser(prog="quality", description=__doc__)
    add = parser.add_argument
    add("--quick", action="store_true", help="few problems, cheap optimizers, 3 seeds, 50 runs")
    add("--budget", type=at_least_one, metavar="N", help="runs of each cell (100)")
    add("--seeds", type=at_least_one, metavar="N", help="seeds of each problem and optimizer (10)")
    add("--peers", nargs="+", metavar="NAME", help="optimizers; boxwright:model=gp is boxwright with an option")
    add("--set", choices=["dev", "held-back", "all"], default="dev", help="which problems (dev)")
    add("--problems", nargs="+", default=[], metavar="PART", help="only those with one of these in their names")
    add("--workers", type=at_least_one, nargs="+", default=[1], metavar="N", help="workers on the virtual clock (1)")
    add("--jobs", type=at_least_one, metavar="N", default=2, help="cells at a time, one thread each (2)")
    add(
        "--out", type=Path, metavar="FILE", help="records, in the cache folder if absent; what it holds is not redone"
    )
    add("--redo", nargs="+", default=[], metavar="NAME", help="optimizers of which nothing in the records counts")
    add("--report", type=Path, metavar="FILE", help="only print the tables of these records")
    add("--cache", type=Path, default=default_folder(), help="folder for evaluations and random points")
    options = parser.parse_args()
    options.out = options.out or options.cache / "results.jsonl"
    options.seeds = options.seeds or (3 if options.quick else 10)
    options.budget = options.budget or (50 if options.quick else 100)
    return options


if __name__ == "__main__":
    main()
