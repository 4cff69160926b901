"""What ``resume`` may change in a study, and what it keeps of that."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

import boxwright as library
from boxwright.store.database import Store
from support import RunBoxwright

pytestmark = pytest.mark.usefixtures("no_process_left")

GRID = '[design]\nkind = "grid"\nlevels = 3\n'


@pytest.fixture(scope="module")
def finished(make_shared_scenario: Callable[..., Path]) -> Path:
    scenario = make_shared_scenario(design=GRID)
    return library.run(scenario, study=scenario.parent.parent / "study")[0]


@pytest.fixture
def study(finished: Path, tmp_path: Path) -> Path:
    """A copy of a finished study."""
    return shutil.copytree(finished, tmp_path / "study")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("space.x.upper=2", "--set space.x.upper: cannot become 2.0: the runs of this study were made with 1.0,"),
        ("space.y={ type = 'int', lower = 1, upper = 2 }", "--set space.y.type: cannot become "),
        ("study.objective.metric=loss", '--set study.objective.metric: cannot become "loss": '),
        ("study.objective.direction=maximize", "--set study.objective.direction: "),
        ("study.seed=7", "--set study.seed: cannot become 7: the runs of this study were made with 0,"),
        ("study.name=other", "--set study.name: "),
        ("design.kind=csv", "design"),
        ("design.levels=6", "--set design.levels: cannot become 6: "),
        ("design.seed=6", "--set design.seed: "),
        ("parse.unsat=success", "--set parse.unsat: "),
        ("postprocess.argv=['true']", "--set postprocess.argv: "),
        ("outputs.require=['x']", "--set outputs.require: "),
        ("design.runs=8", None),
        ("design.runs=2", "2 runs are fewer than the 3 trials that the study has."),
        ("extends=other.toml", "can only be written in a scenario file"),
        ("space.lr.upper=2", 'no parameter "lr". '),
    ],
)
def test_resume_refuses_what_would_change_the_meaning_of_earlier_runs(
    study: Path, boxwright: RunBoxwright, setting: str, message: str | None
) -> None:
    before = (study / "scenario.toml").read_bytes()
    done = boxwright("resume", study, "--set", setting)
    if message is None:
        assert done.returncode == 0, done.stderr
    else:
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
        assert message in done.stderr
        assert (study / "scenario.toml").read_bytes() == before
    with Store(study) as store:
        assert store.trial_counts() == (3, 3)


def test_resume_keeps_what_it_was_told_in_the_study(study: Path, boxwright: RunBoxwright) -> None:
    words = ("limits.cutoff_s=7", "environment.set.API_KEY=hush", "study.seed=0", "slots.count=2")
    done = boxwright("resume", study, *(word for setting in words for word in ("--set", setting)))
    assert done.returncode == 0, done.stderr
    kept = tomllib.loads((study / "scenario.toml").read_text())
    assert (kept["limits"], kept["slots"]) == ({"cutoff_s": 7}, {"count": 2})
    log = (study / "study.log").read_text()
    assert "limits.cutoff_s is now 7.0 (was nothing); " in log
    assert "environment.set.API_KEY is now" in log
    assert "hush" not in log
    assert "study.seed" not in log
    assert boxwright("resume", study).returncode == 0
    assert (study / "study.log").read_text().count(" is now ") == log.count(" is now ")


def test_resume_with_more_runs_says_so_in_the_study(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    boxwright("run", make_scenario(), "--study", "s", "--runs", "2")
    assert boxwright("resume", "s", "--runs", "3", "--set", "command.argv=['./run.sh', '--runs=1']").returncode == 0
    assert tomllib.loads((tmp_path / "s/scenario.toml").read_text())["design"]["runs"] == 3
    done = boxwright("resume", "s")
    assert done.returncode == 0
    assert "3 of 3 trials done" in done.stderr


def test_run_of_a_study_points_to_resume(study: Path, boxwright: RunBoxwright) -> None:
    for path in (study, study / "scenario.toml"):
        done = boxwright("run", path, "--study", "other")
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
        assert f"is a study, made from a scenario. Go on with it: boxwright resume {study}." in done.stderr
    assert not (study.parent / "other").exists()
