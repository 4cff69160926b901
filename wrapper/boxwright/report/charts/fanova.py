"""How much of what a forest has learnt is due to each parameter alone.

Functional analysis of variance on the trees of a random forest (Hutter, Hoos and Leyton-Brown 2014, ICML, "An
Efficient Approach for Assessing Hyperparameter Importance", section 3): the leaves of a tree part the space into
boxes, so that the mean over all other parameters, and its variance, are sums over the leaves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxwright.report.charts.data import Numbers


def main_effects(forest: Any, lower: Numbers, upper: Numbers) -> Numbers:
    """Return for each tree and parameter the share of the tree's variance that the parameter alone explains.

    Args:
        forest: A fitted forest of scikit-learn.
        lower: First position of each parameter.
        upper: Last position.

    Returns:
        One row per tree that has split at all, one column per parameter.
    """
    shares = [_tree_shares(tree.tree_, lower, upper) for tree in forest.estimators_]
    known = [share for share in shares if share is not None]
    return np.array(known) if known else np.zeros((0, len(lower)))


def _tree_shares(tree: Any, lower: Numbers, upper: Numbers) -> Numbers | None:
    lows, highs, values = _leaves(tree, lower, upper)
    sides = (highs - lows) / (upper - lower)
    weights = np.prod(sides, axis=1)
    mean = float(weights @ values)
    variance = float(weights @ (values - mean) ** 2)
    if variance <= 1e-12:
        return None
    shares = np.zeros(len(lower))
    for index in range(len(lower)):
        shares[index] = _effect(lows[:, index], highs[:, index], weights / sides[:, index] * (values - mean))
        shares[index] /= (upper[index] - lower[index]) * variance
    return shares


def _effect(low: Numbers, high: Numbers, parts: Numbers) -> float:
    """Return the integral over one parameter of the square of the mean over all others.

    Args:
        low: Where each leaf begins on this parameter.
        high: Where it ends.
        parts: What it adds to the mean between.
    """
    cuts = np.unique(np.concatenate([low, high]))
    steps = np.zeros(len(cuts))
    np.add.at(steps, np.searchsorted(cuts, low), parts)
    np.add.at(steps, np.searchsorted(cuts, high), -parts)
    return float(np.cumsum(steps)[:-1] ** 2 @ np.diff(cuts))


def _leaves(tree: Any, lower: Numbers, upper: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Return lower and upper corner of each leaf's box, and its value."""
    left: NDArray[Any] = tree.children_left
    lows = np.tile(lower, (tree.node_count, 1))
    highs = np.tile(upper, (tree.node_count, 1))
    for node in range(tree.node_count):  # parents come before their children
        if left[node] < 0:
            continue
        feature, threshold = tree.feature[node], tree.threshold[node]
        for child in (left[node], tree.children_right[node]):
            lows[child], highs[child] = lows[node], highs[node]
        highs[left[node], feature] = lows[tree.children_right[node], feature] = threshold
    is_leaf = left < 0
    return lows[is_leaf], highs[is_leaf], tree.value[is_leaf, 0, 0]
