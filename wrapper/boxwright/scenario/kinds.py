"""The kinds of optimizer seeds: how one models what it was told, and how it chooses."""

from __future__ import annotations

from typing import Literal, TypeAlias

from boxwright.scenario.section import Places, Section

Model: TypeAlias = Literal["auto", "gp", "rf", "parzen", "tpe", "cma", "random"]
"""A Gaussian process up to some hundred runs and SMAC's forest from there on, both with Parzen estimators; one of the
three; Optuna's Parzen estimator or evolution strategy; or none."""

Acquisition: TypeAlias = Literal["ei", "pi", "lcb", "ts"]
"""Expected improvement, probability of improvement, lower confidence bound, Thompson sampling."""

ACQUISITIONS: tuple[Acquisition, ...] = ("ei", "pi", "lcb", "ts")
MODELLED = ("auto", "gp", "rf")
"""The models that predict costs, which an acquisition weighs, and by which proposals promise so much."""

OPTUNAS = ("tpe", "cma")
"""The models that the extra ``boxwright[optuna]`` brings."""


class SeedKind(Section, frozen=True, kw_only=True):
    """One kind of optimizer seed.

    Attributes:
        model: ``gp``, ``rf``, ``auto``, ``parzen``, ``tpe``, ``cma`` or ``random``.
        acquisition: What the predictions of ``gp`` and ``rf`` are weighed by.
        count: How many seeds of this kind; more than one in ``seeds`` only.
    """

    model: Model
    acquisition: Acquisition = "ei"
    count: Places = 1

    @property
    def name(self) -> str:
        """What it is called where its proposals are counted: ``gp``, ``gp ts``, ``tpe``."""
        return self.model if self.acquisition == "ei" else f"{self.model} {self.acquisition}"
