"""What a run would be, recorded: each flag dialect, each syntax, each format, and how a plan reads.

``BOXWRIGHT_RENEW_GOLDEN=1`` writes the recorded files anew; a missing one is a failure.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from boxwright.materialise import Materialiser, Plan, RunContext, describe_plan
from boxwright.scenario import load_scenario
from boxwright.space import load_space
from boxwright.terms import Slot, Trial

GOLDEN = Path(__file__).parent / "golden" / "materialise"
SCENARIO = """
[command]
argv = ["/bin/sh", "-c", "true", "{{ lr }}", "{{ run_folder }}"]
flags = "FLAGS"
skip = ["comment"]

[space]
lr = { type = "float", lower = 1e-6, upper = 1, default = 1e-5, log = true }
dropout = { type = "float", lower = 0, upper = 0.5, default = 0.5 }
layers = { type = "int", lower = 1, upper = 9, default = 3 }
act = { type = "categorical", choices = ["relu", "soft plus"], default = "soft plus" }
slope = { type = "float", lower = 0, upper = 1, when = "act == relu" }
norm = { type = "categorical", choices = [true, false] }
comment = { type = "constant", value = "it's \\"é\\"" }
"net.0.units" = { type = "ordinal", sequence = [16, 32], default = 32 }
"net.1.units" = { type = "int", lower = 1, upper = 4096, default = 1024 }

[design]
kind = "sobol"
runs = 3
"""


def renew_or_read(name: str, found: str) -> str:
    path = GOLDEN / name
    if os.environ.get("BOXWRIGHT_RENEW_GOLDEN") == "1":
        path.write_text(found, encoding="utf-8")
    return path.read_text(encoding="utf-8")


def make_plan(folder: Path, more: str = "", flags: str = "none") -> Plan:
    (folder / "scenario.toml").write_text(SCENARIO.replace("FLAGS", flags) + more, encoding="utf-8")
    loaded = load_scenario(folder)
    space = load_space(loaded.scenario.space, place="scenario.toml", folder=loaded.folder)
    materialiser = Materialiser(loaded.scenario, loaded.folder, space)
    trial = Trial(4, space.default(), seed=11)
    study = Path("/studies/golden")
    context = RunContext(17, trial, Slot(1, ("0", "3"), (2, 3), 2), study / "runs/000/000017", study, "0123abcd")
    return materialiser.plan(context)


@pytest.mark.parametrize(
    "flags", ["none", "-name value", "--name value", "--name=value", "name=value", "smac2", "aclib2"]
)
def test_flag_dialect_is_as_recorded(tmp_path: Path, flags: str) -> None:
    found = "".join(f"{word}\n" for word in make_plan(tmp_path, flags=flags).argv)
    name = flags.replace(" ", "_").replace("-", "d").replace("=", "_eq_")
    assert found == renew_or_read(f"flags_{name}.txt", found)


@pytest.mark.parametrize(("syntax", "name"), [("{{ }}", "train.py.j2"), ("${}", "train.py.tmpl")])
def test_template_is_as_recorded(tmp_path: Path, syntax: str, name: str) -> None:
    (tmp_path / name).write_bytes((GOLDEN / name).read_bytes())
    plan = make_plan(tmp_path, f'[[inputs.templates]]\nsource = "{name}"\nsyntax = "{syntax}"\n')
    found = plan.files["train.py"].content.decode()
    assert found == renew_or_read(f"{name}.rendered", found)


@pytest.mark.parametrize("target", ["flat.json", "p.json", "p.yaml", "p.toml"])
def test_parameter_file_is_as_recorded(tmp_path: Path, target: str) -> None:
    nested = "false" if target == "flat.json" else "true"
    plan = make_plan(tmp_path, f'[[inputs.parameters]]\ntarget = "{target}"\nnested = {nested}\n')
    found = plan.files[target].content.decode()
    assert found == renew_or_read(f"parameters_{target}", found)


def test_plan_reads_as_recorded(tmp_path: Path) -> None:
    (tmp_path / "train.py.j2").write_bytes((GOLDEN / "train.py.j2").read_bytes())
    (tmp_path / "train.py.j2").chmod(0o755)
    (tmp_path / "data").mkdir()
    more = """
[environment.set]
HF_TOKEN = "abc"
RATE = "{{ lr }} {{ norm }}"
[limits]
cutoff_s = 60
[postprocess]
argv = ["/bin/cat", "a b"]
[[inputs.files]]
source = "data"
[[inputs.templates]]
source = "train.py.j2"
[[inputs.parameters]]
target = "conf/p.yaml"
"""
    found = describe_plan(make_plan(tmp_path, more, "--name=value")).replace(str(tmp_path), "/scenario")
    assert found == renew_or_read("plan.txt", found)
