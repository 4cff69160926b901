"""Scenarios of SMAC v2, carried out: the wrapper is called, and its answers count, as with SMAC v2."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from boxwright.scenario import load_scenario
from smac2_support import make_smac2
from support import RunBoxwright

pytestmark = [pytest.mark.usefixtures("no_process_left")]

TELL = 'printf "%s|" "$@" > call-$AEATK_CONCURRENT_TASK_ID-$1.txt; pwd >> call-$AEATK_CONCURRENT_TASK_ID-$1.txt'


def results(boxwright: RunBoxwright, study: str) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = json.loads(boxwright("results", study, "--json").stdout)
    return records


def test_runtime_on_instances_is_called_and_scored_as_by_smac_v2(boxwright: RunBoxwright, tmp_path: Path) -> None:
    script = (
        f"{TELL}\n[ $1 = slow ] && answer='TIMEOUT, 5' || answer='SAT, 0.5'\n"
        'echo "Result for ParamILS: $answer, 0, 0, 0"; exit 1'
    )
    lines = ("run_obj = RUNTIME", "cutoff_time = 5", "instances = instances.txt", "output-dir = out", "rungroup = r")
    file = make_smac2(tmp_path / "s", *lines, "runcount_limit = 5", script=script, instances="a,SAT\nslow,0\n")
    done = boxwright("run", file)
    assert done.returncode == 0, done.stderr
    assert f"study: {tmp_path}/out/r\n" in done.stdout
    assert "incumbent: run 1 (2 runs of it), runtime 25.25" in done.stdout
    assert "instance: slow\n" in boxwright("show", "out/r", "2").stdout
    records = results(boxwright, "out/r")
    assert [record["instance"] for record in records] == ["a", "slow", "a", "slow"]
    assert [record["status"] for record in records] == ["SUCCESS", "TIMEOUT"] * 2
    assert [record["cost"] for record in records] == [0.5, 50.0] * 2
    assert records[0]["config"] == records[1]["config"] == {"x": 0.5, "n": 3, "c": "a"}
    # The last call was of another configuration: only what does not depend on it is looked at.
    call, _, folder = (tmp_path / "s" / "call-0-a.txt").read_text().rpartition("|")
    assert call.split("|")[:5] == ["a", "SAT", "5.0", "2147483647", "-1"]
    assert call.split("|")[5::2] == ["-x", "-n", "-c"]
    assert folder == f"{tmp_path}/s\n"
    assert (tmp_path / "s" / "call-0-slow.txt").read_text().split("|")[1] == "0"

    # It goes on where it was, again with whole evaluations.
    again = boxwright("resume", "out/r", "--runs", "7")
    assert again.returncode == 0, again.stderr
    assert [record["instance"] for record in results(boxwright, "out/r")] == ["a", "slow"] * 3


@pytest.mark.parametrize(
    "second",
    [
        "Result of algorithm run: SUCCESS, 1, 0, 0.5, 0",
        'Result of this algorithm run: {"status": "SUCCESS", "cost": 0.5, "runtime": 1}',  # GenericWrapper4AC
    ],
)
def test_two_result_lines_stop_the_study(boxwright: RunBoxwright, tmp_path: Path, second: str) -> None:
    # The first one does not end the run: what comes later is read.
    script = f"echo 'Result for ParamILS: SAT, 1, 0, 0.5, 0'; sleep 0.3; echo '{second}'"
    file = make_smac2(tmp_path / "s", "retry-crashed-count = 2", script=script)
    assert boxwright("run", file, "--study", "t").returncode == 1
    (record,) = results(boxwright, "t")
    assert record["status"] == "ABORT"
    assert record["reason"] == "two result lines (stdout.log:1, stdout.log:2); a run prints one"


CRASH_IN_THE_SECOND = """
if [ -e second ]; then echo "Result of algorithm run: CRASHED, 1, 0, 0, 0"
else touch second; echo "Result of algorithm run: SUCCESS, 2, 0, 0.5, 0"; fi
"""


@pytest.mark.parametrize(
    ("script", "line", "runs", "said"),
    [
        ("exit 3", "seed = 1", 1, "the first run has crashed, so no new one is started"),
        (CRASH_IN_THE_SECOND, "abort-on-crash = true", 2, "limits.crashes = 1 is reached"),
        (CRASH_IN_THE_SECOND, "cputime-limit = 2.5", 2, "limits.runtime_s = 2.5 is used up"),
        # 2 s, and 1 s for each of two that crash twice: a try that is repeated costs nothing.
        (CRASH_IN_THE_SECOND, "retry-crashed-count = 1\ncputime-limit = 3.5", 5, "runtime_s = 3.5 is used up"),
        (CRASH_IN_THE_SECOND, "runcount_limit = 3", 3, ""),
    ],
)
def test_study_stops_when_smac_v2_would(
    boxwright: RunBoxwright, tmp_path: Path, script: str, line: str, runs: int, said: str
) -> None:
    file = make_smac2(tmp_path / "s", line, script=script)
    done = boxwright("run", file, "--study", "t")
    assert done.returncode == 1
    assert said in done.stderr
    records = results(boxwright, "t")
    assert len(records) == runs
    assert {record["cost"] for record in records if record["status"] == "CRASHED"} == {1e9}
    assert "incumbent: run 1" in done.stdout or runs == 1


def test_command_that_keeps_the_cutoff_itself_is_stopped_long_after_it(
    boxwright: RunBoxwright, tmp_path: Path
) -> None:
    script = (
        '[ -e second ] && exec sleep 60; touch second; sleep 0.4; echo "Result of algorithm run: SAT, 0, 0, 1, 0"'
    )
    lines = ("cutoff_time = 0.2", "kill-run-exceeding-captime-factor = 5", "runcount_limit = 2")
    boxwright("run", make_smac2(tmp_path / "s", *lines, script=script), "--study", "t")
    first, second = results(boxwright, "t")
    assert (first["status"], first["cost"]) == ("SUCCESS", 1.0)
    assert (second["status"], second["cost"]) == ("TIMEOUT", 1e9)
    assert 1.0 <= second["wall_s"] < 30


def test_initial_incumbent_and_challengers_run_first(boxwright: RunBoxwright, tmp_path: Path) -> None:
    lines = ("initial-incumbent = -x '0.25' -n '7'", "initial-challengers = -c 'b'", "runcount_limit = 2")
    assert boxwright("run", make_smac2(tmp_path / "s", *lines), "--study", "t").returncode == 0
    first, second = results(boxwright, "t")
    assert first["config"] == {"x": 0.25, "n": 7, "c": "a"}
    assert second["config"] == {"x": 0.5, "n": 3, "c": "b"}


def test_wrapper_gets_a_seed_that_matters_and_active_parameters_only(boxwright: RunBoxwright, tmp_path: Path) -> None:
    pcs = "c {a, b} [a]\nd real [0, 1] [0.5]\nd | c in {b}\no ordinal {01, 1} [01]\n"
    lines = ("deterministic = 0", "initial-challengers = -c 'b'", "runcount_limit = 2", "max-incumbent-runs = 1")
    script = 'echo "Result of algorithm run: SUCCESS, 1, 0, 0.5, 0, $5|$*"'
    boxwright("run", make_smac2(tmp_path / "s", *lines, pcs=pcs, script=script), "--study", "t")
    calls = [record["additional"].partition("|") for record in results(boxwright, "t")]
    assert all(int(seed) > 0 for seed, _, _ in calls)
    assert [sorted(call.split()[5:]) for _, _, call in calls] == [
        ["-c", "-o", "01", "a"],
        ["-c", "-d", "-o", "0.5", "01", "b"],
    ]


def test_default_runs_before_initial_challengers(tmp_path: Path) -> None:
    file = make_smac2(tmp_path / "s", "initial-challengers = -c 'b'", "initial-challengers = RANDOM")
    optimizer = load_scenario(file).scenario.optimizer
    assert optimizer is not None
    assert list(optimizer.first) == ["default", {"c": "b"}, "random"]


def test_what_is_found_wrong_later_is_told_by_the_option_that_says_it(
    boxwright: RunBoxwright, tmp_path: Path
) -> None:
    for lines, place in (
        (["initial-incumbent = -x '2'"], ":5: initial-incumbent: x = "),
        (["initial-challengers = RANDOM", "initialChallengers = -x '2'"], ":6: initialChallengers: x = "),
        (["algo = ./nowhere.sh 1"], ':4: algo: "'),
        (["warmstart = ."], ':5: warmstart: "."'),
    ):
        file = make_smac2(tmp_path / "s", *lines)
        done = boxwright("check", file)
        assert done.returncode == 2
        assert done.stderr.startswith(f"boxwright: {file}{place}")


def test_check_says_once_what_has_no_effect_and_shows_the_call(boxwright: RunBoxwright, tmp_path: Path) -> None:
    lines = ("cli-call-params-with-quotes = true", "rf-num-trees = 5")
    file = make_smac2(tmp_path / "s", *lines, "initial-incumbent = -x '0.25'", "outdir = out", "rungroup = r")
    done = boxwright("check", file)
    assert done.returncode == 0
    assert (
        f"  {tmp_path}/s/wrapper.sh no_instance 0 1.7976931348623157E308 2147483647 -1 -x ''\"'\"'0.25'"
        in done.stdout
    )
    assert f"  BOXWRIGHT_STUDY={tmp_path}/out/r\n" in done.stdout
    assert f"working directory\n  {tmp_path}/s\n" in done.stdout
    assert done.stderr.splitlines() == [
        f"warning: {file}:6: rf-num-trees: no effect: boxwright's own optimizer has no such setting."
    ]


def test_gallery_scenario_of_smac_v2_finds_a_step_that_suits_all_instances(
    boxwright: RunBoxwright, tmp_path: Path
) -> None:
    boxwright("init", "smac2-scenario", "g")
    done = boxwright("run", "g", "--study", "t", "--runs", "6")
    assert done.returncode == 0, done.stderr
    records = results(boxwright, "t")
    assert [record["instance"] for record in records] == [f"instances/{n}" for n in ("round", "valley", "ridge")] * 2
    assert records[0]["config"] == {"step": 0.5, "momentum": "heavy-ball", "beta": 0.5}
    assert records[0]["status"] == "SUCCESS"
    assert 0 < records[0]["cost"] < 5


def test_incumbent_is_validated_at_the_end_on_the_test_instances(boxwright: RunBoxwright, tmp_path: Path) -> None:
    script = f'{TELL}\necho "Result of algorithm run: SUCCESS, 1, 0, 0.5, 0"'
    lines = ("instances = instances.txt", "test-instances = tests.txt", "outdir = out", "rungroup = r")
    file = make_smac2(tmp_path / "s", *lines, "runcount_limit = 1", script=script, instances="a,SAT\n")
    (tmp_path / "s" / "tests.txt").write_text("b,UNSAT\nc,0\n")
    done = boxwright("run", file)
    assert done.returncode == 0, done.stderr
    assert "test quality" in done.stdout
    call = (tmp_path / "s" / "call-0-b.txt").read_text().split("|")
    assert call[:5] == ["b", "UNSAT", "1.7976931348623157E308", "2147483647", "-1"]
    assert [record["instance"] for record in results(boxwright, "out/r")] == ["a"]
    assert [record["instance"] for record in results(boxwright, "out/r/validation")] == ["b", "c"]
    assert list((tmp_path / "out" / "r").glob("live-rundata-*.json"))
    assert not list((tmp_path / "out" / "r" / "validation").glob("live-rundata-*"))
    lines_off = (*lines[:3], "rungroup = off", "validation = false", "runcount_limit = 1")
    assert boxwright("run", make_smac2(tmp_path / "s", *lines_off, script=script, instances="a\n")).returncode == 0
    assert not (tmp_path / "out" / "off" / "validation").exists()
