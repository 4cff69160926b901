"""ConfigSpace comes without SciPy's statistics, and is the same once they are wanted."""

from __future__ import annotations

import json
import subprocess
import sys

LIGHT = """
import sys, boxwright.space
assert "ConfigSpace" in sys.modules
from boxwright.space.draft import Draft
from boxwright.space.pcs import read_pcs
draft = Draft()
read_pcs("a {x, y} [x]\\nn integer [1, 9] [3] log\\nr real [0, 1] [0.5]\\nn | a == x\\n{a=y, r=0.1}\\n", "p", draft)
space = draft.finish("p")
assert space.from_unit([0.1, 0.9, 0.4]) == space.check({"a": "x", "n": 7, "r": 0.4})
print(sorted(name for name in sys.modules if name.startswith("scipy.stats")))
"""
HEAVY = """
import FIRST, copy, json, pickle
from ConfigSpace import BetaFloatHyperparameter, BetaIntegerHyperparameter, ConfigurationSpace
from ConfigSpace import UniformIntegerHyperparameter
from ConfigSpace import NormalFloatHyperparameter, NormalIntegerHyperparameter
space = ConfigurationSpace(seed=3)
space.add(NormalFloatHyperparameter("a", mu=0, sigma=1, lower=-2, upper=2),
    UniformIntegerHyperparameter("b", 1, 2000, log=True),
    NormalIntegerHyperparameter("c", mu=5, sigma=2, lower=1, upper=9), BetaFloatHyperparameter("d", 2, 3, 0, 1),
    BetaIntegerHyperparameter("e", alpha=2, beta=3, lower=1, upper=9))
assert pickle.loads(pickle.dumps(space))["b"].upper == 2000
same = [copy.deepcopy(space)["b"] == space["b"],
    UniformIntegerHyperparameter("b", 1, 2000, log=True) == space["b"], space["b"] == space["c"]]
density = [float(each) for each in space["b"].pdf_values([1, 7, 2000])]
print(json.dumps([same, density, *(dict(each) for each in space.sample_configuration(5))], default=float))
"""


def run_python(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout


def test_spaces_without_normal_or_beta_distributions_need_no_statistics() -> None:
    assert run_python(LIGHT) == "[]\n"


def test_distributions_that_need_statistics_are_the_same_whichever_comes_first() -> None:
    found = [json.loads(run_python(HEAVY.replace("FIRST", first))) for first in ("boxwright.space", "scipy.stats")]
    assert found[0] == found[1]
    assert (found[0][0], len(found[0])) == ([True, True, False], 7)
