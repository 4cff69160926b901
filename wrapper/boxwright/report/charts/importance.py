"""Which parameters matter: the method is named in the figure, and so is how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from boxwright.report.charts.axes import Axis
from boxwright.report.charts.data import ChartData, Numbers
from boxwright.report.charts.fanova import main_effects
from boxwright.report.charts.figure import Figure, empty, figure, text_of
from boxwright.report.charts.points import points_of
from boxwright.report.charts.sampling import failures_note, numbers

_TITLE = "Importance of parameters"
_FEWEST = 10
_MOST = 2000
_TREES = 32
_MOST_BARS = 30
_DOUBTFUL = 0.3


@dataclass(frozen=True, slots=True)
class Importance:
    """How much of the objective's variance each parameter explains alone.

    Attributes:
        names: Parameters, the most important first.
        shares: From 0 to 1, mean over the trees.
        spreads: Standard deviations over the trees.
        explained: How much of the runs that a tree has not seen the forest explains (R² out of bag).
        runs: How many runs, or configurations, it was trained on.
        total: How many there were.
    """

    names: tuple[str, ...]
    shares: tuple[float, ...]
    spreads: tuple[float, ...]
    explained: float
    runs: int
    total: int

    @property
    def method(self) -> str:
        """The method in words, with what it was computed on and how far it is to be trusted."""
        sample = f"{self.runs:,} of {self.total:,}" if self.runs < self.total else f"{self.total:,}"
        doubt = " It knows little, so take the bars with care." if self.explained < _DOUBTFUL else ""
        return (
            f"fANOVA: share of the variance explained by each parameter alone, in a random forest of {_TREES} trees "
            f"trained on the ranks of {sample} qualities. Inactive parameters stand at their defaults. Lines show "
            "how far its trees differ. The forest explains "
            f"{max(0.0, self.explained):.0%} of what it has not seen.{doubt}"
        )


def importance(data: ChartData) -> Importance | None:
    """Return how important the parameters are; None while there are too few runs, or nothing varies.

    Ranks are what is explained, so that one terrible run does not outweigh all others. Of more than 2,000 runs, so
    many at even distances are looked at.
    """
    axes = data.varied
    if not axes or not len(data.answered):
        return None
    points = points_of(data, data.objective)
    total = len(points.rows)
    if total < _FEWEST or points.values.min() == points.values.max():
        return None
    chosen = np.linspace(0, total - 1, min(total, _MOST)).round().astype(np.intp)
    features = np.column_stack([_feature(axis, data.parameters[axis.name][points.rows[chosen]]) for axis in axes])
    lower = np.array([_ends(axis)[0] for axis in axes])
    upper = np.array([_ends(axis)[1] for axis in axes])

    from sklearn.ensemble import RandomForestRegressor

    forest = RandomForestRegressor(
        _TREES, min_samples_leaf=3, max_features=max(1, (5 * len(axes)) // 6), oob_score=True, random_state=0
    )
    forest.fit(features, _ranks(points.values[chosen]))
    effects = main_effects(forest, lower, upper)
    if not len(effects):
        return None
    shares, spreads = effects.mean(axis=0), effects.std(axis=0)
    order = np.argsort(-shares, kind="stable")
    return Importance(
        tuple(axes[index].name for index in order),
        tuple(shares[order].tolist()),
        tuple(spreads[order].tolist()),
        float(forest.oob_score_),
        len(chosen),
        total,
    )


def importance_chart(data: ChartData, found: Importance | None) -> Figure:
    """Return the importance of parameters as bars.

    Args:
        data: The runs.
        found: What ``importance`` says of them.
    """
    if found is None:
        return empty(_TITLE, f"It takes {_FEWEST} runs with different qualities, and a parameter that varies.")
    names = found.names[:_MOST_BARS]
    bars = {
        "type": "bar",
        "orientation": "h",
        # Numbers with labels: two long names that are cut off alike would be one category.
        "y": list(range(len(names))),
        "x": numbers(np.array(found.shares[:_MOST_BARS])),
        "error_x": {
            "type": "data",
            "array": numbers(np.array(found.spreads[:_MOST_BARS])),
            "thickness": 1,
            "color": "ink",
        },
        "hovertemplate": "%{x:.1%}<extra></extra>",
        "marker": {"color": 0},
    }
    left_out = len(found.names) - len(names)
    notes = [found.method, failures_note(data), f"{left_out} less important ones left out." if left_out else ""]
    return figure(
        _TITLE,
        [bars],
        note=" ".join(filter(None, notes)),
        xaxis={"title": {"text": "share of the variance"}, "tickformat": ".0%", "range": [0, 1]},
        yaxis={
            "tickvals": list(range(len(names))),
            "ticktext": [text_of(name) for name in names],
            "autorange": "reversed",
        },
        height=160 + 26 * len(names),
    )


def _feature(axis: Axis, positions: Numbers) -> Numbers:
    """Return positions as the forest sees them: on the parameter's own scale, inactive ones at the default."""
    filled = np.where(np.isnan(positions), axis.default, positions)
    return np.log10(filled) if axis.log else filled


def _ends(axis: Axis) -> tuple[float, float]:
    """Return where a parameter begins and ends; each choice is as wide as any other."""
    if axis.choices:
        return axis.lower - 0.5, axis.upper + 0.5
    return (float(np.log10(axis.lower)), float(np.log10(axis.upper))) if axis.log else (axis.lower, axis.upper)


def _ranks(values: Numbers) -> Numbers:
    """Return ranks from 0 to 1, the same for equal values."""
    known, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - counts / 2) / len(values)
    result: Numbers = ranks[group]
    return result if len(known) else values
