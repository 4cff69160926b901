"""Whether one lot of costs is better than another, by their order alone and by the best of them above all.

A linear rank test with Savage's scores (Savage 1956, "Contributions to the theory of rank order statistics: the
two-sample case"; Hájek and Šidák 1967, "Theory of rank tests", II.3): of N costs, the r-th best scores
1/r + 1/(r + 1) + … + 1/N - 1, so that the best few count most, and all of the bad ones about the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def scores(costs: Sequence[float]) -> list[float]:
    """Return the score of each cost among all of them, their sum being 0; equal costs score alike."""
    order = sorted(range(len(costs)), key=costs.__getitem__)
    found = [0.0] * len(costs)
    last, tail = len(order), 0.0
    while last:
        first = last - 1
        while first and costs[order[first - 1]] == costs[order[last - 1]]:
            first -= 1
        total = 0.0
        for place in range(last, first, -1):
            tail += 1.0 / place
            total += tail - 1.0
        for index in order[first:last]:
            found[index] = total / (last - first)
        last = first
    return found


def advantage(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return by how many standard deviations our scores are above those of chance; 0 where nothing is known."""
    number = len(ours) + len(theirs)
    if not ours or not theirs:
        return 0.0
    if min(*ours, *theirs) == max(*ours, *theirs):
        return 0.0
    both = scores((*ours, *theirs))
    variance = len(ours) * len(theirs) / (number * (number - 1)) * math.fsum(score * score for score in both)
    return math.fsum(both[: len(ours)]) / math.sqrt(variance)
