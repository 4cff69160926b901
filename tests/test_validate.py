"""``boxwright validate``: configurations of a study are judged by runs that its search has not seen."""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import boxwright as library
from boxwright.commands.opening import open_source
from boxwright.report.prose import prose
from boxwright.report.validation import read_validation
from boxwright.store.database import Store
from boxwright.study.control import controller_lock
from boxwright.terms import Status
from support import RunBoxwright, Running, statuses

pytestmark = pytest.mark.usefixtures("no_process_left")

ANSWER = """
x=${1#--x=}
case $BOXWRIGHT_INSTANCE in hard) add=1 ;; bad) exit 3 ;; *) add=0 ;; esac
while [ -e "$WAIT" ]; do sleep 0.02; done
echo "Result of algorithm run: SUCCESS, 0, 0, $(awk "BEGIN { print $x + $add + $BOXWRIGHT_SEED % 7 }"), 0"
"""
DESIGN = '[design]\nkind = "csv"\nfile = "x.csv"\n'
TESTS = '\n[instances]\ntest = "tests.txt"\n'


def carried_out(scenario: Path, tests: str = "", name: str = "study") -> Path:
    """Carry a small study out beside its scenario, and return its folder; its incumbent has x = 0.25."""
    (scenario.parent / "x.csv").write_text("x\n0.75\n0.5\n0.625\n0.25\n")
    (scenario.parent / "tests.txt").write_text(tests)
    return library.run(scenario, study=scenario.parent.parent / name)[0]


@pytest.fixture(scope="module")
def on_three(make_shared_scenario: Callable[..., Path]) -> Path:
    return carried_out(make_shared_scenario(ANSWER, design=DESIGN, more=TESTS), "a\nhard\nb\n")


@pytest.fixture
def study(on_three: Path, tmp_path: Path) -> Path:
    """Return a study of its own with three test instances."""
    return shutil.copytree(on_three, tmp_path / "study")


def validated(boxwright: RunBoxwright, study: Path, *words: str, code: int = 0) -> list[dict[str, Any]]:
    done = boxwright("validate", study, "--json", *words)
    assert done.returncode == code, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def told(study: Path) -> str:
    """Return what the report says last of all in words: how sure the study is."""
    source = open_source(study)
    with source.store as store:
        best = store.incumbent()
        return prose(source, None, best, None, read_validation(source, best))[-1]


def trials(study: Path) -> list[tuple[float, str | None, int]]:
    with Store(study / "validation") as store:
        assert len(store.run_numbers()) == store.trial_counts()[0], "a trial has run twice"
        return [(float(trial.config["x"]), trial.instance, trial.seed) for trial in store.trials()]


def test_incumbent_runs_once_on_each_test_instance_and_the_study_stays_as_it_was(
    study: Path, boxwright: RunBoxwright
) -> None:
    with Store(study) as store:
        before, incumbent = list(store.runs()), store.incumbent()
    (found,) = validated(boxwright, study)
    assert trials(study) == [(0.25, name, 0) for name in ("a", "hard", "b")]
    assert found["label"] == "incumbent (run 4)"
    assert found["quality"] == pytest.approx(0.25 + 1 / 3)
    # 0, 1 and 0 beside x: the standard error of their mean, and Student's t for two degrees of freedom.
    assert found["standard_error"] == pytest.approx(1 / 3)
    assert found["upper"] - found["quality"] == pytest.approx(4.302653 / 3, rel=1e-5)
    assert found["quality"] - found["lower"] == pytest.approx(4.302653 / 3, rel=1e-5)
    assert (found["over"], found["units"], found["runs"], found["failed"]) == ("instances", 3, 3, 0)
    assert (found["training_quality"], found["training_runs"]) == (0.25, 1)
    with Store(study) as store:
        assert list(store.runs()) == before
        assert store.incumbent() == incumbent
    assert told(study) == (
        "The search cannot tell luck and merit apart: the best ran once, and is more often lucky than not. Validated "
        "by 3 runs on test instances, it came to 0.583333 on average; with 95 % confidence its true mean is between "
        "-0.850884 and 2.01755 (Student's t, over 3 test instances)."
    )


