"""What is kept on disk between calls: slow evaluations, and the random points that costs are measured by."""

from __future__ import annotations

import os
import sqlite3
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import islice
from pathlib import Path

from quality.problem import Listed, Problem

from boxwright.propose.sampling import monte_carlo
from boxwright.terms import Config, config_key

ENVIRONMENT = "BOXWRIGHT_QUALITY_CACHE"
FAST_POINTS = 1000
SLOW_POINTS = 200
_SEED = 20_240_229
"""Of the random points: no peer's seed."""

_TABLES = """
CREATE TABLE IF NOT EXISTS evaluations (problem TEXT, config TEXT, cost REAL, PRIMARY KEY (problem, config));
CREATE TABLE IF NOT EXISTS references_ (problem TEXT PRIMARY KEY, median REAL, best REAL);
"""


@dataclass(frozen=True, slots=True)
class Reference:
    """What costs of a problem are measured by.

    Attributes:
        best: The optimum, or the lowest cost seen so far where that is unknown.
        median: Cost of a median random point.
        drawn_best: Cost of the best of the random points; unlike ``best``, it never changes.
    """

    best: float
    median: float
    drawn_best: float

    def regret(self, cost: float | None) -> float:
        """Return 0 for the best, 100 for a median random point; no less than 0. No cost yet counts as the median."""
        if cost is None:
            return 100.0
        return max(0.0, 100.0 * (cost - self.best) / (self.median - self.best))


def default_folder() -> Path:
    """Return the folder of the cache: the environment says it, else it lies with the system's temporary files."""
    return Path(os.environ.get(ENVIRONMENT) or Path(tempfile.gettempdir(), "boxwright-quality"))


@contextmanager
def _database(folder: Path) -> Iterator[sqlite3.Connection]:
    folder.mkdir(parents=True, exist_ok=True)
    # Another version of scikit-learn gives other costs.
    file = folder / f"sklearn-{version('scikit-learn')}.db"
    with closing(sqlite3.connect(file, timeout=60, isolation_level=None)) as db:
        db.executescript(_TABLES)
        yield db


def cached(listed: Listed, folder: Path) -> Problem:
    """Return the problem; if it is slow, each configuration is evaluated once and then looked up."""
    problem = listed.make()
    if not problem.is_slow:
        return problem
    return replace(problem, evaluate=_looked_up(listed.name, problem.evaluate, folder))


def _looked_up(
    name: str, evaluate: Callable[[Config], float | None], folder: Path
) -> Callable[[Config], float | None]:
    def look_up(config: Config) -> float | None:
        key = config_key(config)
        with _database(folder) as db:
            found = db.execute(
                "SELECT cost FROM evaluations WHERE problem = ? AND config = ?", (name, key)
            ).fetchone()
            if found is not None:
                cost: float | None = found[0]
                return cost
            cost = evaluate(config)
            db.execute("INSERT OR IGNORE INTO evaluations VALUES (?, ?, ?)", (name, key, cost))
            return cost

    return look_up


def reference(listed: Listed, folder: Path) -> Reference:
    """Return what costs are measured by; the random points are evaluated at the first call."""
    with _database(folder) as db:
        row = db.execute("SELECT median, best FROM references_ WHERE problem = ?", (listed.name,)).fetchone()
        if row is None:
            row = _random_points(cached(listed, folder))
            db.execute("INSERT OR IGNORE INTO references_ VALUES (?, ?, ?)", (listed.name, *row))
        seen = db.execute("SELECT min(cost) FROM evaluations WHERE problem = ?", (listed.name,)).fetchone()[0]
    median, drawn_best = row
    known = listed.make().best
    if known is None:
        known = drawn_best if seen is None else min(drawn_best, seen)
    return Reference(best=known, median=median, drawn_best=drawn_best)


def _random_points(problem: Problem) -> tuple[float, float]:
    points = SLOW_POINTS if problem.is_slow else FAST_POINTS
    costs = [problem.evaluate(config) for config in islice(monte_carlo(problem.space, points, _SEED), points)]
    successes = [cost for cost in costs if cost is not None]
    return statistics.median(successes), min(successes)
