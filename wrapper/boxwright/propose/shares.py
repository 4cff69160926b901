"""How much each kind of optimizer may propose: as much as its latest proposals have earned.

The credit of a run goes by its rank among all runs at its time, on a logarithmic scale: a new best one earns 1, one
in the middle of a hundred 0.15, the worst and a failure nothing. It goes by comparisons only, as in Fialho,
Schoenauer and Sebag 2010, "Toward Comparison-Based Adaptive Operator Selection": no scale of costs and no outlier can
move it. A kind is worth the mean of its latest credits, so that an old one is forgotten, and shares are in proportion
to a power of that: probability matching (Thierens 2005), sharpened. Exp3 needs hundreds of runs to tell a bad kind,
and GP-Hedge (Hoffman et al. 2011) one model behind all kinds.

Whose turn it is follows from the shares without any chance: that of the kind which is furthest behind its share. So
one order of proposals and results gives one course, and seeds that know the same agree. A study that is taken up
again hears its results in the order of run numbers: where runs overlapped, its shares may differ from before.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import Counter, deque
from collections.abc import Collection, Sequence

LEAST = 0.04
"""Of the turns, so much is left to each kind, whatever it earned: costs change as a search goes on."""

CREDITS = 10
"""So many of the latest credits of a kind count."""

TURNS = 20
"""So many of the latest turns count when it is decided who is behind."""

_PRIOR = 0.5
"""What a kind is taken to have earned by one run before its first, as a share of what all earned in the mean: who
comes later in the list, or has not been asked for long, must show what it can and is not given half of the turns."""

_SHARPNESS = 4.0


class Shares:
    """What each kind has earned.

    Args:
        kinds: Their names (``SeedKind.name``); the first one begins.
    """

    def __init__(self, kinds: Sequence[str]) -> None:
        self.kinds = tuple(dict.fromkeys(kinds))
        self._costs: list[float] = []
        self._credits: dict[str, deque[float]] = {kind: deque(maxlen=CREDITS) for kind in self.kinds}
        self._turns: deque[str] = deque(maxlen=TURNS)
        self._seen: set[str] = set()

    def proposed(self, key: str, origin: str) -> None:
        """Hear that this configuration (``config_key``) is about to run; hearing it twice changes nothing."""
        if key in self._seen:
            return
        self._seen.add(key)
        kind = self.kind_of(origin)
        if kind is not None:
            self._turns.append(kind)

    def told(self, key: str, cost: float | None, origin: str) -> None:
        """Hear how it came out; a failure has no cost."""
        self.proposed(key, origin)
        kind = self.kind_of(origin)
        better = len(self._costs) if cost is None else bisect_left(self._costs, cost)
        if kind is not None:
            self._credits[kind].append(_credit(better, len(self._costs)))
        if cost is not None:
            insort(self._costs, cost)

    def kind_of(self, origin: str) -> str | None:
        """Return whose proposal it was, None for the initial design and for kinds that are not taken part in."""
        name = origin.removeprefix("model ")
        if name in self._credits:
            return name
        auto = " ".join(("auto", *name.split()[1:]))
        return auto if origin.startswith("model ") and auto in self._credits else None

    def shares(self) -> dict[str, float]:
        """Return the share of each kind; together they are 1."""
        every = [credit for latest in self._credits.values() for credit in latest]
        common = sum(every) / len(every) if every else 1.0
        worth = {
            kind: ((_PRIOR * common + sum(latest)) / (1 + len(latest))) ** _SHARPNESS
            for kind, latest in self._credits.items()
        }
        total = sum(worth.values())
        if total <= 0.0:
            return dict.fromkeys(self.kinds, 1.0 / len(self.kinds))
        least = min(LEAST, 1.0 / len(self.kinds))
        rest = 1.0 - least * len(self.kinds)
        return {kind: least + rest * value / total for kind, value in worth.items()}

    def next(self, among: Collection[str] | None = None) -> str:
        """Return the kind that is furthest behind its share; of equal ones the first.

        Args:
            among: Kinds that can be asked now; None: all.
        """
        shares, had = self.shares(), Counter(self._turns)
        able = [kind for kind in self.kinds if among is None or kind in among]
        return max(able, key=lambda kind: shares[kind] * (len(self._turns) + 1) - had[kind])

    def __str__(self) -> str:
        """Return the shares in one line, the largest first."""
        shares = sorted(self.shares().items(), key=lambda item: -item[1])
        return ", ".join(f"{kind} {share:.2f}" for kind, share in shares)


def _credit(better: int, runs: int) -> float:
    """Return what a run earns of which so many of the runs before it were better."""
    return 1.0 - math.log1p(better) / math.log1p(runs) if runs else 1.0