def test_what_has_run_is_not_run_again_and_more_runs_add_only_those(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright
) -> None:
    design = DESIGN + "replicates = 2\n"
    study = carried_out(make_scenario(ANSWER, design=design, more="[study]\nseed = 3\n"))
    (first,) = validated(boxwright, study, "--runs", "3")
    made = trials(study)
    assert validated(boxwright, study, "--runs", "3") == [first]
    assert trials(study) == made
    (more,) = validated(boxwright, study, "--runs", "5")
    seeds = [seed for _, _, seed in trials(study)]
    assert trials(study)[:3] == made
    assert len(set(seeds)) == more["runs"] == 5
    assert not set(seeds) & {3, 4}
    assert (more["over"], more["units"], more["training_runs"]) == ("seeds", 5, 2)
    values = [0.25 + seed % 7 for seed in seeds]
    mean = sum(values) / 5
    assert more["quality"] == pytest.approx(mean)
    spread = math.sqrt(sum((value - mean) ** 2 for value in values) / 4 / 5)
    assert more["standard_error"] == pytest.approx(spread)


def test_every_kind_of_configuration_can_be_named(study: Path, boxwright: RunBoxwright, tmp_path: Path) -> None:
    (tmp_path / "lines").write_text("# two forms of SMAC v2\n-x '0.375'\n\n7: x='0.125'\n")
    (tmp_path / "rows.csv").write_text("x\n0.75\n")
    words = ("--configuration", "-x 0.0625", "--configuration", "-x 0.5", "--configurations", "lines")
    found = validated(boxwright, study, "--default", *words, "--configurations", "rows.csv", "--random", "2")
    labels = {each["label"]: each["config"]["x"] for each in found}
    assert {name: x for name, x in labels.items() if "random" not in name} == {
        "default, given 2": 0.5,
        "given 1": 0.0625,
        "lines:1": 0.375,
        "lines:2": 0.125,
        "rows.csv:1": 0.75,
    }
    assert [name for name in labels if "random" in name] == ["random 1", "random 2"]
    assert next(each["training_quality"] for each in found if each["label"] == "given 1") is None
    assert "Validated" not in told(study)  # the incumbent is none of them


def test_trajectory_is_validated_from_the_first_incumbent_to_the_last(study: Path, boxwright: RunBoxwright) -> None:
    found = validated(boxwright, study, "--trajectory")
    assert [each["config"]["x"] for each in found] == [0.75, 0.5, 0.25]
    assert [each["training_quality"] for each in found] == [0.75, 0.5, 0.25]
    assert [each["label"].split(" from ")[0] for each in found] == ["run 1", "run 2", "run 4"]


def test_equal_runs_have_no_spread(study: Path, boxwright: RunBoxwright, tmp_path: Path) -> None:
    (tmp_path / "tests").write_text("a\nb\nc\n")
    (found,) = validated(boxwright, study, "--instances", "tests", "--configuration", "-x 0.1")
    assert (found["quality"], found["standard_error"], found["lower"]) == (0.1, 0.0, 0.1)


def test_failures_are_counted_and_in_no_mean(study: Path, boxwright: RunBoxwright, tmp_path: Path) -> None:
    (tmp_path / "tests").write_text("a\nbad\nb\n")
    (found,) = validated(boxwright, study, "--instances", "tests", code=1)
    assert (found["runs"], found["failed"], found["missing"]) == (2, 1, 0)
    assert found["quality"] == 0.25
    assert "it came to 0.25, each time the same. 1 of them failed, and is in no mean." in told(study)
    done = boxwright("validate", study, "--instances", "tests")
    assert "failed runs are in no mean: compare them, too" in done.stderr
    assert "mean over 2 instances, with its standard error; interval: Student's t, 1 degree" in done.stderr


