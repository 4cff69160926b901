"""Proposals from the same data, ours beside stock SMAC3's: what each would run next, and what that costs.

Both hear of the same random runs and are asked once; the true costs of the two proposals are one pair.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from quality.cache import Reference, cached, default_folder
from quality.catalogue import find
from quality.cells import references
from quality.peer import Task
from quality.peers import maker
from quality.processes import each, single_threaded
from quality.tables import table
from quality.words import at_least_one
from scipy.stats import wilcoxon

from boxwright.propose.sampling import monte_carlo

PROBLEMS = (
    "bbob/f06-i11-d02",
    "bbob/f14-i12-d05",
    "bbob/f17-i12-d05",
    "mixint/f06-i11-d05",
    "mixint/f17-i11-d05",
    "made/flat-wavy",
    "made/pipeline",
    "made/pipeline-wavy",
)
"""Held-back ones that cost nothing to evaluate."""

_RESAMPLES = 4000


class Pair(msgspec.Struct, frozen=True):
    """What is asked: one history of one problem, two optimizers."""

    problem: str
    seed: int
    runs: int
    peers: tuple[str, str]


def main(words: Sequence[str]) -> None:
    """Ask, and print one table."""
    options = _options(words)
    single_threaded()
    names = (options.ours, options.peer)
    for name in names:
        maker(name)  # a mistake is told before anything runs
    problems = [find(name) for name in options.problems]
    measures = references(problems, options.cache, options.jobs)
    pairs = [Pair(problem.name, seed, options.runs, names) for seed in range(options.seeds) for problem in problems]
    found: dict[str, list[tuple[float, float]]] = {problem.name: [] for problem in problems}
    for done, (pair, future) in enumerate(each(partial(ask_both, options.cache), pairs, options.jobs), 1):
        ours, theirs = future.result()
        measure = measures[pair.problem]
        found[pair.problem].append((_regret(measure, ours), _regret(measure, theirs)))
        print(f"{time.strftime('%H:%M:%S')} [{done}/{len(pairs)}] {pair.problem}", file=sys.stderr, flush=True)
    print("\n".join(_report(found, names)))


def ask_both(folder: Path, pair: Pair) -> tuple[float | None, float | None]:
    """Return the true costs of what the two would run next; None for a run that fails."""
    problem = cached(find(pair.problem), folder)
    history = list(islice(monte_carlo(problem.space, pair.runs, 1000 + pair.seed), pair.runs))
    costs = [problem.evaluate(config) for config in history]
    answers = []
    for name in pair.peers:
        peer = maker(name)(Task(problem.space, pair.seed, pair.runs + 1, told_first=pair.runs))
        for config, cost in zip(history, costs, strict=True):
            peer.tell(config, cost)
        answers.append(problem.evaluate(peer.ask()))
    return answers[0], answers[1]


def _regret(measure: Reference, cost: float | None) -> float:
    return min(measure.regret(cost), 1000.0)  # one proposal far off says no more than that it is bad


def _report(found: dict[str, list[tuple[float, float]]], names: tuple[str, str]) -> Iterator[str]:
    rows, differences = [], []
    for name, pairs in found.items():
        regrets = np.array(pairs)
        difference = regrets[:, 0] - regrets[:, 1]
        differences.append(difference)
        rows.append([name, *(f"{np.median(column):.1f}" for column in regrets.T), _wins(difference), _p(difference)])
    every = np.concatenate(differences)
    rows.append(["all", "", "", _wins(every), _p(every)])
    yield "Regret × 100 of one proposal from the same runs (medians); p: Wilcoxon's signed ranks, two-sided."
    yield ""
    yield from table(["problem", *names, "ours lower : higher", "p"], rows)
    low, high = _interval(differences)
    yield f"Mean difference of ranks within pairs, ours less the other's: 95 % interval [{low:.2f}, {high:.2f}]"
    yield "(−1: ours always lower; bootstrap over repetitions within problems)."


def _wins(difference: NDArray[np.float64]) -> str:
    return f"{int((difference < 0).sum())} : {int((difference > 0).sum())}"


def _p(difference: NDArray[np.float64]) -> str:
    return f"{float(wilcoxon(difference).pvalue):.2g}" if np.any(difference) else "1"


def _interval(differences: Sequence[NDArray[np.float64]]) -> tuple[float, float]:
    rng = np.random.default_rng(0)
    means = [np.mean([np.sign(rng.choice(own, len(own))).mean() for own in differences]) for _ in range(_RESAMPLES)]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def _options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="quality paired", description=__doc__)
    add = parser.add_argument
    add("--ours", default="boxwright:model=rf", help="one optimizer (boxwright:model=rf)")
    add("--peer", default="smac3-rf", help="the other one (smac3-rf)")
    add("--problems", nargs="+", default=list(PROBLEMS), metavar="NAME", help="whole names")
    add("--seeds", type=at_least_one, default=20, help="repetitions (20)")
    add("--runs", type=at_least_one, default=40, help="runs told before the ask (40)")
    add("--jobs", type=at_least_one, default=2, help="pairs at a time, one thread each (2)")
    add("--cache", type=Path, default=default_folder(), help="folder for evaluations and random points")
    return parser.parse_args(words)
