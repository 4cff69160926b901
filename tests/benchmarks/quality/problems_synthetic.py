"""Landscapes over spaces with conditions, forbidden clauses, ordinals, constants, log scales and integers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

from quality.landscape import landscape
from quality.problem import Klass, Listed, Problem, space_of

BRANCHES = """
algorithm = { type = "categorical", choices = ["walk", "climb", "swarm"] }
version = { type = "constant", value = 3 }
step = { type = "float", lower = 1e-4, upper = 1, log = true, when = "algorithm in {walk, climb}" }
decay = { type = "float", lower = 0.5, upper = 1, when = "algorithm == climb" }
restarts = { type = "int", lower = 1, upper = 200, log = true, when = "algorithm == climb" }
size = { type = "int", lower = 4, upper = 256, log = true, when = "algorithm == swarm" }
inertia = { type = "float", lower = 0, upper = 1, when = "algorithm == swarm" }
pull = { type = "float", lower = 0, upper = 4, when = "algorithm == swarm" }
"""

LAYERS = """
layers = { type = "int", lower = 1, upper = 4 }
width1 = { type = "int", lower = 8, upper = 512, log = true }
width2 = { type = "int", lower = 8, upper = 512, log = true, when = "layers > 1" }
width3 = { type = "int", lower = 8, upper = 512, log = true, when = "layers > 2" }
width4 = { type = "int", lower = 8, upper = 512, log = true, when = "layers > 3" }
act = { type = "categorical", choices = ["relu", "tanh", "elu"] }
slope = { type = "float", lower = 0.01, upper = 2, log = true, when = "act == elu" }
batch = { type = "ordinal", sequence = [16, 32, 64, 128, 256] }
lr = { type = "float", lower = 1e-5, upper = 0.1, log = true }
drop = { type = "categorical", choices = ["no", "yes"] }
rate = { type = "float", lower = 0, upper = 0.8, when = "drop == yes" }
forbidden = ["{act=tanh, batch=16}", "{drop=yes, layers=1}"]
"""

NESTED = """
a = { type = "categorical", choices = ["left", "right"] }
b = { type = "categorical", choices = ["p", "q", "r"], when = "a == left" }
c = { type = "int", lower = 0, upper = 9, when = "a == left && b in {p, q}" }
d = { type = "float", lower = 0, upper = 1, when = "c > 4" }
e = { type = "float", lower = 1e-3, upper = 1e3, log = true, when = "a == right || b == r" }
f = { type = "ordinal", sequence = ["xs", "s", "m", "l", "xl"] }
g = { type = "float", lower = -1, upper = 1 }
h = { type = "int", lower = 1, upper = 64, when = "f in {m, l, xl}" }
forbidden = ["{a=right, f=xs}", "{b=q, c=9}"]
"""

PIPELINE = """
scale = { type = "categorical", choices = ["none", "standard", "robust"] }
quantile = { type = "float", lower = 5, upper = 40, when = "scale == robust" }
reduce = { type = "categorical", choices = ["none", "pca", "select"] }
components = { type = "int", lower = 1, upper = 50, log = true, when = "reduce == pca" }
share = { type = "float", lower = 0.1, upper = 1, when = "reduce == select" }
model = { type = "categorical", choices = ["linear", "trees", "kernel", "neighbours"] }
penalty = { type = "float", lower = 1e-6, upper = 10, log = true, when = "model in {linear, kernel}" }
width = { type = "float", lower = 1e-3, upper = 10, log = true, when = "model == kernel" }
count = { type = "int", lower = 10, upper = 500, log = true, when = "model == trees" }
depth = { type = "int", lower = 1, upper = 20, when = "model == trees" }
k = { type = "int", lower = 1, upper = 50, log = true, when = "model == neighbours" }
jobs = { type = "constant", value = 1 }
forbidden = ["{model=kernel, scale=none}", "{model=trees, reduce=pca}"]
"""

MIXED = """
c1 = { type = "categorical", choices = ["a", "b", "c", "d"] }
c2 = { type = "categorical", choices = [true, false] }
i1 = { type = "int", lower = 1, upper = 1000, log = true }
i2 = { type = "int", lower = 0, upper = 6 }
o1 = { type = "ordinal", sequence = [1, 2, 5, 10, 20, 50] }
x1 = { type = "float", lower = 1e-6, upper = 1, log = true }
x2 = { type = "float", lower = 0, upper = 1 }
"""

_KINDS: tuple[tuple[str, str, Klass, int, float, bool], ...] = (
    ("branches", BRANCHES, Klass.CONDITIONAL, 1, 0.0, False),
    ("branches-wavy", BRANCHES, Klass.CONDITIONAL, 2, 0.03, False),
    ("layers", LAYERS, Klass.CONDITIONAL, 3, 0.0, False),
    ("nested", NESTED, Klass.CONDITIONAL, 4, 0.02, False),
    ("pipeline", PIPELINE, Klass.CONDITIONAL, 5, 0.0, True),
    ("pipeline-wavy", PIPELINE, Klass.CONDITIONAL, 6, 0.03, True),
    ("flat", MIXED, Klass.MIXED, 7, 0.0, False),
    ("flat-wavy", MIXED, Klass.MIXED, 8, 0.03, True),
)


def synthetic() -> Iterator[Listed]:
    """Yield the problems of this module."""
    for name, text, klass, seed, ripple, held_back in _KINDS:
        yield Listed(f"made/{name}", klass, held_back, partial(_made, text, seed, ripple))
    yield Listed("made-noise/layers", Klass.NOISY, False, partial(_made, LAYERS, 9, 0.0, noise_share=0.15))
    yield Listed("made-noise/pipeline", Klass.NOISY, True, partial(_made, PIPELINE, 10, 0.0, noise_share=0.15))
    yield Listed("made-fail/branches", Klass.FAILING, False, partial(_made, BRANCHES, 11, 0.0, fails_above=0.8))
    yield Listed("made-fail/pipeline", Klass.FAILING, True, partial(_made, PIPELINE, 12, 0.0, fails_above=0.9))


def _made(text: str, seed: int, ripple: float, noise_share: float = 0.0, fails_above: float = math.inf) -> Problem:
    space = space_of(text)
    return Problem(space, landscape(space, seed, ripple, fails_above), best=0.0, noise_share=noise_share)