def test_test_instances_with_seeds_are_run_with_those(study: Path, boxwright: RunBoxwright, tmp_path: Path) -> None:
    (tmp_path / "tests").write_text("11,a\n12,a\n21,b\n")
    (found,) = validated(boxwright, study, "--instances", "tests")
    assert trials(study) == [(0.25, "a", 11), (0.25, "b", 21), (0.25, "a", 12)]
    assert (found["units"], found["runs"]) == (2, 3)
    (found,) = validated(boxwright, study, "--instances", "tests", "--runs", "1")
    assert found["runs"] == 2


def test_validation_is_a_study_whose_failures_run_once_more(
    study: Path, boxwright: RunBoxwright, tmp_path: Path
) -> None:
    (tmp_path / "tests").write_text("a\nbad\n")
    validated(boxwright, study, "--instances", "tests", code=1)
    assert boxwright("resume", study / "validation", "--retry", "crashed").returncode == 1
    assert statuses(study / "validation") == [Status.SUCCESS, Status.CRASHED, Status.CRASHED]
    assert boxwright("validate", study / "validation").returncode == 2  # without instances of its own to test on


def test_table_and_csv_say_the_same(study: Path, boxwright: RunBoxwright) -> None:
    (found,) = validated(boxwright, study)
    (row,) = csv.DictReader(io.StringIO(boxwright("validate", study, "--csv").stdout))
    assert float(row["quality"]) == found["quality"]
    assert float(row["x"]) == 0.25
    header, line = boxwright("validate", study).stdout.splitlines()
    assert header.split()[:3] == ["of", "test", "quality"]
    assert f"{found['quality']:.6g}" in line
    assert line.endswith("x=0.25")


def test_status_and_results_show_the_validation(study: Path, boxwright: RunBoxwright) -> None:
    assert library.status(study)["validation"] is None
    assert "has not been validated yet: boxwright validate" in boxwright("results", study, "--validation").stderr
    validated(boxwright, study)
    assert "validation: 3 of 3 runs settled, 0 failed" in boxwright("status", study).stdout
    records = json.loads(boxwright("results", study, "--validation", "--json").stdout)
    assert [record["instance"] for record in records] == ["a", "hard", "b"]
    assert len(library.results(study)) == 4


def test_scenario_can_ask_for_it_at_the_end_of_run_and_resume(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright
) -> None:
    more = TESTS + '\n[validation]\nat_end = true\nincumbents = "all"\n'
    study = carried_out(make_scenario(ANSWER, design=DESIGN, more=more), "a\n")
    assert len(trials(study)) == 3
    done = boxwright("resume", study)
    assert done.returncode == 0
    assert "test quality" in done.stdout
    assert len(trials(study)) == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--configuration", "-y 1"), '--configuration: no parameter "y". '),
        (("--configuration", "-x 7"), '--configuration: x = "7", but it must be a number from 0.0 to 1.0.'),
        (("--configuration", "x"), "--configuration: cannot be read from 'x' on. Write -name 'value'"),
        (("--configurations", "none"), "none: cannot be read: No such file or directory"),
        (("--configurations", "bad"), "bad:2: cannot be read from "),
        (("--instances", "none"), "none: cannot be read: No such file or directory"),
        (("--runs", "0"), "give a whole number of at least 1"),
    ],
)
def test_wrong_wishes_are_refused_in_one_line(
    on_three: Path, boxwright: RunBoxwright, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    (tmp_path / "bad").write_text("DEFAULT\n-x\n")
    done = boxwright("validate", on_three, *words)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (on_three / "validation").exists()


def test_instances_without_test_instances_are_no_test(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    design = '[design]\nkind = "trials"\nfile = "trials.jsonl"\n'
    scenario = make_scenario(ANSWER, design=design, more='[instances]\nnames = ["easy"]\n')
    (scenario.parent / "trials.jsonl").write_text('{"config": {"x": 0.5}, "instance": "easy"}\n')
    study = carried_out(scenario)
    done = boxwright("validate", study)
    assert done.returncode == 2
    assert "instances.test: there are no test instances. Name a file of them: boxwright validate" in done.stderr
    (tmp_path / "more.txt").write_text("easy\nhard\n")
    done = boxwright("validate", study, "--instances", "more.txt")
    assert done.returncode == 0
    assert "1 of the test instances were searched on, too (easy" in done.stderr


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('[instances]\ntest = "none.txt"\n', "none.txt: cannot be read: No such file or directory"),
        (
            '[instances]\nnames = ["a"]\n[validation]\nat_end = true\n',
            "validation.at_end: there are instances, but none to test on. Set instances.test.",
        ),
    ],
)
def test_what_would_fail_only_at_the_end_of_a_study_is_refused_before_it(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, more: str, message: str
) -> None:
    done = boxwright("check", make_scenario(design="[optimizer]\nruns = 9\n", more=more))
    assert done.returncode == 2
    assert message in done.stderr


