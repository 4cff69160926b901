"""Studies whose runs come out differently each time: seeds, repeats, and what is reported of them."""

from __future__ import annotations

import csv
import io
import json
import re
import tarfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boxwright.store.database import Store
from boxwright.terms import config_key
from propose_support import put_stubborn_seeds
from support import RunBoxwright

pytestmark = pytest.mark.usefixtures("no_process_left")

NOISE = """
awk -v x="${1#--x=}" -v s="$BOXWRIGHT_SEED" 'BEGIN {
    srand(s * 7919 + int(x * 1000)); rand()
    printf "Result of algorithm run: SUCCESS, 0, 0, %.6f, %d\\n", x + 0.2 * (rand() - 0.5), s }'
"""
GRID = '[design]\nkind = "grid"\nlevels = 4\nreplicates = 3\n'
SEEDED = "[study]\nseed = 5\n"


@pytest.fixture
def study(make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path) -> Path:
    done = boxwright("run", make_scenario(NOISE, design=GRID, more=SEEDED), "--study", "study", "--slots", "2")
    assert done.returncode == 0, done.stderr
    return tmp_path / "study"


def calls(study: Path) -> list[tuple[float, int]]:
    with Store(study) as store:
        return [(float(trial.config["x"]), trial.seed) for trial in store.trials()]


def test_replicates_are_sweeps_over_all_points_with_a_seed_each(study: Path) -> None:
    points = [0.0, 1 / 3, 2 / 3, 1.0]
    assert [x for x, _ in calls(study)] == pytest.approx(points * 3)
    assert [seed for _, seed in calls(study)] == [5] * 4 + [6] * 4 + [7] * 4


def test_reports_of_a_noisy_study_tell_means_errors_and_repeats(
    study: Path, boxwright: RunBoxwright, tmp_path: Path
) -> None:
    with Store(study) as store:
        qualities = [run.quality for run in store.runs() if run.config["x"] == 0.0]
    values = [quality for quality in qualities if quality is not None]
    mean = sum(values) / 3
    text = rf"incumbent: run 1 \(3 runs of it\), quality {mean:.6g} ± 0\.0\d+: x=0"
    shown = boxwright("status", study)
    assert re.search(text, shown.stdout)
    assert re.search(text, boxwright("results", study).stderr)
    again = boxwright("resume", study)
    assert re.search(text, again.stdout)
    assert again.stdout.splitlines()[0].split() == ["run", "x", "quality", "standard_error", "runs", "failed"]
    state = json.loads(boxwright("status", study, "--json").stdout)
    assert (state["incumbent"]["run"], state["incumbent"]["runs"]) == (1, 3)
    assert state["incumbent"]["quality"] == pytest.approx(mean)
    boxwright("archive", study, "best.tar.gz", "--best", "1")
    with tarfile.open(tmp_path / "best.tar.gz") as tar:
        assert len([name for name in tar.getnames() if name.endswith("exit.json")]) == 3


def test_results_are_gathered_by_configuration_in_each_form(study: Path, boxwright: RunBoxwright) -> None:
    found: list[dict[str, Any]] = json.loads(boxwright("results", study, "--by-config", "--json").stdout)
    assert [config["run"] for config in found] == [1, 2, 3, 4]
    assert {(config["runs"], config["failed"]) for config in found} == {(3, 0)}
    printed = list(csv.DictReader(io.StringIO(boxwright("results", study, "--by-config", "--csv").stdout)))
    assert [(float(row["x"]), float(row["quality"]), float(row["standard_error"])) for row in printed] == [
        (config["config"]["x"], config["quality"], config["standard_error"]) for config in found
    ]
    table = boxwright("results", study, "--by-config", "--sort", "-quality", "--where", "seed>5").stdout.splitlines()
    assert table[0].split() == ["run", "x", "quality", "standard_error", "runs", "failed"]
    assert [(line.split()[0], line.split()[-1]) for line in table[1:]] == [
        ("8", "2"),
        ("7", "2"),
        ("6", "2"),
        ("5", "2"),
    ]


def test_design_with_replicates_is_extended_in_place(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    design = '[design]\nkind = "latin-hypercube"\nruns = 4\nreplicates = 2\n'
    scenario = make_scenario(NOISE, design=design)
    refused = boxwright("run", scenario, "--study", "s", "--runs", "5")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)
    assert "design.runs: 5 runs are no multiple of replicates = 2" in refused.stderr
    assert "Write 4 or 6." in refused.stderr
    assert boxwright("run", scenario, "--study", "s").returncode == 0
    before = calls(tmp_path / "s")
    done = boxwright("resume", "s", "--runs", "8")
    assert done.returncode == 0, done.stderr
    after = calls(tmp_path / "s")
    assert after[:4] == before
    assert [seed for _, seed in after] == [0, 0, 1, 1, 0, 0, 1, 1]
    assert len({x for x, _ in after}) == 4
    assert "cannot become 4" in boxwright("resume", "s", "--set", "design.replicates=4").stderr


