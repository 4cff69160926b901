"""How much each kind of optimizer may propose: as much as its latest proposals have earned.

The latest costs of the kinds are compared by a rank test in which the best of them count most (``savage``): no scale
of costs and no outlier can move it, as in Fialho, Schoenauer and Sebag 2010, "Toward Comparison-Based Adaptive
Operator Selection". They are compared as they stand now, so that what was good once is not good for ever. The share
of a kind follows from the probability that luck alone makes it look so much worse than the best kind: probability
matching (Thierens 2005). Two that cannot be told apart have equal shares, and one that is hopeless is left with next
to nothing once it has had about as many turns as the other needs to show what it can: a race (Maron and Moore 1994,
"Hoeffding Races"), of which nobody is thrown out. The best kind itself has to be better than the initial design and
the other kinds by more than chance: one that only looks best since few have run yet would have all the turns.

Exp3 needs hundreds of runs to tell a bad kind, and GP-Hedge (Hoffman et al. 2011) one model behind all kinds.

Whose turn it is follows from the shares without any chance: that of the kind which is furthest behind its share. It
goes by what runs and by the order in which the rest has ended. So one order of results gives one course, a study that
is taken up again goes on as it would have, and seeds that know the same agree. Where a kind finds nothing, another
one or chance stands in, and what comes of it counts for the kind whose turn it was.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from statistics import NormalDist
from typing import TypeVar

from boxwright.propose.protocol import REPEAT
from boxwright.propose.savage import advantage, scores

LEAST = 0.04
"""Of the turns, so much is left to each kind, whatever it earned: costs change as a search goes on."""

LATEST = 15
"""So many of the latest costs of a kind count."""

TURNS = 20
"""So many of the latest turns count when it is decided who is behind, or as many as run."""

INITIAL = "initial design"
"""What the origin of a run begins with that chance has chosen: what the kinds are measured by."""

_FOR = " for "
"""What stands in an origin before the kind whose turn it was, where another one or chance stood in for it."""

_MOST_INITIAL = 40
_LUCK, _CERTAINTY = 1.0, 2.5
"""So many standard deviations better than the rest is luck, or certain; shares are as unequal as that is certain."""

_SHARPNESS = 3.0
_NORMAL = NormalDist()

_T = TypeVar("_T")


class Shares:
    """What each kind has earned.

    Args:
        kinds: Their names (``SeedKind.name``); the first one begins.
    """

    def __init__(self, kinds: Sequence[str]) -> None:
        self.kinds = tuple(dict.fromkeys(kinds))
        # By the key of each configuration, in the order of their latest ends.
        self._earned: dict[str, dict[str, float]] = {kind: {} for kind in self.kinds}
        self._initial: dict[str, float] = {}
        self._ended: dict[str, str] = {}
        self._running: dict[str, str] = {}

    def proposed(self, key: str, origin: str) -> None:
        """Hear that this configuration (``config_key``) is about to run; hearing it twice changes nothing."""
        if (kind := self.kind_of(origin)) is not None:
            self._running[key] = kind

    def told(self, key: str, cost: float | None, origin: str) -> None:
        """Hear how it came out; a failure has no cost.

        If it ran once more, what came of it before does not count any longer.
        """
        worth = math.inf if cost is None else cost
        if (kind := self.kind_of(origin)) is not None:
            self._running.pop(key, None)
            _put_last(self._ended, key, kind)
            _put_last(self._earned[kind], key, worth)
        elif origin.startswith(INITIAL):
            _put_last(self._initial, key, worth)

    def kind_of(self, origin: str) -> str | None:
        """Return for whom a proposal counts, None for the initial design and for kinds that are not taken part in."""
        origin, _, asked = origin.partition(_FOR)
        if asked in self.kinds:
            return asked
        name = origin.removeprefix("model ")
        if name in self.kinds:
            return name
        auto = " ".join(("auto", *name.split()[1:]))
        return auto if origin.startswith("model ") and auto in self.kinds else None

    def origin(self, origin: str, asked: str | None) -> str:
        """Return the origin of a proposal so that it counts for the kind whose turn it was: ``random for tpe``.

        A kind that finds nothing has had its turn all the same, else it would stay furthest behind and be asked for
        ever. The origin itself says so, since it is what a study that is taken up again goes by.

        Args:
            origin: Of what was found.
            asked: Whose turn it was; None, or one that is not taken part in, changes nothing.
        """
        is_plain = len(self.kinds) == 1 or origin == REPEAT or self.kind_of(origin) == asked
        return origin if is_plain or asked not in self.kinds else f"{origin}{_FOR}{asked}"

    def shares(self) -> dict[str, float]:
        """Return the share of each kind; together they are 1."""
        latest = {kind: _last(earned, LATEST) for kind, earned in self._earned.items()}
        best = _best(latest)
        ours = latest[best]
        rest = [cost for kind in self.kinds if kind != best for cost in latest[kind]]
        initial = _last(self._initial, _MOST_INITIAL)
        certainty = (_advantage(ours, (*initial, *rest)) - _LUCK) / (_CERTAINTY - _LUCK)
        sharpness = _SHARPNESS * min(max(certainty, 0.0), 1.0)
        worth = {
            kind: (2.0 * _NORMAL.cdf(min(0.0, -_advantage(ours, costs)))) ** sharpness
            for kind, costs in latest.items()
        }
        total = sum(worth.values())
        least = min(LEAST, 1.0 / len(self.kinds))
        rest_of_turns = 1.0 - least * len(self.kinds)
        return {kind: least + rest_of_turns * value / total for kind, value in worth.items()}

    def next(self, among: Collection[str] | None = None) -> str:
        """Return the kind that is furthest behind its share; of equal ones the first.

        Args:
            among: Kinds that can be asked now; None: all.
        """
        shares, turns = self.shares(), [*self._running.values()]
        if len(turns) < TURNS:
            turns += _last(self._ended, TURNS - len(turns))
        had = Counter(turns)
        able = [kind for kind in self.kinds if among is None or kind in among]
        return max(able, key=lambda kind: shares[kind] * (len(turns) + 1) - had[kind])

    def order(self) -> list[str]:
        """Return all kinds: the one whose turn it is, and who stands in where it finds nothing, the best first."""
        first, shares = self.next(), self.shares()
        return [first, *sorted((kind for kind in self.kinds if kind != first), key=lambda kind: -shares[kind])]

    def __str__(self) -> str:
        """Return the shares in one line, the largest first."""
        shares = sorted(self.shares().items(), key=lambda item: -item[1])
        return ", ".join(f"{kind} {share:.2f}" for kind, share in shares)


@lru_cache(maxsize=64)
def _advantage(ours: tuple[float, ...], theirs: tuple[float, ...]) -> float:
    return advantage(ours, theirs)


def _best(latest: Mapping[str, Sequence[float]]) -> str:
    """Return the kind with the highest mean score, one run of no score added to each; of equal ones the first."""
    flat = [(kind, cost) for kind, costs in latest.items() for cost in costs]
    sums = dict.fromkeys(latest, 0.0)
    for (kind, _), score in zip(flat, scores([cost for _, cost in flat]), strict=True):
        sums[kind] += score
    return max(latest, key=lambda kind: sums[kind] / (1 + len(latest[kind])))


def _put_last(values: dict[str, _T], key: str, value: _T) -> None:
    values.pop(key, None)
    values[key] = value


def _last(values: dict[str, _T], most: int) -> tuple[_T, ...]:
    """Return so many of the values that came last, in their order."""
    return tuple(reversed(list(islice(reversed(values.values()), most))))
