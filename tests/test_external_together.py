"""External optimizers together with instances, PAR scores, limits on all runs, and earlier runs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.store.database import Store
from boxwright.terms import Status
from external_support import QUICK, external, output_of
from support import RunBoxwright, Running, statuses
from test_ask_tell import ask_tell, heard

pytestmark = pytest.mark.usefixtures("no_process_left")

SOLVER = """
case $1 in hard) said="TIMEOUT, $3" ;; *) said="SAT, 0.5" ;; esac
echo "Result of algorithm run: $said, 0, 0, $5, $2"
"""
RUNTIME = """
[study]
objective = { metric = "runtime", par = 10 }
[limits]
cutoff_s = 4
runtime_s = 5.6
[instances]
names = ["easy", "hard"]
specific = { easy = "SAT" }
[parse]
result_line = true
"""


def test_optimizer_races_on_instances_with_par_scores_until_the_time_of_all_runs_is_used_up(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    calls = """
for call in "easy 0.1" "hard 0.1" "easy 0.2" "none 0.2" "easy 0.3" "easy 0.4" "easy 0.5"; do
    set -- $call
    $algo $1 0 1.0 2147483647 -1 -x $2
done
"""
    scenario = external(make_scenario, SOLVER, calls, more=RUNTIME, runs=9)
    text = scenario.read_text().replace('flags = "--name=value"', 'flags = "smac2"')
    scenario.write_text(text)
    done = boxwright("run", scenario, "--study", "s", "--slots", "1")
    assert done.returncode == 0, done.stderr
    told = [line.split(": ", 1)[1].split(", ") for line in output_of(tmp_path / "s").splitlines()]
    # Half a second, the whole second that it was given, and half a second each: the fifth run is one too many.
    assert [(fields[0], fields[1]) for fields in told[:4]] == [
        ("SUCCESS", "0.5"),
        ("TIMEOUT", "1.0"),
        ("SUCCESS", "0.5"),
        ("CRASHED", "0.0"),
    ]
    assert told[1][3] == "40.0"
    assert told[3][5] == 'no instance "none". Known: easy; hard.'
    assert "1 refused: not in the space, or no such instance" in boxwright("status", "s").stdout
    with Store(tmp_path / "s") as store:
        records = list(store.runs())
        best = store.incumbent()
    assert [(record.instance, record.cost) for record in records][:3] == [
        ("easy", 0.5),
        ("hard", 40.0),
        ("easy", 0.5),
    ]
    assert [record.additional for record in records][:2] == ["SAT", "0"]
    assert best is not None


def test_limit_on_the_time_of_all_runs_ends_the_study_and_its_optimizer(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    loop = "n=0; while :; do n=$((n + 1)); $algo --dialect plain x=0.$n || exit 0; done"
    run = 'echo "Result of algorithm run: SUCCESS, 2, 1, $BOXWRIGHT_TRIAL, 0"'
    scenario = external(make_scenario, run, loop, more="[limits]\nruntime_s = 5\n")
    done = boxwright("run", scenario, "--study", "s", "--slots", "1")
    assert done.returncode == 0, done.stderr
    assert statuses(tmp_path / "s") == [Status.SUCCESS] * 3
    assert "limits.runtime_s = 5 is used up" in done.stderr


def test_run_with_a_cutoff_of_its_call_keeps_it_by_itself_as_with_the_scenario_s(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    run = 'sleep 0.6; echo "Result of algorithm run: TIMEOUT, $BOXWRIGHT_CUTOFF_S, 0, 7, 0"'
    more = "[limits]\ncutoff_s = 100\ncutoff_factor = 100\n"
    scenario = external(make_scenario, run, "$algo no_instance 0 0.5 2147483647 -1 -x 0.1", more=more)
    done = boxwright("run", scenario, "--study", "s")
    assert "run says TIMEOUT" in done.stderr
    assert output_of(tmp_path / "s").split(", ")[:2] == ["Result of this algorithm run: TIMEOUT", "0.5"]


def test_ask_tell_on_instances_is_told_the_mean_of_each_configuration(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    scenario = ask_tell(make_scenario, "n / 4 if n < 3 else None")
    scenario.write_text(scenario.read_text() + '[instances]\nnames = ["a", "b"]\n')
    done = boxwright("run", scenario, "--study", "s")
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "s") as store:
        assert [(run.config["x"], run.instance) for run in store.runs()] == [
            (0.25, "a"),
            (0.25, "b"),
            (0.5, "a"),
            (0.5, "b"),
        ]
    told = [message for message in heard(tmp_path / "s") if message["type"] == "tell"]
    assert [(message["config"], message["cost"]) for message in told] == [({"x": 0.25}, 1.5), ({"x": 0.5}, 3.5)]


def test_ask_tell_hears_of_earlier_runs_before_it_is_asked_and_after_each_start(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    (tmp_path / "old.csv").write_text("x,quality,status\n0.125,7,SUCCESS\n0.875,,CRASHED\n")
    dies = "os._exit(3) if n == 2 and not os.path.exists('once') and Path('once').touch() is None else n / 4"
    scenario = ask_tell(make_scenario, dies, 'warm_start = ["../old.csv"]', runs=2)
    done = boxwright("run", scenario, "--study", "s")
    assert done.returncode == 0, done.stderr
    lives = " ".join(str(message["type"]) for message in heard(tmp_path / "s")).split("life")
    assert [words.split()[:4] for words in lives[1:]] == [
        ["init", "tell", "tell", "ask"],
        ["init", "tell", "tell", "tell"],
    ]
    first, second = [message for message in heard(tmp_path / "s") if message["type"] == "tell"][:2]
    assert (first["config"], first["cost"], first["own"]) == ({"x": 0.125}, 7.0, False)
    assert (second["status"], second["cost"]) == ("CRASHED", None)
    assert int(str(first["trial"])) < 0
    assert first["origin"] == "warm start from ../old.csv"


@pytest.mark.parametrize(
    ("keys", "more", "message"),
    [
        ('warm_start = ["a.csv"]', "", "optimizer.warm_start: found"),
        (
            'protocol = "ask-tell"\nrepeated = "run"',
            '[instances]\nnames = ["a"]\nseeds = { a = [1] }\n',
            "instances.seeds: the seeds are given, so nothing can be repeated. Set optimizer.repeated",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, keys: str, more: str, message: str
) -> None:
    done = boxwright("check", external(make_scenario, QUICK, "true", keys=keys, more=more))
    assert done.returncode == 2
    assert message in done.stderr


def test_noisy_study_on_instances_with_seeds_is_the_optimizer_s_to_repeat(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright
) -> None:
    more = '[study]\nnoisy = true\n[instances]\nnames = ["a", "b"]\nseeds = { a = [1, 2], b = [3] }\n'
    done = boxwright("check", external(make_scenario, QUICK, "true", more=more, runs=2))
    assert done.returncode == 0, done.stderr
    assert "2 trials, an optimizer of your own" in done.stdout


def test_optimizer_whose_program_is_gone_ends_the_study_in_one_line(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright
) -> None:
    scenario = external(make_scenario, QUICK, "rm $0; exit 1")
    done = boxwright("run", scenario, "--study", "s")
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith("boxwright: ")
    assert "optimizer.command" in last
    assert json.loads(boxwright("status", "s", "--json").stdout)["state"] == "interrupted"


def test_study_has_files_left_for_itself_however_many_evaluations_are_open(
    make_scenario: Callable[..., Path], start: Callable[..., Running]
) -> None:
    # A limit that is common on desktops, and cannot be raised here: some of 100 calls at once are one too many.
    code = "import os, resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (560, 560)); os.execv(*FROM)"
    code = code.replace("*FROM", "sys.argv[1], sys.argv[1:]")
    calls = """