def test_optimizer_repeats_a_used_up_space_and_a_resume_goes_on_with_it(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_stubborn_seeds(tmp_path / "site", monkeypatch, "nothing left")
    optimizer = "[optimizer]\nruns = 7\nseeds = 2\nmax_config_calls = 4\ninitial = 3\n"
    space = 'x = { type = "categorical", choices = [0, 1, 2] }'
    scenario = make_scenario(NOISE, design=optimizer, space=space, more="[study]\nnoisy = true\n")
    assert boxwright("run", scenario, "--study", "s", "--slots", "2").returncode == 0
    done = boxwright("resume", "s", "--runs", "12")
    assert done.returncode == 0, done.stderr
    assert Counter(calls(tmp_path / "s")) == Counter((float(x), seed) for x in range(3) for seed in range(4))
    assert "(4 runs of it)" in done.stdout
    with Store(tmp_path / "s") as store:
        origins = Counter(trial.origin for trial in store.trials())
    assert origins["repeat"] == 9


def test_crashed_repeat_is_tried_again_with_its_own_seed(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    script = f'[ "$BOXWRIGHT_SEED" = 1 ] && mkdir {tmp_path}/tried$BOXWRIGHT_TRIAL && exit 3\n{NOISE}'
    design = '[design]\nkind = "grid"\nlevels = 2\nreplicates = 2\n'
    done = boxwright("run", make_scenario(script, design=design, more="[study]\nretries = 1\n"), "--study", "s")
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "s") as store:
        runs = list(store.runs())
        settling = [(config_key(run.config), run.seed) for run in store.runs(settling=True)]
    assert len(runs) == 6
    assert len(set(settling)) == len(settling) == 4
    assert {run.seed for run in runs if run.attempt == 2} == {1}


def test_target_of_a_noisy_study_is_not_reached_by_one_lucky_run(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_stubborn_seeds(tmp_path / "site", monkeypatch, "nothing left")
    script = 'echo "Result of algorithm run: SUCCESS, 0, 0, $((BOXWRIGHT_SEED * 10)), 0"'
    optimizer = "[optimizer]\nruns = 9\nseeds = 1\ninitial = 2\ntarget = {}\n"
    space = 'x = { type = "categorical", choices = [0, 1] }'
    for target, runs in ((0, 6), (5, 2)):  # first runs come to 0, means of two to 5
        name = f"s{target}"
        scenario = make_scenario(
            script, design=optimizer.format(target), space=space, more="[study]\nnoisy = true\n", name=name
        )
        boxwright("run", scenario, "--study", f"studies/{name}", "--slots", "1")
        assert len(calls(tmp_path / "studies" / name)) == runs


def test_json_of_means_and_errors_is_strict_whatever_their_size(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright
) -> None:
    script = 'echo "Result of algorithm run: SUCCESS, 0, 0, $((1 - 2 * BOXWRIGHT_SEED))e308, 0"'
    design = '[design]\nkind = "grid"\nlevels = 1\nreplicates = 2\n'
    assert boxwright("run", make_scenario(script, design=design), "--study", "s").returncode == 0

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    for words in (
        ("results", "s"),
        ("results", "s", "--by-config"),
        ("status", "s"),
        ("show", "s", "1"),
        ("doctor",),
    ):
        json.loads(boxwright(*words, "--json").stdout, parse_constant=refuse)
    (config,) = json.loads(boxwright("results", "s", "--by-config", "--json").stdout)
    assert (config["quality"], config["standard_error"], config["runs"]) == (0.0, None, 2)


def test_noisy_study_without_a_success_shows_its_runs_and_one_with_some_its_failures_too(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright
) -> None:
    design = '[design]\nkind = "grid"\nlevels = 2\nreplicates = 2\n'
    done = boxwright("run", make_scenario("exit 3", design=design), "--study", "s")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["run", "x", "quality", "status", "time"]
    assert [line.split()[2] for line in lines[1:5]] == ["CRASHED"] * 4
    assert lines[5] == "incumbent: none yet, no run has succeeded"
    half = f'test "$1" = --x=1.0 || exit 3\n{NOISE}'
    done = boxwright("run", make_scenario(half, design=design, name="half"), "--study", "t")
    _, best, failed, *_ = done.stdout.splitlines()
    assert best.split()[-1] == "2"
    assert failed.split()[-2:] == ["0", "2"]
