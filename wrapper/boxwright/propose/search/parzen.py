"""Parzen estimators: where good runs lie closer together than the others.

Bergstra et al. 2011, "Algorithms for Hyper-Parameter Optimization", with one kernel over all parameters at once and
the bandwidths of Watanabe 2023, "Tree-Structured Parzen Estimator: Understanding Its Algorithm Components". It
compares runs and never extrapolates, so neither noise nor a cost far off leads it astray: what a Gaussian process,
which is ahead of it elsewhere, is led astray by.

In a conditional space a kernel says nothing about parameters that are inactive in its run: they are drawn at random
where they are active.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import logsumexp, ndtr, ndtri

from boxwright.propose.search.columns import Columns, Rows

CANDIDATES = 24
GOOD_SHARE = 0.1
MOST_GOOD = 25

_BANDWIDTH = 0.2
_LATEST = 25  # of the runs count in full, earlier ones less the earlier they are
_LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)


def promising(columns: Columns, rows: Rows, costs: Rows, running: Rows, rng: np.random.Generator) -> Rows:
    """Return rows worth trying, the most promising first; none is forbidden, and there may be none.

    Args:
        columns: The space.
        rows: What has run, shape ``[n, d]``.
        costs: What came of it, NaN for failures; at least one is none.
        running: What is running, which counts as if it came out badly, so that nothing near it is tried.
        rng: Where randomness comes from.
    """
    shown = columns.active(rows)
    order = np.argsort(costs, kind="stable")  # NaN comes last
    most = int((~np.isnan(costs)).sum())
    count = min(math.ceil(GOOD_SHARE * len(costs)), MOST_GOOD, most)
    good, others = np.sort(order[:count]), np.sort(order[count:])
    low = Mixture(columns, shown[good])
    high = Mixture(columns, np.vstack([shown[others], columns.active(running)]))
    drawn = low.draw(2 * CANDIDATES, rng)
    candidates = columns.active(drawn)
    allowed = np.flatnonzero(~columns.forbidden(candidates))[:CANDIDATES]
    gain = low.log_density(candidates[allowed]) - high.log_density(candidates[allowed])
    found: Rows = drawn[allowed[np.argsort(-gain, kind="stable")]]
    return found


class Mixture:
    """A density over rows: one kernel for each known row, and a flat one.

    Args:
        shown: Known rows of ``Columns.active``, in the order of time; there may be none.
    """

    def __init__(self, columns: Columns, shown: Rows) -> None:
        self._columns = columns
        self._shown = shown
        self._places = columns.numbers(shown)  # NaN: inactive
        weights = np.append(_weights(len(shown)), 1.0)
        self._weights = weights / weights.sum()
        known = (~np.isnan(self._places)).sum(axis=0)
        dimensions = len(columns.numeric) + len(columns.nominal)
        widths = _BANDWIDTH * np.maximum(known, 1) ** (-1.0 / (dimensions + 4.0))
        steps = np.array([columns.columns[j].steps for j in columns.numeric], dtype=np.float64)
        with np.errstate(divide="ignore"):
            least = np.where(steps > 1, 0.5 / (steps - 1), 0.0)  # a kernel reaches the next value
        self._widths = np.maximum.reduce([widths, least, np.full(len(widths), 1.0 / min(100.0, 1.0 + len(shown)))])

    def draw(self, count: int, rng: np.random.Generator) -> Rows:
        """Return rows drawn from the density; some may be forbidden."""
        kernels = rng.choice(len(self._weights), size=count, p=self._weights)
        rows = self._columns.draw(count, rng)
        own = np.flatnonzero(kernels < len(self._shown))
        for k, j in enumerate(self._columns.numeric):
            centres = self._places[kernels[own], k]
            hit, centres = own[~np.isnan(centres)], centres[~np.isnan(centres)]
            low, high = ndtr(-centres / self._widths[k]), ndtr((1.0 - centres) / self._widths[k])
            ranks = np.clip(low + rng.random(len(hit)) * (high - low), 1e-12, 1.0 - 1e-12)
            places = np.clip(centres + self._widths[k] * ndtri(ranks), 0.0, 1.0)
            column = self._columns.columns[j]
            rows[hit, j] = np.rint(places * (column.choices - 1)) if column.choices else column.snapped(places)
        for j in self._columns.nominal:
            centres = self._shown[kernels[own], j]
            hit = own[~np.isnan(centres) & (rng.random(len(own)) < self._kept(self._columns.columns[j].choices))]
            rows[hit, j] = self._shown[kernels[hit], j]
        return rows

    def log_density(self, shown: Rows) -> Rows:
        """Return the logarithms of the density at rows of ``Columns.active``."""
        logs = np.tile(np.log(self._weights), (len(shown), 1))
        kernels = logs[:, :-1]
        for k, places in enumerate(self._columns.numbers(shown).T):
            kernels += np.nan_to_num(self._normal(places, k), nan=0.0)  # the flat density is 1
        for j in self._columns.nominal:
            choices = self._columns.columns[j].choices
            kept = self._kept(choices)
            same = shown[:, j][:, None] == self._shown[:, j]
            found = np.where(same, math.log(kept + (1 - kept) / choices), math.log((1 - kept) / choices))
            active = ~np.isnan(shown[:, j])
            found = np.where(np.isnan(self._shown[:, j]), -math.log(choices), found)
            logs[active, :-1] += found[active]
            logs[active, -1] -= math.log(choices)
        summed: Rows = logsumexp(logs, axis=1)
        return summed

    def _normal(self, places: Rows, k: int) -> Rows:
        """Return logarithms of normal densities cut off at the ends of the range; NaN where either is inactive."""
        centres, width = self._places[:, k], self._widths[k]
        inside = ndtr((1.0 - centres) / width) - ndtr(-centres / width)
        found: Rows = -0.5 * ((places[:, None] - centres) / width) ** 2 - np.log(inside * width) - _LOG_SQRT_2PI
        return found

    def _kept(self, choices: int) -> float:
        """Return how likely a kernel keeps its choice; otherwise it takes any of them."""
        return 1.0 / (1.0 + choices / (len(self._shown) + 1.0))


def _weights(count: int) -> Rows:
    if count <= _LATEST:
        return np.ones(count)
    return np.concatenate([np.linspace(1.0 / count, 1.0, count - _LATEST), np.ones(_LATEST)])