from boxwright.sdk import RefusedError, submit
runs = [submit({"x": n / 100}) for n in range(100)]
refused = 0
for run in runs:
    try:
        run.wait()
    except RefusedError as error:
        assert str(error) == "48 evaluations are open already", error
        refused += 1
print(len(runs) - refused)
"""
    scenario = external(
        make_scenario, f"sleep 0.2; {QUICK}", f'exec {sys.executable} "$(dirname "$0")/calls.py"', runs=100
    )
    (scenario.parent / "calls.py").write_text(calls)
    running = start(scenario, "--slots", "2", prefix=(sys.executable, "-c", code))
    assert running.end()[0] == 0
    done = int(output_of(running.study))
    assert 48 <= done < 100
    assert statuses(running.study) == [Status.SUCCESS] * done


def test_incumbent_from_outside_the_space_is_validated_as_it_was_run(
    make_scenario: Callable[..., Path], boxwright: RunBoxwright, tmp_path: Path
) -> None:
    run = 'echo "Result of algorithm run: SUCCESS, 0, 0, ${1#--x=}, 0, $*"'
    scenario = external(make_scenario, run, "$algo --dialect plain x=-7 extra=on", keys='unknown = "accept"')
    assert boxwright("run", scenario, "--study", "s").returncode == 0
    (found,) = json.loads(boxwright("validate", "s", "--json").stdout)
    assert (found["config"], found["quality"], found["runs"]) == ({"x": -7, "extra": "on"}, -7.0, 1)
    with Store(tmp_path / "s" / "validation") as store:
        assert [run.additional for run in store.runs()] == ["--x=-7 --extra=on"]