def test_interrupted_validation_says_how_it_goes_on(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, start: Callable[..., Running]
) -> None:
    script = 'test -z "$BOXWRIGHT_INSTANCE" || test -e "$BOXWRIGHT_STUDY/go" || exec sleep 60\n' + ANSWER
    scenario = make_scenario(script, design=DESIGN, more=TESTS + "\n[validation]\nat_end = true\n")
    (scenario.parent / "x.csv").write_text("x\n0.25\n")
    (scenario.parent / "tests.txt").write_text("a\n")
    running = start(scenario)
    running.hear("validating")
    validation = running.study / "validation"
    running.study = validation
    running.wait_for_runs(1)
    running.study = validation.parent
    running.process.send_signal(signal.SIGTERM)
    code, out, err = running.end()
    assert code == 130
    assert "incumbent: run 1, quality 0.25" in out
    assert f"the validation is not finished; go on with: boxwright validate {running.study}\n" in err
    (validation / "go").touch()
    assert boxwright("resume", running.study).returncode == 0
    assert statuses(validation) == [Status.LOST, Status.SUCCESS]


def test_study_that_is_being_run_is_not_validated(on_three: Path, boxwright: RunBoxwright) -> None:
    with controller_lock(on_three):
        done = boxwright("validate", on_three)
    assert done.returncode == 2
    assert "is being run by process" in done.stderr


def test_moved_study_is_validated_where_it_is(study: Path, boxwright: RunBoxwright, tmp_path: Path) -> None:
    validated(boxwright, study)
    moved = Path(shutil.move(study, tmp_path / "moved"))
    assert validated(boxwright, moved, "--default")[0]["runs"] == 3
    assert statuses(moved / "validation") == [Status.SUCCESS] * 6


def test_killed_validation_loses_no_run_and_makes_none_twice(
    study: Path, boxwright: RunBoxwright, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tests").write_text("".join(f"t{number}\n" for number in range(6)))
    (tmp_path / "wait").touch()
    monkeypatch.setenv("WAIT", str(tmp_path / "wait"))
    words = ["validate", str(study), "--instances", str(tmp_path / "tests"), "--slots", "2"]
    running = Running(None, study / "validation", verb=words)
    running.wait_for_runs(2)
    stopped = boxwright("stop", study)
    assert f"it is being validated: that is a study of its own, {study}/validation." in stopped.stderr
    assert library.status(study)["validation"]["controller"] == "running"
    assert library.status(study)["controller"] == "not running"
    running.process.kill()
    running.end()
    (tmp_path / "wait").unlink()
    (found,) = validated(boxwright, study, "--instances", "tests")
    assert found["runs"] == len(trials(study)) == 6
    assert statuses(study / "validation") == [Status.SUCCESS] * 6
